"""Proposer and regressor."""

from typing import Any, Dict, Optional, Sequence

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.sizes import construct
from locate_label_allennlp.decoders import EntityDecoder, KeepAllDecoder
from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.modules.proposer_regressor import (
    Prediction,
    PredictionHead,
    Proposals,
    Proposer,
    Regressor,
)
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.assignment import assign_targets
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.pair_distribution import best_pairs, log_partition
from locate_label_allennlp.nn.spans import FlatSpans

_LOSSES = ("category_loss", "location_loss")


@Model.register("proposer_regressor")
class ProposerRegressor(NestedNerModel):
    """
    The model of "End-to-End Entity Detection with Proposer and Regressor" (2022). A feature pyramid
    makes one proposal a word: a query vector, category logits, and a location of two real numbers.
    The regressor's layers refine the proposals by attention among them; the prediction head gives
    for each the probabilities of the categories and of all spans. In training every entity is
    assigned to proposals that learn from it. Equation numbers in the code are the paper's. See
    `NestedNerModel` for the parameters that are not here.

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
    loss_weights : `Sequence[float]`, optional (default = `(1.0, 1.0)`)
        Of the two parts of equation (25), category and location; the assignment (23) has both in
        full.
    max_words : `int`, optional (default = `2000`)
        See `NerModel`: the attention between proposals is quadratic.
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
        loss_weights: Sequence[float] = (1.0, 1.0),
        max_words: Optional[int] = 2000,
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> None:
        decoder = decoder or KeepAllDecoder(score_threshold=0.0)
        super().__init__(vocab, word_encoder, decoder, max_words=max_words, **kwargs)
        if len(loss_weights) != len(_LOSSES):
            raise ConfigurationError(
                f"loss_weights has {len(loss_weights)} numbers; it takes two, for category and "
                "location"
            )
        sizes = {"dim": word_encoder.get_output_dim(), "num_types": self.num_types}
        self._proposer = construct("proposer", proposer, **sizes)
        self._regressor = construct("regressor", regressor, **sizes)
        self._prediction_head = construct("prediction_head", prediction_head, **sizes)
        self._loss_weights = dict(zip(_LOSSES, loss_weights, strict=True))
        initializer(self)

    @overrides
    def detect(self, words: EncodedWords, gold: Optional[GoldEntities]) -> Detection:
        # Section 3.2: one proposal a word, from the features of the pyramid that have the word.
        # (B, N, D) query, (B, N, C + 1) category logits, (B, N, 2) location, (B, N) mask
        proposals = self._proposer(words.vectors, words.lengths)  # (5) to (10)
        # Section 3.3: each layer refines all three, by attention among the proposals of a sentence.
        # The same shapes, after each layer
        steps = [proposals, *self._regressor.steps(proposals)]  # (11) to (20)
        # Section 3.4: a distribution over categories, and one over the spans of the sentence.
        # P proposals, without padding: (P,) sentence, (P, C + 1), (P, N) start and end scores
        prediction = self._prediction_head(words.vectors, steps[-1])  # (21), (22)
        return Detection(
            losses={} if gold is None else self._learn(prediction, words.lengths, gold),
            candidates=None if self.training else self._predict(prediction, steps),
        )

    def _learn(
        self, prediction: Prediction, lengths: Tensor, gold: GoldEntities
    ) -> Dict[str, Tensor]:
        """
        Section 3.4.1, training: equation (25) as a mean over the proposals of the batch, the two
        terms of (24) apart.
        """
        sentence, log_categories, spans = prediction
        # (P, E): the entities of each proposal's sentence; -1 for padding
        start, end, label = gold.entities[sentence].unbind(-1)
        # (P, E): log p of each entity's type; NONE for padding
        log_type = log_categories.gather(1, label + 1)
        # (P, E): log p of each entity's span
        proposal = torch.arange(sentence.size(0), device=sentence.device)[:, None]
        scores = spans.at(proposal.expand_as(start), start.clamp(min=0), end.clamp(min=0))
        log_span = scores - log_partition(spans)[:, None]
        # (P, 1 + E): NONE and each entity as the target; NONE has no span, which counts as 0
        log_none = log_categories[:, :1]
        log_type = torch.cat([log_none, log_type], dim=1)
        log_span = torch.cat([torch.zeros_like(log_none), log_span], dim=1)
        cost = -(log_type + log_span).detach()  # (24)
        # (B,)
        num_entities = (gold.entities[..., 2] >= 0).sum(dim=1)
        # (P, 1): every entity gets a proposal; any other proposal takes its cheapest target
        target = assign_targets(cost, lengths, num_entities)[:, None]  # (23), Algorithm 1
        return {
            "category_loss": -log_type.gather(1, target).mean(),  # (25), first term of (24)
            "location_loss": -log_span.gather(1, target).mean(),  # (25), second term of (24)
        }

    @staticmethod
    def _predict(prediction: Prediction, steps: Sequence[Proposals] = ()) -> Candidates:
        """
        Section 3.4.2, Algorithm 2: of each proposal the likeliest span, which is an entity of the
        likeliest type if both together are at least as probable as NONE.
        """
        sentence, log_categories, spans = prediction
        # (P,) each
        start, end, log_span = best_pairs(spans)
        # (P, C + 1)
        probabilities = log_categories.exp()
        none, types = probabilities[:, :1], probabilities[:, 1:]
        # Of equals the first is the most probable, and here NONE must not be.
        none = torch.nextafter(none, torch.zeros_like(none))
        probabilities = torch.cat([none, types * log_span.exp()[:, None]], dim=1)
        # (P, 2) each, before the first layer and after each
        of_steps = [step.location[step.mask] for step in steps]
        # (P, L + 1, 2)
        locations = torch.stack(of_steps, dim=1) if of_steps else None
        return Candidates(FlatSpans(sentence, start, end), probabilities, None, locations)
