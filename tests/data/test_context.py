from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.context import (
    DocumentWords,
    Window,
    neighbours,
    packed,
    words_that_fit,
)
from locate_label_allennlp.data.document import Sentence

PIECES = st.lists(st.integers(1, 5), max_size=8)
# The wordpieces of each word of each sentence.
DOCUMENTS = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=8), min_size=1, max_size=12)


def document(sentences: list[list[int]]) -> DocumentWords:
    """Each word says how many wordpieces it has."""
    return DocumentWords(
        [Sentence(tuple(map(str, counts))) for counts in sentences],
        lambda tokens: [int(token.ensure_text()) for token in tokens],
    )


def test_what_one_side_does_not_need_goes_to_the_other() -> None:
    assert words_that_fit([1, 1, 1, 1], [1, 1, 1, 1], 4) == (2, 2)
    assert words_that_fit([1], [1, 1, 1, 1], 4) == (1, 3)
    assert words_that_fit([1, 1, 1, 1], [], 3) == (3, 0)
    assert words_that_fit([], [2, 2], 3) == (0, 1)
    assert words_that_fit([1, 9], [1], 5) == (0, 1)
    assert words_that_fit([1], [1], -3) == (0, 0)


@given(PIECES, PIECES, st.integers(-2, 60))
def test_what_is_kept_fits_and_nothing_is_left_out_for_no_reason(
    before: list[int], after: list[int], room: int
) -> None:
    left, right = words_that_fit(before, after, room)
    kept = sum(before[len(before) - left :]) + sum(after[:right])
    assert kept <= max(room, 0)
    if sum(before) + sum(after) <= room:
        assert (left, right) == (len(before), len(after))
    if left < len(before) and right < len(after):
        # Neither side has room for one word more in its half.
        half = room // 2
        assert sum(before[len(before) - left - 1 :]) > half
        assert sum(after[: right + 1]) > half


@given(DOCUMENTS, st.data())
def test_words_between_two_places(sentences: list[list[int]], data: st.DataObject) -> None:
    words = document(sentences)
    flat = [str(count) for counts in sentences for count in counts]
    first = data.draw(st.integers(0, len(flat)))
    end = data.draw(st.integers(first, len(flat)))
    assert [token.text for token in words.between(first, end)] == flat[first:end]
    assert words.starts == [0, *accumulate(map(len, sentences))]
    first_sentence = data.draw(st.integers(0, len(sentences) - 1))
    end_sentence = data.draw(st.integers(first_sentence, len(sentences)))
    counts = [count for each in sentences[first_sentence:end_sentence] for count in each]
    assert words.pieces(first_sentence, end_sentence) == counts


def test_a_word_is_made_into_a_token_once_with_its_part_of_speech() -> None:
    words = DocumentWords([Sentence(("a", "b"), pos=("X", "Y")), Sentence(("c",))])
    assert [(token.text, token.pos_) for token in words.between(0, 3)] == [
        ("a", "X"),
        ("b", "Y"),
        ("c", None),
    ]
    assert words.between(1, 3)[0] is words.tokens(0)[1]


@given(DOCUMENTS, st.integers(0, 3), st.none() | st.integers(1, 60), st.data())
def test_a_sentence_between_its_neighbours(
    sentences: list[list[int]], reach: int, limit: "int | None", data: st.DataObject
) -> None:
    words = document(sentences)
    index = data.draw(st.integers(0, len(sentences) - 1))
    window = neighbours(words, index, reach, limit)
    first = words.starts[max(0, index - reach)]
    end = words.starts[min(len(sentences), index + reach + 1)]
    start, stop = words.starts[index], words.starts[index + 1]
    assert (window.first_sentence, window.end_sentence) == (index, index + 1)
    assert first <= window.first_word <= start < stop <= window.end_word <= end
    shows_all = (window.first_word, window.end_word) == (first, end)
    assert window.is_cut != shows_all
    if limit is None:
        assert shows_all
    elif window.end_word - window.first_word > stop - start:
        assert num_pieces(words, window) <= limit


def num_pieces(words: DocumentWords, window: Window) -> int:
    return sum(pieces_between(words, window.first_word, window.end_word))


def pieces_between(words: DocumentWords, first: int, end: int) -> list[int]:
    return [int(token.ensure_text()) for token in words.between(first, end)]


