"""From a vector a word to a vector a word."""

from locate_label_allennlp.modules.seq2seq_encoders.projected_gru import ProjectedGru

__all__ = ["ProjectedGru"]
