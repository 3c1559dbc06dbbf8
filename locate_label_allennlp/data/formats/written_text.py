"""Documents as the formats write them that have a text and places in it, by characters."""

from typing import List, Tuple

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence

Spans = List[Tuple[int, int]]
Placed = Tuple[int, int, Entity]
"""First character, the one after the last, and the entity."""


def text_and_offsets(document: Document) -> Tuple[str, List[Spans]]:
    """
    The text, and where the words of each sentence stand. Where the document has none, its words
    with blanks between, a sentence a line.
    """
    if document.text is not None and all(s.offsets is not None for s in document.sentences):
        return document.text, [list(sentence.offsets or ()) for sentence in document.sentences]
    position, lines, offsets = 0, [], []
    for sentence in document.sentences:
        offsets.append(_joined_offsets(sentence, position))
        lines.append(" ".join(sentence.words) + "\n")
        position += len(lines[-1])
    return "".join(lines), offsets


def placed_entities(document: Document, offsets: List[Spans], tool: str) -> List[Placed]:
    """
    The entities with their places in the text, in order.

    # Raises

    `CorpusError` for a discontinuous one, which `tool` has no place for.
    """
    placed = []
    for sentence, spans in zip(document.sentences, offsets, strict=True):
        for entity in sentence.entities:
            check_contiguous(entity, tool, sentence.source)
            placed.append((spans[entity.start][0], spans[entity.end - 1][1], entity))
    return placed


def check_contiguous(entity: Entity, tool: str, source: str) -> None:
    """
    # Raises

    `CorpusError` for a discontinuous entity, which `tool` has no place for.
    """
    if entity.fragments:
        raise CorpusError(
            f"{tool} cannot hold a discontinuous entity such as {entity.type!r} from word "
            f"{entity.start} to {entity.end} (exclusive) of {source}; jsonl and brat can"
        )


def _joined_offsets(sentence: Sentence, position: int) -> Spans:
    spans = []
    for word in sentence.words:
        spans.append((position, position + len(word)))
        position += len(word) + 1
    return spans
