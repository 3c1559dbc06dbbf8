from time import process_time

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import EntityDecoder, SoftNmsDecoder
from tests.decoders.candidates import candidates

NAMES = ["soft_nms", "nms", "flat", "greedy", "none"]

SPANS = candidates(st.sampled_from([0.0, 0.3, 0.5, 0.55, 0.6, 0.9, 1.0]), max_size=20)


def test_the_registered_decoders_and_the_default():
    assert sorted(EntityDecoder.list_available()) == sorted(NAMES)
    assert isinstance(EntityDecoder.from_params(Params({"decay": 0.8})), SoftNmsDecoder)


@pytest.mark.parametrize("name", NAMES)
def test_no_spans_give_no_entities(name):
    assert EntityDecoder.by_name(name)().decode([]) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_same_span_keeps_its_best_score(name):
    spans = [Entity(2, 4, "A", score=score) for score in (0.7, 0.9, 0.6)]
    assert EntityDecoder.by_name(name)().decode(spans) == [Entity(2, 4, "A", score=0.9)]


@pytest.mark.parametrize("name", NAMES)
def test_a_score_must_be_above_the_threshold(name):
    spans = [Entity(0, 1, "A", score=0.5), Entity(2, 3, "A", score=0.500001)]
    assert EntityDecoder.by_name(name)(score_threshold=0.5).decode(spans) == spans[1:]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("types", "kept"), [({}, [0]), ({"A": 0.8}, [1]), ({"B": 0.7}, [0]), ({"A": 0.9, "B": 0.7}, [])]
)
def test_what_is_below_the_threshold_of_its_type_displaces_nothing(name, types, kept):
    spans = [Entity(0, 4, "A", score=0.8), Entity(0, 3, "B", score=0.7)]
    options = {"greedy": {"flat": True}, "nms": {}, "soft_nms": {"decay": 0.5}}.get(name, {})
    decoder = EntityDecoder.by_name(name)(type_thresholds=types, **options)
    entities = decoder.decode(spans)
    if name == "none" and not types:
        kept = [0, 1]
    assert entities == sorted((spans[index] for index in kept), key=lambda entity: entity.key)


@pytest.mark.parametrize("name", NAMES)
def test_a_type_may_have_a_lower_threshold_than_the_others(name):
    spans = [Entity(0, 1, "A", score=0.3), Entity(2, 3, "B", score=0.3)]
    decoder = EntityDecoder.by_name(name)(0.5, type_thresholds={"B": 0.2})
    assert decoder.decode(spans) == spans[1:]
    assert [decoder.threshold_of(kind) for kind in "AB"] == [0.5, 0.2]


@given(st.sampled_from(NAMES), SPANS)
def test_the_same_threshold_for_each_type_is_one_for_all(name, spans):
    decoder = EntityDecoder.by_name(name)()
    by_type = decoder.with_thresholds(0.9, {"A": 0.5, "B": 0.5})
    assert by_type.decode(spans) == decoder.decode(spans)


def test_another_threshold_leaves_the_decoder_alone():
    decoder = SoftNmsDecoder(0.5, 0.6, 0.6, type_thresholds={"B": 0.7})
    other = decoder.with_thresholds(0.1)
    spans = [Entity(0, 2, "A", score=0.4), Entity(0, 3, "B", score=0.64)]
    assert other.decode(spans) == [spans[0].with_score(0.2), spans[1]]
    assert decoder.decode(spans) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_score_that_is_no_number_is_no_entity(name):
    spans = [Entity(0, 1, "A", score=float("nan")), Entity(0, 1, "A", score=0.8)]
    assert EntityDecoder.by_name(name)(score_threshold=0).decode(spans) == spans[1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_without_a_score_is_named(name):
    with pytest.raises(ValueError, match=r"Entity\(start=0.* has no score"):
        EntityDecoder.by_name(name)().decode([Entity(0, 1, "A")])


@given(data=st.data(), name=st.sampled_from(NAMES), spans=SPANS)
def test_the_order_of_the_input_does_not_matter(data, name, spans):
    decoder = EntityDecoder.by_name(name)()
    entities = decoder.decode(spans)
    assert decoder.decode(data.draw(st.permutations(spans))) == entities
    assert entities == sorted(entities, key=lambda entity: entity.key)
    assert {entity.key for entity in entities} <= {span.key for span in spans}
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
        ("flat", "score_threshold", True, "[0, 1]"),
        ("greedy", "score_threshold", "0.5", "[0, 1]"),
        ("none", "score_threshold", float("nan"), "[0, 1]"),
        ("nms", "type_thresholds", {"A": 0.5, "B": 1.25}, "[0, 1]"),
    ],
)
def test_an_argument_outside_its_range_is_named(name, parameter, value, allowed):
    with pytest.raises(ConfigurationError) as error:
        EntityDecoder.by_name(name)(**{parameter: value})
    value = value["B"] if isinstance(value, dict) else value
    for part in (parameter, repr(value), allowed):
        assert part in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_the_ranges_are_allowed(name):
    for threshold in (0, 1, 0.0, 1.0):
        EntityDecoder.by_name(name)(score_threshold=threshold)
    SoftNmsDecoder(decay=1, overlap_threshold=1)


@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_candidates_of_a_sentence(name):
    candidates = [
        Entity(start, start + length, "A", score=0.6 + (start * 7 + length * 3) % 40 / 100)
        for start in range(100)
        for length in range(1, 11)
    ]
    began = process_time()
    entities = EntityDecoder.by_name(name)().decode(candidates)
    # A hundredth of this on a machine of its own.
    assert process_time() - began < 1
    assert {entity.key for entity in entities} <= {candidate.key for candidate in candidates}
    assert (len(entities) == 1000) == (name == "none")
