"""Texts with what a model finds in them, for annotators to correct."""

from dataclasses import replace
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from allennlp.common.util import JsonDict

from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats.json_items import optional_text
from locate_label_allennlp.predictors.grouping import groups
from locate_label_allennlp.predictors.judged_spans import JudgedSpan
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

_LEAST = 0.01
"""Spans with no more than this are far from any threshold that is of use."""


class PreAnnotated(NamedTuple):
    """
    # Parameters

    document : `Document`
        Its entities are those that the model finds, each with the probability of its type as score.
    margin : `float`
        How certain the model is of it: the smallest distance, over all spans that it looked at,
        between the score of the span's most probable type and the one that it needs to be an
        entity (`JudgedSpan`). It is small where an entity was only just found, or only just not;
        1 where there is nothing to be uncertain of.
    """

    document: Document
    margin: float


def pre_annotated(
    predictor: NestedNerPredictor,
    inputs: Iterable[Tuple[JsonDict, Document]],
    batch_size: Optional[int] = None,
) -> Iterator[PreAnnotated]:
    """
    # Parameters

    predictor : `NestedNerPredictor`
    inputs : `Iterable[Tuple[Dict[str, Any], Document]]`
        As `read_inputs` gives them; those without words are passed through.
    batch_size : `int`, optional
        How many to hand to the predictor at once, as in `groups`.

    # Raises

    `ConfigurationError` for a model that is given its mentions.
    """
    thresholds = getattr(predictor._model, "thresholds", {})
    # So that whatever is found is among the spans.
    min_score = min([_LEAST, *thresholds.values()])
    for batch in groups(inputs, batch_size):
        judged = predictor.judged_spans([document for _, document in batch], min_score)
        for (item, document), spans in zip(batch, judged, strict=True):
            doc_id = optional_text(item, "doc_id", ("input", 1))
            margins = [abs((span.entity.score or 0.0) - span.needed) for _, span in spans]
            yield PreAnnotated(_annotated(document, doc_id, spans), min(margins, default=1.0))


def _annotated(document: Document, doc_id: Any, spans: List[Tuple[int, JudgedSpan]]) -> Document:
    found: List[List[Any]] = [[] for _ in document.sentences]
    for number, span in spans:
        if span.is_found:
            found[number].append(span.entity)
    sentences = tuple(
        replace(sentence, entities=tuple(entities))
        for sentence, entities in zip(document.sentences, found, strict=True)
    )
    return replace(document, sentences=sentences, doc_id=doc_id)
