"""A model as a server needs it: what it finds is chosen anew for each request."""

from typing import Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict
from allennlp.models import Model

from locate_label_allennlp.data.document import Document, Entity
from locate_label_allennlp.decoders import FlatDecoder
from locate_label_allennlp.decoders.overlap import without_overlap
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.predictors.entity_finder import EntityFinder
from locate_label_allennlp.predictors.grouping import groups
from locate_label_allennlp.predictors.nested_ner import placed
from locate_label_allennlp.report.building import registered_name

LOWEST = 0.05
"""The lowest threshold that is of use to somebody who looks at a text."""


class ScoredText(NamedTuple):
    """
    What a model thinks of a text.

    # Parameters

    document : `Document`
        Its sentences.
    spans : `Sequence[List[Entity]]`
        What a decoder chooses the entities from, in each sentence.
    """

    document: Document
    spans: Sequence[List[Entity]]


class ServedModel:
    """
    # Parameters

    finder : `EntityFinder`
    name : `str`
        How the model is called.
    card : `str`, optional (default = `None`)
        That of its folder, in Markdown.

    # Errors

    `ConfigurationError` if the model does not find entities by itself.
    """

    def __init__(self, finder: EntityFinder, name: str, card: Optional[str] = None) -> None:
        model = finder.model
        if not isinstance(model, NestedNerModel):
            raise ConfigurationError(
                f"{name}: the model has to be given mentions; allowed is one that finds them"
            )
        self.name = name
        self.card = card
        self.kind = registered_name(Model, type(model))
        self.types = sorted(finder.types)
        self.num_parameters = sum(parameter.numel() for parameter in model.parameters())
        self.device = str(next(model.parameters()).device)
        self.thresholds = model.thresholds
        self._model = model
        self._predictor = finder.predictor

    @property
    def lowest_threshold(self) -> float:
        """
        From where on a higher threshold for all types leaves the entities that have scores above
        it. In all decoders but `flat` a worse entity has no effect on a better one.
        """
        lowest = min(self.thresholds.values())
        return lowest if isinstance(self._model.decoder, FlatDecoder) else min(LOWEST, lowest)

    def scored(self, texts: List[str]) -> List[ScoredText]:
        """What `chosen` chooses from, for each text."""
        documents: Iterator[Tuple[None, Document]] = (
            (None, self._predictor.document({"text": text}) if text.strip() else Document(()))
            for text in texts
        )
        scored: List[ScoredText] = []
        for group in groups(documents):
            batch = [document for _, document in group]
            scored += map(ScoredText, batch, self._predictor.scored_spans(batch))
        return scored

    def chosen(
        self,
        scored: ScoredText,
        threshold: Union[float, Mapping[str, float], None] = None,
        types: Optional[Sequence[str]] = None,
        overlap: str = "nested",
    ) -> List[JsonDict]:
        """
        The entities, as the model itself finds them with these thresholds; a mapping changes those
        of some types. Of these, those of the wanted `types`, and of what is left what `overlap`
        leaves (see `without_overlap`).
        """
        decoder = self._model.decoder if threshold is None else self._model.decoder_with(threshold)
        wanted = set(self.types if types is None else types)
        found = (
            [entity for entity in decoder.decode(spans) if entity.type in wanted]
            for spans in scored.spans
        )
        return placed(scored.document, (without_overlap(each, overlap) for each in found))
