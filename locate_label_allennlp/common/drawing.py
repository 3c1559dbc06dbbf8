"""Nested entities drawn under the words they cover."""

from typing import Iterable, List, NamedTuple, Sequence, Tuple

from wcwidth import wcswidth


class Mark(NamedTuple):
    """Words `start` to `end` (exclusive), a label, and a detail to add where there is room."""

    start: int
    end: int
    label: str
    detail: str = ""


def draw_entities(words: Sequence[str], marks: Iterable[Mark], width: int = 100) -> str:
    """
    The words of a sentence with a bracket under each entity, inner entities nearer to the words:

        the director of Relmere University
                        └PLACE┘
                        └───────ORG──────┘
        └───────────────PER──────────────┘

    # Parameters

    words : `Sequence[str]`
    marks : `Iterable[Mark]`
    width : `int`, optional (default = `100`)
        Columns of the terminal. Longer sentences go on in the next line; a bracket that does too is
        left open there.
    """
    rows = _rows(sorted(marks, key=lambda mark: (mark.end - mark.start, mark.start)))
    lines: List[str] = []
    for first, last in _lines_of_words(words, width):
        columns = _columns(words[first:last])
        lines.append(" ".join(words[first:last]))
        for row in rows:
            drawn = ""
            for mark in sorted(row):
                if mark.start < last and mark.end > first:
                    left, right = max(mark.start, first), min(mark.end, last)
                    begin, stop = columns[left - first][0], columns[right - 1 - first][1]
                    drawn += " " * (begin - wcswidth(drawn))
                    drawn += _bracket(mark, stop - begin, left > mark.start, right < mark.end)
            if drawn:
                lines.append(drawn.rstrip())
    return "\n".join(lines)


def _rows(marks: List[Mark]) -> List[List[Mark]]:
    """Puts each mark, short ones first, in the row below all marks that it overlaps."""
    rows: List[List[Mark]] = []
    for mark in marks:
        level = 0
        for number, row in enumerate(rows):
            if any(mark.start < other.end and other.start < mark.end for other in row):
                level = number + 1
        if level == len(rows):
            rows.append([])
        rows[level].append(mark)
    return rows


def _columns(words: Sequence[str]) -> List[Tuple[int, int]]:
    """The first column of each word, and the one after its last."""
    columns, column = [], 0
    for word in words:
        end = column + max(wcswidth(word), 1)
        columns.append((column, end))
        column = end + 1
    return columns


def _lines_of_words(words: Sequence[str], width: int) -> List[Tuple[int, int]]:
    """Which words go on which line: first, and one past the last."""
    lines, first, column = [], 0, 0
    for index, word in enumerate(words):
        size = max(wcswidth(word), 1)
        if index > first and column + size > width:
            lines.append((first, index))
            first, column = index, 0
        column += size + 1
    return [*lines, (first, len(words))]


def _bracket(mark: Mark, size: int, goes_on_left: bool, goes_on_right: bool) -> str:
    """`└─ORG 0.98─┘` of the given size; what does not fit is left out, the detail first."""
    if size < 3:
        return mark.label[:size]
    room = size - 2
    label = f"{mark.label} {mark.detail}".rstrip()
    if len(label) > room:
        label = mark.label[:room]
    left, right = "─" if goes_on_left else "└", "─" if goes_on_right else "┘"
    return left + label.center(room, "─") + right
