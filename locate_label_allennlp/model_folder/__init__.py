"""Folders of models that are safe to pass on: made, described, published and fetched."""
