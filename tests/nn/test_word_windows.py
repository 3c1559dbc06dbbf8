import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans
from locate_label_allennlp.nn.word_windows import windows_of

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=4)
SIZES = st.integers(1, 9).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2)))


def every_span(windows):
    """All spans of all windows, placed."""
    most = int(windows.length.max())
    spans = enumerate_spans(windows.length, range(1, most + 1), most)
    return windows.place(spans, torch.arange(len(windows.start)))


def rows(spans, sentence):
    return list(zip(sentence.tolist(), spans.start.tolist(), spans.end.tolist(), strict=True))


@given(LENGTHS, SIZES)
def test_windows_cover_each_sentence(lengths, sizes):
    size, overlap = sizes
    windows = windows_of(torch.tensor(lengths), size, overlap)
    for number, length in enumerate(lengths):
        mine = windows.sentence == number
        starts, sizes_ = windows.start[mine].tolist(), windows.length[mine].tolist()
        assert windows.is_first[mine].tolist() == [start == 0 for start in starts]
        ends = [start + words for start, words in zip(starts, sizes_, strict=True)]
        assert windows.is_last[mine].tolist() == [end == length for end in ends]
        assert (starts[0], ends[-1]) == (0, length)
        assert max(sizes_) <= size
        assert all(end - start == overlap for end, start in zip(ends, starts[1:], strict=False))
        if length <= size:
            assert len(starts) == 1


@given(LENGTHS, SIZES)
def test_a_span_belongs_to_the_window_with_most_around_it(lengths, sizes):
    windows = windows_of(torch.tensor(lengths), *sizes)
    spans = every_span(windows)
    decided = windows.decide(spans).tolist()
    margins = {}
    found = rows(spans, windows.sentence[spans.sentence])
    for window, span in zip(spans.sentence.tolist(), found, strict=True):
        first, past = (
            int(windows.start[window]),
            int(windows.start[window] + windows.length[window]),
        )
        sentence, start, end = span
        cuts = [start - first] if first else []
        cuts += [past - 1 - end] if past < lengths[sentence] else []
        margins.setdefault(span, []).append((min(cuts, default=100), -window))
    expected = [
        -max(margins[span])[1] == window
        for window, span in zip(spans.sentence.tolist(), found, strict=True)
    ]
    assert decided == expected


@given(LENGTHS, SIZES)
def test_every_span_as_long_as_the_overlap_is_found_once(lengths, sizes):
    size, overlap = sizes
    windows = windows_of(torch.tensor(lengths), size, overlap)
    spans = every_span(windows)
    kept = spans.select(windows.decide(spans))
    found = rows(kept, windows.sentence[kept.sentence])
    assert len(found) == len(set(found))
    wanted = enumerate_spans(torch.tensor(lengths), range(1, overlap + 2), max(lengths))
    assert set(rows(wanted, wanted.sentence)) <= set(found)


def test_words_of_windows():
    vectors = torch.arange(14.0).view(2, 7, 1)
    windows = windows_of(torch.tensor([2, 7]), 4, 1)
    words = windows.words(EncodedWords(vectors, torch.tensor([2, 7])), torch.tensor([0, 2]))
    assert words.lengths.tolist() == [2, 4]
    assert words.vectors[0, :2, 0].tolist() == [0, 1]
    assert words.vectors[1, :, 0].tolist() == [10, 11, 12, 13]
    placed = windows.place(FlatSpans(*torch.tensor([[1], [0], [2]])), torch.tensor([0, 2]))
    assert rows(placed, placed.sentence) == [(2, 3, 5)]


def test_a_short_window_beside_a_long_one():
    """What stands after its words is padding, whatever it is."""
    vectors = torch.arange(7.0).view(1, 7, 1)
    windows = windows_of(torch.tensor([7]), 3, 0)
    words = windows.words(EncodedWords(vectors, torch.tensor([7])), torch.tensor([1, 2]))
    assert words.lengths.tolist() == [3, 1]
    assert words.vectors[0, :, 0].tolist() == [3, 4, 5]
    assert words.vectors[1, 0].item() == 6
