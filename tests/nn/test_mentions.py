import torch

from locate_label_allennlp.nn.mentions import gold_positions, span_positions
from locate_label_allennlp.nn.spans import FlatSpans


def test_the_words_of_spans():
    spans = FlatSpans(*torch.tensor([[0, 0, 2], [1, 0, 3], [1, 2, 4]]))
    assert span_positions(spans, 5).tolist() == [[1, -1, -1], [0, 1, 2], [13, 14, -1]]


def test_no_spans():
    nothing = torch.zeros(0, dtype=torch.long)
    assert span_positions(FlatSpans(nothing, nothing, nothing), 5).size() == (0, 1)


def test_the_words_of_mentions_in_pieces():
    entities = torch.tensor(
        [
            [[0, 1, 7], [0, 4, 7]],
            [[2, 2, 7], [-1, -1, -1]],
            [[0, 3, 7], [1, 3, 7]],
        ]
    )
    pieces = [{1: ((0, 1), (3, 5))}, {}, {0: ((0, 1), (3, 4))}]
    assert gold_positions(entities, pieces, 5).tolist() == [
        [0, 1, -1, -1, -1],
        [0, 3, 4, -1, -1],
        [7, -1, -1, -1, -1],
        [10, 13, -1, -1, -1],
        [11, 12, 13, -1, -1],
    ]


def test_without_pieces_mentions_are_spans():
    entities = torch.tensor([[[0, 1, 7]], [[1, 1, 7]]])
    assert gold_positions(entities, [{}, {}], 2).tolist() == [[0, 1], [3, -1]]
