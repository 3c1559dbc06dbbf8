"""What a model finds in a corpus and what it misses, as numbers and as a page."""
