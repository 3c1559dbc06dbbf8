"""Writes one word a line, its labels in columns."""

from itertools import chain
from typing import IO, Iterable, List, Optional, Sequence

from locate_label_allennlp.data.document import CorpusError, Document, Entity

DOCUMENT = "-DOCSTART-"


def write_columns(
    documents: Iterable[Document],
    target: IO[bytes],
    encoding: str,
    with_pos: bool,
    comment: Optional[str],
) -> None:
    """
    # Parameters

    documents : `Iterable[Document]`
        All of them are kept in memory: the deepest sentence decides how many columns there are.
    target : `IO[bytes]`
    encoding : `str`
    with_pos : `bool`
        Whether there is a column of parts of speech; `_` where a sentence has none.
    comment : `str`, optional
        How no line may begin.
    """
    documents = list(documents)
    levels = {
        id(sentence): level_labels(sentence.entities, len(sentence.words))
        for document in documents
        for sentence in document.sentences
    }
    width = max(chain([1], map(len, levels.values())))
    heading = [DOCUMENT, *(["-X-"] if with_pos else []), *["O"] * width]
    reserved = tuple(filter(None, [DOCUMENT, comment]))
    for document in documents:
        target.write(_row(heading, encoding) + b"\n")
        for sentence in document.sentences:
            empty = [["O"] * len(sentence.words)] * (width - len(levels[id(sentence)]))
            tags = [sentence.pos or ["_"] * len(sentence.words)] if with_pos else []
            columns = [sentence.words, *tags, *levels[id(sentence)], *empty]
            for cells in zip(*columns, strict=True):
                if cells[0].startswith(reserved):
                    raise CorpusError(f"word {cells[0]!r} cannot begin a line of columns")
                target.write(_row(cells, encoding))
            target.write(b"\n")


def level_labels(entities: Sequence[Entity], length: int) -> List[List[str]]:
    """
    IOB2 labels of as few levels as hold the entities, the inner first: each entity lies one level
    above all shorter ones that share words with it.

    # Errors

    `CorpusError` for a discontinuous entity.
    """
    levels: List[List[str]] = []
    highest = [0] * length
    for entity in sorted(entities, key=lambda entity: (entity.end - entity.start, entity.start)):
        if entity.fragments:
            raise CorpusError(
                f"columns cannot hold a discontinuous entity such as {entity.type!r} from word "
                f"{entity.start} to {entity.end} (exclusive); jsonl and brat can"
            )
        level = max(highest[entity.start : entity.end])
        if level == len(levels):
            levels.append(["O"] * length)
        words = range(entity.start, entity.end)
        for index in words:
            levels[level][index] = f"{'I' if index > entity.start else 'B'}-{entity.type}"
            highest[index] = level + 1
    return levels


def _row(cells: Sequence[str], encoding: str) -> bytes:
    for cell in cells:
        if not cell or any(character in cell for character in "\t\r\n"):
            raise CorpusError(f"columns cannot hold {cell!r}: it is empty or has a tab or line end")
    return "\t".join(cells).encode(encoding) + b"\n"
