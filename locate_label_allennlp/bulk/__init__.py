"""Prediction of more than one process should do: `allennlp ner-bulk`."""
