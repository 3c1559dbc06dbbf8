"""How often the type of a given mention is named."""

from typing import Dict

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric
from overrides import overrides
from torch import Tensor


@Metric.register("oracle_span_accuracy")
class OracleSpanAccuracy(Metric):
    """
    The share of gold mentions whose type is named, where the mentions themselves are given: nothing
    is detected, so these figures stand beside no F1 of a model that detects. Counts are summed over
    all batches and processes, and divided in `get_metric`.
    """

    supports_distributed = True

    def __init__(self) -> None:
        self.reset()

    @overrides(check_signature=False)
    def __call__(
        self, predicted: Tensor, gold: Tensor, num_sentences: int, num_unreachable: int = 0
    ) -> None:
        """
        # Parameters

        predicted, gold : `torch.LongTensor`
            Shape `(S,)`: the labels of all mentions of a batch.
        num_sentences : `int`
        num_unreachable : `int`, optional (default = `0`)
            Further gold mentions that were not given, such as discontinuous ones; they count as
            wrong.
        """
        correct = int((predicted == gold).sum())
        counts = [correct, gold.numel() + num_unreachable, num_sentences]
        self._counts += dist_reduce_sum(torch.tensor(counts)).cpu()

    @overrides
    def get_metric(self, reset: bool = False) -> Dict[str, float]:
        """
        # Returns

        `Dict[str, float]`
            `oracle_span_accuracy`, `a`; and `oracle_span_f1`, `2 * a / (1 + a)`: the F1 of the
            paper, which counts the accuracy as precision beside a recall of 1.

        # Errors

        `ConfigurationError` if `reset`, so that this is a final figure, and none of the sentences
        had a mention.
        """
        correct, mentions, sentences = self._counts.tolist()
        if reset:
            self.reset()
            if sentences and not mentions:
                raise ConfigurationError(
                    f"the {sentences} sentences evaluated have no gold mentions, so there is "
                    "nothing whose type could be named; give data with entities"
                )
        accuracy = correct / mentions if mentions else 0.0
        return {
            "oracle_span_accuracy": accuracy,
            "oracle_span_f1": 2 * accuracy / (1 + accuracy),
        }

    @overrides
    def reset(self) -> None:
        self._counts = torch.zeros(3, dtype=torch.long)
