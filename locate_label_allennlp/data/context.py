"""Which words of its document a sentence is read with: its neighbours, or a window it shares."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Callable, List, NamedTuple, Optional, Tuple

import numpy
from allennlp.data import Token

from locate_label_allennlp.data.document import Sentence


class Window(NamedTuple):
    """
    A stretch of a document that the contextual encoder reads at once, and the sentences whose
    words take their vectors from it. Words are counted from the document's beginning, sentences
    from 0; both ends are exclusive.
    """

    first_sentence: int
    end_sentence: int
    first_word: int
    end_word: int
    is_cut: bool = False  # whether it shows less context than asked for


class DocumentWords:
    """
    The words of one document as tokens, each made once however many sentences are read with it.

    # Parameters

    sentences : `Sequence[Sentence]`
    count_pieces : `Callable[[Sequence[Token]], List[int]]`, optional
        How many wordpieces each of some words has, where windows are limited by these.
    """

    def __init__(
        self,
        sentences: Sequence[Sentence],
        count_pieces: Optional[Callable[[Sequence[Token]], List[int]]] = None,
    ) -> None:
        self._sentences = sentences
        self._count_pieces = count_pieces
        self._tokens: List[Optional[List[Token]]] = [None] * len(sentences)
        # The first word of each sentence, and the number of words.
        self.starts = [0, *accumulate(len(sentence.words) for sentence in sentences)]

    @property
    def num_sentences(self) -> int:
        return len(self._sentences)

    def tokens(self, index: int) -> List[Token]:
        """The words of a sentence."""
        found = self._tokens[index]
        if found is None:
            found = self._tokens[index] = _tokens(self._sentences[index])
        return found

    def between(self, first_word: int, end_word: int) -> List[Token]:
        """The words from one to before another."""
        index = bisect_right(self.starts, first_word) - 1
        words: List[Token] = []
        while self.starts[index] < end_word:
            start = self.starts[index]
            words += self.tokens(index)[max(first_word - start, 0) : end_word - start]
            index += 1
        return words

    def pieces(self, first_sentence: int, end_sentence: int) -> List[int]:
        """The wordpieces of each word of some sentences."""
        assert self._count_pieces is not None
        return self._count_pieces(
            self.between(self.starts[first_sentence], self.starts[end_sentence])
        )


def neighbours(words: DocumentWords, index: int, reach: int, limit: Optional[int]) -> Window:
    """
    A sentence with its neighbours.

    # Parameters

    words : `DocumentWords`
    index : `int`
        The sentence's number.
    reach : `int`
        How many neighbours on each side.
    limit : `int`, optional
        How many wordpieces they may have together with the sentence; the words furthest from it
        are left out. The sentence itself is never cut.
    """
    first, end = max(0, index - reach), min(index + reach + 1, words.num_sentences)
    start, stop = words.starts[index], words.starts[index + 1]
    if limit is None:
        return Window(index, index + 1, words.starts[first], words.starts[end])
    before, after = words.pieces(first, index), words.pieces(index + 1, end)
    room = limit - sum(words.pieces(index, index + 1))
    left, right = words_that_fit(before, after, room)
    is_cut = left < len(before) or right < len(after)
    return Window(index, index + 1, start - left, stop + right, is_cut)


def packed(words: DocumentWords, size: int, margin: int) -> Iterator[Window]:
    """
    Windows of consecutive sentences, as few as there can be. A sentence belongs to one of them, in
    which at least `margin` wordpieces stand on each side of it, as far as the document goes; this
    margin of each is all that neighbouring windows share. A sentence too long for a window with its
    context is read alone with as much as fits, and never cut itself.

    # Parameters

    words : `DocumentWords`
    size : `int`
        Wordpieces in a window at most.
    margin : `int`
        Wordpieces of context on each side at least.
    """
    counts = words.pieces(0, words.num_sentences)
    # The pieces before each word, and before the end.
    pieces = numpy.concatenate([[0], numpy.cumsum(counts, dtype=numpy.int64)])
    starts = numpy.asarray(words.starts)
    # For each sentence, where a window that begins or ends with it has to begin or end.
    left_limits = numpy.maximum(pieces[starts[:-1]] - margin, 0)
    lefts = numpy.searchsorted(pieces, left_limits, side="right") - 1
    right_limits = numpy.minimum(pieces[starts[1:]] + margin, pieces[-1])
    rights = numpy.searchsorted(pieces, right_limits, side="left")
    first = 0
    while first < words.num_sentences:
        left = int(lefts[first])
        end = int(numpy.searchsorted(pieces[rights], pieces[left] + size, side="right"))
        if end > first:
            yield Window(first, end, left, int(rights[end - 1]))
        else:
            end = first + 1
            start, stop = words.starts[first], words.starts[end]
            room = size - int(pieces[stop] - pieces[start])
            fits = words_that_fit(
                counts[max(start - size, 0) : start], counts[stop : stop + size], room
            )
            first_word, end_word = start - fits[0], stop + fits[1]
            is_cut = first_word > left or end_word < int(rights[first])
            yield Window(first, end, first_word, end_word, is_cut)
        first = end


def words_that_fit(before: Sequence[int], after: Sequence[int], room: int) -> Tuple[int, int]:
    """
    How many words to keep on each side of a sentence. Each side gets half of the room; what one
    does not need goes to the other.

    # Parameters

    before, after : `Sequence[int]`
        The wordpieces of each word on either side, in the order of the text.
    room : `int`
        Wordpieces there is room for beside the sentence's own; nothing is kept if negative.

    # Returns

    `Tuple[int, int]`
        How many words nearest to the sentence to keep before and after it.
    """
    room = max(room, 0)
    # What the first words from the sentence outward need together.
    outward_before = list(accumulate(reversed(before)))
    outward_after = list(accumulate(after))
    need_before = outward_before[-1] if before else 0
    need_after = outward_after[-1] if after else 0
    for_before = min(need_before, max(room // 2, room - need_after))
    return _fitting(outward_before, for_before), _fitting(outward_after, room - for_before)


def _fitting(needs: Sequence[int], room: int) -> int:
    return bisect_right(needs, room)


def _tokens(sentence: Sentence) -> List[Token]:
    if sentence.pos is None:
        return [Token(word) for word in sentence.words]
    return [Token(word, pos_=tag) for word, tag in zip(sentence.words, sentence.pos, strict=True)]