def with_margin(words: DocumentWords, first: int, end: int, margin: int) -> tuple[int, int]:
    """Word by word: what sentences need to be seen with `margin` wordpieces on each side."""
    left, right = words.starts[first], words.starts[end]
    while left > 0 and sum(pieces_between(words, left, words.starts[first])) < margin:
        left -= 1
    while right < words.starts[-1] and (
        sum(pieces_between(words, words.starts[end], right)) < margin
    ):
        right += 1
    return left, right


@st.composite
def packings(draw: st.DrawFn) -> tuple[DocumentWords, int, int]:
    size = draw(st.integers(1, 60))
    return document(draw(DOCUMENTS)), size, draw(st.integers(0, (size - 1) // 2))


@given(packings())
def test_every_sentence_is_read_in_one_window(packing: tuple[DocumentWords, int, int]) -> None:
    words, size, margin = packing
    windows = list(packed(words, size, margin))
    sentences = [
        index for window in windows for index in range(window.first_sentence, window.end_sentence)
    ]
    assert sentences == list(range(words.num_sentences))
    for window in windows:
        start, stop = words.starts[window.first_sentence], words.starts[window.end_sentence]
        assert 0 <= window.first_word <= start < stop <= window.end_word <= words.starts[-1]


@given(packings())
def test_a_window_is_too_long_only_for_the_sake_of_one_sentence(
    packing: tuple[DocumentWords, int, int],
) -> None:
    words, size, margin = packing
    for window in packed(words, size, margin):
        if num_pieces(words, window) > size:
            assert window.end_sentence == window.first_sentence + 1
            # No word of context beside it.
            assert window.first_word == words.starts[window.first_sentence]
            assert window.end_word == words.starts[window.end_sentence]


@given(packings())
def test_a_window_shows_the_margin_and_no_more(
    packing: tuple[DocumentWords, int, int],
) -> None:
    words, size, margin = packing
    num_words = words.starts[-1]
    windows = list(packed(words, size, margin))
    for window in windows:
        expected = with_margin(words, window.first_sentence, window.end_sentence, margin)
        assert window.is_cut or (window.first_word, window.end_word) == expected
        for index in range(window.first_sentence, window.end_sentence):
            start, stop = words.starts[index], words.starts[index + 1]
            left = sum(pieces_between(words, window.first_word, start))
            right = sum(pieces_between(words, stop, window.end_word))
            shows_margin = left >= min(margin, sum(pieces_between(words, 0, start))) and (
                right >= min(margin, sum(pieces_between(words, stop, num_words)))
            )
            assert shows_margin != window.is_cut
    longest_word = max(pieces_between(words, 0, num_words))
    for one, other in pairwise(windows):
        if not one.is_cut and not other.is_cut:
            shared = sum(pieces_between(words, other.first_word, one.end_word))
            assert shared <= 2 * (margin + max(longest_word - 1, 0))


@given(packings())
def test_a_window_could_not_take_one_sentence_more(
    packing: tuple[DocumentWords, int, int],
) -> None:
    words, size, margin = packing

    def fits(first: int, end: int) -> bool:
        return sum(pieces_between(words, *with_margin(words, first, end, margin))) <= size

    for window in packed(words, size, margin):
        first, end = window.first_sentence, window.end_sentence
        assert fits(first, end) or end == first + 1
        assert end == words.num_sentences or not fits(first, end + 1)


def test_windows_by_hand() -> None:
    # Two words of two wordpieces each in every sentence, but for the fourth with its ten.
    words = document([[2, 2], [2, 2], [2, 2], [5, 5], [2, 2]])
    assert list(packed(words, 12, 1)) == [
        Window(0, 2, 0, 5),
        Window(2, 3, 3, 7),
        Window(3, 4, 6, 8, is_cut=True),
        Window(4, 5, 7, 10),
    ]
    assert list(packed(words, 26, 12)) == [Window(0, 5, 0, 10)]
    # All of the rest stands within the margin.
    assert list(packed(words, 16, 0)) == [Window(0, 3, 0, 6), Window(3, 5, 6, 10)]
    assert list(packed(document([[1]]), 1, 0)) == [Window(0, 1, 0, 1)]
    # Nothing but the sentence itself is there to be shown.
    assert list(packed(document([[9, 9]]), 5, 2)) == [Window(0, 1, 0, 2)]
