"""The labels of a column and the entities that they mean."""

from itertools import count
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from locate_label_allennlp.data.document import Entity

SCHEMES = {
    "iob": ("B", "I"),
    "iob1": ("B", "I"),
    "bioes": ("B", "I", "M", "E", "L", "S", "U"),
    "bare": (),
}
_BEGIN = ("B", "S", "U")
_END = ("E", "L", "S", "U")

MENDED = {
    "iob": "entities that begin with 'I-', taken as 'B-'",
    "bioes": "entities whose labels do not begin with 'B-' or end with 'E-', mended",
}

Label = Tuple[str, str]
"""Prefix and type; both empty outside of entities."""

OUTSIDE: Label = ("", "")


def parsed_label(label: str, scheme: str) -> Optional[Label]:
    """None for what is no label of the scheme."""
    if label == "O":
        return "", ""
    if scheme == "bare":
        return ("I", label) if label else None
    prefix, _, kind = label.partition("-")
    return (prefix, kind) if prefix in SCHEMES[scheme] and kind else None


def allowed_labels(scheme: str) -> str:
    if scheme == "bare":
        return "'O' and types"
    *others, last = (f"'{prefix}-type'" for prefix in SCHEMES[scheme])
    return f"'O', {', '.join(others)} and {last}"


def continues(before: Label, label: Label) -> bool:
    """Whether both lie in one entity."""
    return bool(before[1]) and label[1] == before[1] and label[0] not in _BEGIN


def levels(rows: Sequence[Sequence[Label]]) -> List[List[Label]]:
    """
    One label a level and word, of rows that have no more than the labels of their word: a label
    that continues an entity goes to the level of that entity, wherever in its row it stands. Of
    several open entities of one type those that began first go on.
    """
    columns: List[List[Label]] = []
    starts: List[int] = []
    for index, row in enumerate(rows):
        placed: Dict[int, Label] = {}
        new = []
        # What goes on before what ends: it began first.
        for label in sorted((label for label in row if label[1]), key=lambda each: each[0] in _END):
            open_levels = [
                level
                for level, column in enumerate(columns)
                if level not in placed
                and column[-1][0] not in _END
                and continues(column[-1], label)
            ]
            if open_levels:
                placed[min(open_levels, key=starts.__getitem__)] = label
            else:
                new.append(label)
        for label in new:
            level = next(level for level in count() if level not in placed)
            if level == len(columns):
                columns.append([OUTSIDE] * index)
                starts.append(index)
            starts[level] = index
            placed[level] = label
        for level, column in enumerate(columns):
            column.append(placed.get(level, OUTSIDE))
    return columns


def entities_of(
    labels: Iterable[Label], scheme: str, on_mended: Callable[[int], None]
) -> Iterator[Entity]:
    """
    # Parameters

    labels : `Iterable[Tuple[str, str]]`
    scheme : `str`
    on_mended : `Callable[[int], None]`
        Is told at which label a sequence is not as its scheme wants it: something that continues
        nothing begins an entity, and something that is not ended ends with its last label.
    """
    start, kind = 0, ""
    index = -1
    for index, (prefix, name) in enumerate([*labels, ("", "")]):
        goes_on = continues(("", kind), (prefix, name))
        if kind and not goes_on:
            if scheme == "bioes":
                on_mended(index - 1)
            yield Entity(start, index, kind)
            kind = ""
        if name and not goes_on:
            if prefix not in _BEGIN and scheme in MENDED:
                on_mended(index)
            start, kind = index, name
        if kind and prefix in _END:
            yield Entity(start, index + 1, kind)
            kind = ""
