import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.exact_match import exact_labels
from locate_label_allennlp.nn.spans import enumerate_spans

NUM_WORDS = 5
ENTITIES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)).map(
        lambda entity: (min(entity[:2]), max(entity[:2]), entity[2])
    ),
    max_size=6,
)


def padded(sentences):
    size = max(map(len, sentences))
    rows = [[*sentence, *[(-1, -1, -1)] * (size - len(sentence))] for sentence in sentences]
    return torch.tensor(rows, dtype=torch.long).view(len(sentences), size, 3)


@given(st.lists(ENTITIES, min_size=1, max_size=4))
def test_against_a_loop(sentences):
    spans = enumerate_spans(torch.full((len(sentences),), NUM_WORDS), range(1, 6), NUM_WORDS)
    expected = []
    for sentence, start, end in zip(*(column.tolist() for column in spans), strict=True):
        labels = [label for s, e, label in sentences[sentence] if (s, e) == (start, end)]
        expected.append(labels[0] + 1 if labels else 0)
    assert exact_labels(spans, padded(sentences), NUM_WORDS).tolist() == expected


def test_no_spans():
    spans = enumerate_spans(torch.tensor([1]), [2], 1)
    assert exact_labels(spans, padded([[(0, 0, 1)]]), 1).tolist() == []
