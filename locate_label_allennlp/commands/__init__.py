"""Subcommands of `allennlp` that this package adds."""
