"""From the vectors of a word's characters to one vector."""

from locate_label_allennlp.modules.seq2vec_encoders.mean_pooled import MeanPooledEncoder

__all__ = ["MeanPooledEncoder"]
