"""Fields that AllenNLP does not have."""

from locate_label_allennlp.data.fields.batched_text_field import ROW, BatchedTextField
from locate_label_allennlp.data.fields.entities_field import (
    EntitiesField,
    entities_of_spans,
    entities_of_tensor,
)

__all__ = ["ROW", "BatchedTextField", "EntitiesField", "entities_of_spans", "entities_of_tensor"]
