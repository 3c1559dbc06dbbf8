import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.decoders import EntityDecoder, ScoredSpan, SoftNmsDecoder

NAMES = ["soft_nms", "nms", "flat", "greedy", "none"]

SPANS = st.lists(
    st.builds(
        lambda start, length, label, score: ScoredSpan(start, start + length, label, score),
        st.integers(0, 8),
        st.integers(0, 6),
        st.sampled_from("AB"),
        st.sampled_from([0.0, 0.3, 0.5, 0.55, 0.6, 0.9, 1.0]),
    ),
    max_size=20,
)


def test_the_registered_decoders_and_the_default():
    assert sorted(EntityDecoder.list_available()) == sorted(NAMES)
    assert isinstance(EntityDecoder.from_params(Params({"decay": 0.8})), SoftNmsDecoder)


@pytest.mark.parametrize("name", NAMES)
def test_no_spans_give_no_entities(name):
    assert EntityDecoder.by_name(name)().decode([]) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_same_span_keeps_its_best_score(name):
    spans = [ScoredSpan(2, 3, "A", score) for score in (0.7, 0.9, 0.6)]
    assert EntityDecoder.by_name(name)().decode(spans) == [ScoredSpan(2, 3, "A", 0.9)]


@pytest.mark.parametrize("name", NAMES)
def test_a_score_must_be_above_the_threshold(name):
    spans = [ScoredSpan(0, 0, "A", 0.5), ScoredSpan(2, 2, "A", 0.500001)]
    assert EntityDecoder.by_name(name)(score_threshold=0.5).decode(spans) == spans[1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_score_that_is_no_number_is_no_entity(name):
    spans = [ScoredSpan(0, 0, "A", float("nan")), ScoredSpan(0, 0, "A", 0.8)]
    assert EntityDecoder.by_name(name)(score_threshold=0).decode(spans) == spans[1:]


@given(data=st.data(), name=st.sampled_from(NAMES), spans=SPANS)
def test_the_order_of_the_input_does_not_matter(data, name, spans):
    decoder = EntityDecoder.by_name(name)()
    entities = decoder.decode(spans)
    assert decoder.decode(data.draw(st.permutations(spans))) == entities
    assert entities == sorted(entities, key=lambda span: (span.start, span.end, span.label))
    assert {span[:3] for span in entities} <= {span[:3] for span in spans}
    assert all(span.score > 0.5 for span in entities)


@pytest.mark.parametrize(
    ("name", "parameter", "value", "allowed"),
    [
        ("soft_nms", "decay", 0, "(0, 1]"),
        ("soft_nms", "decay", 1.5, "(0, 1]"),
        ("soft_nms", "overlap_threshold", 0.0, "(0, 1]"),
        ("nms", "overlap_threshold", -0.1, "(0, 1]"),
        ("nms", "overlap_threshold", 1.1, "(0, 1]"),
        *((name, "score_threshold", value, "[0, 1]") for name in NAMES for value in (-0.1, 2)),
        ("none", "score_threshold", float("nan"), "[0, 1]"),
    ],
)
def test_an_argument_outside_its_range_is_named(name, parameter, value, allowed):
    with pytest.raises(ConfigurationError) as error:
        EntityDecoder.by_name(name)(**{parameter: value})
    for part in (parameter, repr(value), allowed):
        assert part in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_the_ranges_are_allowed(name):
    for threshold in (0, 1, 0.0, 1.0):
        EntityDecoder.by_name(name)(score_threshold=threshold)
    SoftNmsDecoder(decay=1, overlap_threshold=1)
