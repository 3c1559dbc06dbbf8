"""Proposer and regressor."""

from typing import Any, Dict, NamedTuple, Optional, Sequence

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder, KeepAllDecoder
from locate_label_allennlp.models.nested_ner_model import Candidates, NestedNerModel
from locate_label_allennlp.modules.proposer_regressor import (
    Prediction,
    PredictionHead,
    Proposer,
    Regressor,
)
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.assignment import assign_targets
from locate_label_allennlp.nn.pair_distribution import best_pairs, log_partition
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.training.metrics import NestedSpanF1

_LOSSES = ("category_loss", "location_loss")


class _Analysis(NamedTuple):
    prediction: Prediction
    lengths: Tensor


@Model.register("proposer_regressor")
class ProposerRegressor(NestedNerModel):
    """
    The model of "End-to-End Entity Detection with Proposer and Regressor" (2022). A feature pyramid
    makes one proposal a word: a query vector, category logits, and a location of two real numbers.
    The regressor's layers refine the proposals by attention among them; the prediction head gives
    for each the probabilities of the categories and of all spans. In training every entity is
    assigned to proposals that learn from it. Equation numbers in the code are the paper's.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
        Section 3.1.
    proposer : `Lazy[Proposer]`
        Section 3.2.
    regressor : `Lazy[Regressor]`
        Section 3.3.
    prediction_head : `Lazy[PredictionHead]`
        Section 3.4.
    decoder : `EntityDecoder`, optional (default = `none` with threshold 0)
        What Algorithm 2 chooses goes through it; the default leaves it as it is.
    metric : `NestedSpanF1`, optional
    loss_weights : `Sequence[float]`, optional (default = `(1.0, 1.0)`)
        Of the two parts of equation (25), category and location; the assignment (23) has both in
        full.
    label_namespace : `str`, optional (default = `"entity_labels"`)
    regularizer : `RegularizerApplicator`, optional
    serialization_dir : `str`, optional
    ddp_accelerator : `DdpAccelerator`, optional
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        proposer: Lazy[Proposer],
        regressor: Lazy[Regressor],
        prediction_head: Lazy[PredictionHead],
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        loss_weights: Sequence[float] = (1.0, 1.0),
        label_namespace: str = "entity_labels",
        regularizer: Optional[RegularizerApplicator] = None,
        serialization_dir: Optional[str] = None,
        ddp_accelerator: Optional[DdpAccelerator] = None,
        initializer: InitializerApplicator = InitializerApplicator(),
    ) -> None:
        super().__init__(
            vocab,
            word_encoder,
            decoder or KeepAllDecoder(score_threshold=0.0),
            metric,
            label_namespace,
            regularizer,
            serialization_dir,
            ddp_accelerator,
        )
        if len(loss_weights) != len(_LOSSES):
            raise ConfigurationError(
                f"loss_weights has {len(loss_weights)} numbers; it takes two, for category and "
                "location"
            )
        dim = word_encoder.get_output_dim()
        num_types = vocab.get_vocab_size(label_namespace)
        self._proposer = proposer.construct(input_dim=dim, num_types=num_types)
        self._regressor = regressor.construct(dim=dim, num_types=num_types)
        self._prediction_head = prediction_head.construct(dim=dim, num_types=num_types)
        self._loss_weights = dict(zip(_LOSSES, loss_weights, strict=True))
        initializer(self)

    @overrides
    def _analyse(self, words: Tensor, lengths: Tensor) -> Any:
        """Propose, refine, predict."""
        proposals = self._regressor(self._proposer(words, lengths))
        return _Analysis(self._prediction_head(words, proposals), lengths)

    @overrides
    def _propose(self, analysis: Any) -> Candidates:
        """
        Algorithm 2: of each proposal the likeliest span, which is an entity of the likeliest type
        if both together are at least as probable as NONE.
        """
        (sentence, log_categories, spans), _ = analysis
        start, end, log_span = best_pairs(spans)
        # (P, C + 1)
        probabilities = log_categories.exp()
        none, types = probabilities[:, :1], probabilities[:, 1:]
        # Among equals NONE would win, and here it must not.
        none = torch.nextafter(none, torch.zeros_like(none))
        probabilities = torch.cat([none, types * log_span.exp()[:, None]], dim=1)
        return Candidates(FlatSpans(sentence, start, end), probabilities)

    @overrides
    def _compute_losses(self, analysis: Any, entities: Tensor) -> Dict[str, Tensor]:
        """
        Equation (25) as a mean over the proposals of the batch, the two terms of (24) apart. A
        proposal whose target is NONE has no location to learn, which counts as 0.
        """
        (sentence, log_categories, spans), lengths = analysis
        proposal = torch.arange(sentence.size(0), device=sentence.device)
        # (P, E)
        start, end, label = entities[sentence].unbind(-1)
        log_type = log_categories.gather(1, (label + 1).clamp(min=0))
        spots = [proposal[:, None].expand_as(start), start.clamp(min=0), end.clamp(min=0)]
        log_span = spans.at(*spots) - log_partition(spans)[:, None]
        # (P, 1 + E): NONE and each entity as the target
        log_none = log_categories[:, :1]
        log_type = torch.cat([log_none, log_type], dim=1)
        log_span = torch.cat([torch.zeros_like(log_none), log_span], dim=1)
        num_entities = (entities[..., 2] >= 0).sum(dim=1)
        cost = -(log_type + log_span).detach()  # (24)
        target = assign_targets(cost, lengths, num_entities)[:, None]  # (23)
        return {
            "category_loss": -log_type.gather(1, target).mean(),
            "location_loss": -log_span.gather(1, target).mean(),  # (25)
        }
