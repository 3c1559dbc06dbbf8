"""Learning rate schedulers that AllenNLP does not have."""

from locate_label_allennlp.training.learning_rate_schedulers.warmup_cosine import WarmupCosine

__all__ = ["WarmupCosine"]
