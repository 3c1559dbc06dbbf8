"""Fields that AllenNLP does not have."""

from locate_label_allennlp.data.fields.batched_text_field import ROW, BatchedTextField
from locate_label_allennlp.data.fields.entities_field import EntitiesField

__all__ = ["ROW", "BatchedTextField", "EntitiesField"]
