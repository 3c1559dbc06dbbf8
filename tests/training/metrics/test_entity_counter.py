import pytest
from allennlp.common.checks import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.training.metrics import EntityCounter, nested_spans

ENTITIES = st.sets(
    st.builds(
        lambda start, length, label: (start, start + length, label),
        st.integers(0, 10),
        st.integers(0, 8),
        st.sampled_from("AB"),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("spans", "nested"),
    [
        ([], set()),
        ([(0, 3, "A")], set()),
        ([(0, 3, "A"), (1, 2, "A")], {(0, 3, "A"), (1, 2, "A")}),
        ([(0, 3, "A"), (0, 3, "B"), (5, 5, "A")], {(0, 3, "A"), (0, 3, "B")}),
        ([(0, 3, "A"), (3, 5, "A")], set()),  # crossing is not nested
        ([(0, 3, "A"), (0, 5, "A")], {(0, 3, "A"), (0, 5, "A")}),
        ([(0, 5, "A"), (4, 5, "A"), (6, 6, "B")], {(0, 5, "A"), (4, 5, "A")}),
        # The middle one holds the last one, and only crosses the first.
        ([(0, 3, "A"), (2, 6, "A"), (5, 6, "A")], {(2, 6, "A"), (5, 6, "A")}),
    ],
)
def test_nested_spans_by_hand(spans, nested):
    assert nested_spans(spans) == nested


@given(spans=ENTITIES)
def test_nested_spans_are_those_that_a_loop_finds(spans):
    def inside(a, b):
        return b[0] <= a[0] and a[1] <= b[1]

    assert nested_spans(spans) == {
        a for a in spans if any(a != b and (inside(a, b) or inside(b, a)) for b in spans)
    }


def test_groups_and_counts_by_hand():
    counter = EntityCounter(["A", "B"], [(1, 1), (2, None)])
    counts = counter.count([[(0, 0, "A"), (0, 1, "A")]], [[(0, 0, "A"), (3, 5, "B")]])
    assert list(counts) == counter.groups
    # Gold, gold that was predicted, predicted, predicted that is gold.
    assert counts == {
        "micro": [2, 1, 2, 1],
        "type/A": [1, 1, 2, 1],
        "type/B": [1, 0, 0, 0],
        "length/1-1": [1, 1, 1, 1],
        "length/2+": [1, 0, 1, 0],
        # The gold entities are flat, the predicted ones are nested.
        "nested_entities": [0, 0, 2, 1],
        "flat_entities": [2, 1, 0, 0],
        "nested_sentences": [0, 0, 0, 0],
        "flat_sentences": [2, 1, 2, 1],
        "boundaries": [2, 1, 2, 1],
    }


def test_a_length_outside_all_buckets_counts_everywhere_else():
    counts = EntityCounter(["A"], [(1, 1), (3, 3)]).count([[]], [[(0, 1, "A")]])
    assert counts["micro"] == counts["type/A"] == [1, 0, 0, 0]
    assert counts["length/1-1"] == counts["length/3-3"] == [0, 0, 0, 0]


@pytest.mark.parametrize("bucket", [(0, 3), (5, 4), (-2, None)])
def test_an_impossible_bucket_is_named(bucket):
    with pytest.raises(ConfigurationError, match=r"length_buckets.*1 <= shortest <= longest"):
        EntityCounter(["A"], [(1, 4), bucket])
