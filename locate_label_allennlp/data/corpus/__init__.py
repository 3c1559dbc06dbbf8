"""What the `corpus` command does with corpora: it knows documents and formats, and no torch."""
