import torch

from locate_label_allennlp.nn import encoded_words
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans

LENGTHS = torch.tensor([3, 5, 1])


def made_up():
    return EncodedWords(torch.randn(3, 5, 2), LENGTHS)


def test_sizes_and_mask():
    words = made_up()
    assert (words.num_sentences, words.max_words) == (3, 5)
    assert words.mask.tolist() == [[i < length for i in range(5)] for length in LENGTHS]


def test_rows_are_those_of_the_words():
    words = made_up()
    sentence, position = torch.tensor([1, 0, 2, 1]), torch.tensor([4, 2, 0, 0])
    expected = words.vectors[sentence, position]
    assert torch.equal(words.flat[words.rows(sentence, position)], expected)


def test_maxima_of_spans():
    words = made_up()
    spans = FlatSpans(*torch.tensor([[0, 1, 1], [0, 1, 4], [2, 3, 4]]))
    vectors = words.vectors
    expected = [vectors[0, :3].amax(0), vectors[1, 1:4].amax(0), vectors[1, 4]]
    assert torch.equal(words.span_max(spans), torch.stack(expected))


def test_the_table_of_maxima_is_built_once_and_not_before_it_is_needed(monkeypatch):
    tables = []
    build = encoded_words.RangeMaximum
    monkeypatch.setattr(
        encoded_words, "RangeMaximum", lambda vectors: tables.append(1) or build(vectors)
    )
    words = made_up()
    assert words.flat.size() == (15, 2)
    assert not tables
    for length in (1, 2):
        words.span_max(enumerate_spans(LENGTHS, [length], 5))
    assert len(tables) == 1
