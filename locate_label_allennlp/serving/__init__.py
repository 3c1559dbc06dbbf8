"""
A model behind HTTP: `allennlp ner-serve`, its page, and a client.

What the extra `serve` installs is imported where it is used.
"""
