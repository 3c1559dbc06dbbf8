"""Nested entities drawn under the words they cover."""

from typing import Iterable, List, NamedTuple, Sequence, Tuple

from wcwidth import wcswidth


class Mark(NamedTuple):
    """Words `start` to `end` (exclusive), a label, and a detail to add where there is room."""

    start: int
    end: int
    label: str
    detail: str = ""


class _Drawn(NamedTuple):
    """What stands in a row, from which column on."""

    column: int
    text: str

    @property
    def end(self) -> int:
        return self.column + wcswidth(self.text)


def draw_entities(words: Sequence[str], marks: Iterable[Mark], width: int = 100) -> str:
    """
    The words of a sentence with a bracket under each entity, inner entities nearer to the words.
    A label that has no room in its bracket stands beside it:

        the director of Relmere University of Ahl
                        └PLACE┘               └─┘ PLACE
                        └──────────ORG──────────┘
        └──────────────────PER──────────────────┘

    # Parameters

    words : `Sequence[str]`
    marks : `Iterable[Mark]`
    width : `int`, optional (default = `100`)
        Columns of the terminal. Longer sentences go on in the next line; a bracket that does too is
        left open there.
    """
    lines_of_words = _lines_of_words(words, width)
    inner_first = sorted(marks, key=lambda mark: (mark.end - mark.start, mark.start))
    lines: List[str] = []
    for first, last in lines_of_words:
        columns = _columns(words[first:last])
        lines.append(" ".join(words[first:last]))
        rows: List[List[_Drawn]] = []
        for mark in inner_first:
            if mark.start < last and mark.end > first:
                left, right = max(mark.start, first), min(mark.end, last)
                begin, end = columns[left - first][0], columns[right - 1 - first][1]
                drawn = _bracket(mark, begin, end - begin, left > mark.start, right < mark.end)
                if right == mark.end and not _has_room(mark, words, lines_of_words):
                    drawn = _labelled_beside(drawn, mark, width)
                _put(drawn, rows)
        lines.extend(map(_line, rows))
    return "\n".join(lines)


def _put(drawn: _Drawn, rows: List[List[_Drawn]]) -> None:
    """Into the row below all rows in which something stands in its way, with a gap between."""
    level = 0
    for number, row in enumerate(rows):
        if any(drawn.column <= other.end and other.column <= drawn.end for other in row):
            level = number + 1
    if level == len(rows):
        rows.append([])
    rows[level].append(drawn)


def _line(row: List[_Drawn]) -> str:
    line = ""
    for drawn in sorted(row):
        line += " " * (drawn.column - wcswidth(line)) + drawn.text
    return line.rstrip()


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


def _has_room(mark: Mark, words: Sequence[str], lines_of_words: List[Tuple[int, int]]) -> bool:
    """Whether its label fits into its bracket on one of the lines that this is on."""
    for first, last in lines_of_words:
        part = words[max(mark.start, first) : min(mark.end, last)]
        if part and _columns(part)[-1][1] >= wcswidth(mark.label) + 2:
            return True
    return False


def _bracket(mark: Mark, column: int, size: int, goes_on_left: bool, goes_on_right: bool) -> _Drawn:
    """`└─ORG 0.98─┘` of the given size; detail and label are left out if they do not fit."""
    left, right = "─" if goes_on_left else "└", "─" if goes_on_right else "┘"
    if size == 1:
        return _Drawn(column, "─" if goes_on_left or goes_on_right else "╵")
    room = size - 2
    fitting = (
        label
        for label in (f"{mark.label} {mark.detail}".rstrip(), mark.label, "")
        if wcswidth(label) <= room
    )
    label = next(fitting)
    before = (room - wcswidth(label)) // 2
    after = room - wcswidth(label) - before
    return _Drawn(column, left + "─" * before + label + "─" * after + right)


def _labelled_beside(drawn: _Drawn, mark: Mark, width: int) -> _Drawn:
    """Behind the bracket or, if the line ends there, before it. Never cut."""
    label = f"{mark.label} {mark.detail}".rstrip()
    size = wcswidth(label) + 1
    if drawn.end + size > width and drawn.column >= size:
        return _Drawn(drawn.column - size, f"{label} {drawn.text}")
    return _Drawn(drawn.column, f"{drawn.text} {label}")
