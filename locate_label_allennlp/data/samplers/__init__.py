"""Batch samplers that AllenNLP does not have."""

from locate_label_allennlp.data.samplers.token_budget import TokenBudgetBatchSampler, fill_batches

__all__ = ["TokenBudgetBatchSampler", "fill_batches"]
