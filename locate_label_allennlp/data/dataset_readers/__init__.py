"""From documents to instances."""

from locate_label_allennlp.data.dataset_readers.nested_ner import NestedNerReader

__all__ = ["NestedNerReader"]
