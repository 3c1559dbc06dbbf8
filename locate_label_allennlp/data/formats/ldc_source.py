"""The source texts of the LDC's corpora: text between tags, and how annotations count it."""

import html
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Collection, List, Sequence, Tuple

from locate_label_allennlp.data.document import CorpusError

Span = Tuple[int, int]

IN_A_TAG, LEFT_OUT = -1, -2
"""Where characters are that no text is made of."""

# All others end a sentence.
_INLINE = ("a", "b", "em", "i", "img", "strong")

_PIECE = re.compile(r"<[/!?a-zA-Z][^<>]*>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")
_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True)
class SourceText:
    """
    # Parameters

    counted : `str`
        The characters that annotations count.
    places : `Sequence[int]`
        Where each of them stands in `text`; `IN_A_TAG` or `LEFT_OUT` if it does not.
    text : `str`
        Without tags and what is left out, and with the characters that references such as `&amp;`
        stand for. It has as many lines as the file.
    stretches : `Sequence[Tuple[int, int]]`
        The parts of `text` between tags and blank lines: no sentence goes beyond one.
    """

    counted: str
    places: Sequence[int]
    text: str
    stretches: Sequence[Span]

    def found(self, start: int, end: int) -> Span:
        """
        Where in `text` some of the counted characters are; negative, with the reason, where one of
        the two boundaries is not in it.
        """
        first, last = self.places[start], self.places[end - 1]
        return (min(first, last),) * 2 if min(first, last) < 0 else (first, last + 1)


def source_text(
    raw: str, path: str, left_out: Collection[str], counts_tags: bool, counts_references: bool
) -> SourceText:
    """
    # Parameters

    raw : `str`
        The content of a file.
    path : `str`
        For messages.
    left_out : `Collection[str]`
        Names of elements whose content is no text, in capitals.
    counts_tags : `bool`
        Whether annotations count the characters of tags, too.
    counts_references : `bool`
        Whether annotations count all characters of a reference (five of `&amp;`) or the one that it
        stands for.

    # Raises

    `CorpusError` if an element that is left out does not end.
    """
    counted: List[str] = []
    places: List[int] = []
    text: List[str] = []
    # How long `text` is, whether a word may begin there, and where an element begins or ends.
    length, is_apart, boundaries = 0, True, [0]
    # The elements that are left out and have not ended yet: name and place in `raw`.
    open_elements: List[Tuple[str, int]] = []

    def write(read: str) -> None:
        nonlocal length, is_apart
        if read:
            text.append(read)
            length, is_apart = length + len(read), read[-1].isspace()

    def add(count: str, read: str) -> None:
        counted.append(count)
        if open_elements:
            places.extend([LEFT_OUT] * len(count))
            read = "\n" * read.count("\n")
        else:
            # Those of a reference all stand where its character does.
            last = max(len(read) - 1, 0)
            places.extend(length + min(number, last) for number in range(len(count)))
        write(read)

    position = 0
    for match in _PIECE.finditer(raw):
        add(*[raw[position : match.start()]] * 2)
        position, piece = match.end(), match[0]
        if piece.startswith("&"):
            character = html.unescape(piece)
            add(piece if counts_references else character, character)
            continue
        if counts_tags:
            counted.append(piece)
            places.extend([IN_A_TAG] * len(piece))
        lines = "\n" * piece.count("\n")
        named = _NAME.match(piece)
        name = "" if named is None else named[2].upper()
        if name.lower() not in _INLINE:
            # Words on both sides of a tag are two.
            lines = lines or " " * (not is_apart)
            boundaries.append(length)
        write(lines)
        if named is not None and name in left_out and not piece.endswith("/>"):
            if not named[1]:
                open_elements.append((name, match.start()))
            elif open_elements and open_elements[-1][0] == name:
                open_elements.pop()
    add(*[raw[position:]] * 2)
    if open_elements:
        name, start = open_elements[0]
        reason = f"element {name!r}, which is left out, does not end"
        raise CorpusError(reason, path, raw.count("\n", 0, start) + 1)
    whole = "".join(text)
    boundaries += [length, *(match.end() for match in _BLANK_LINES.finditer(whole))]
    return SourceText("".join(counted), places, whole, list(pairwise(sorted(set(boundaries)))))
