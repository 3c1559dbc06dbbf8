import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.overlap import check_overlap, without_overlap

OUTER = Entity(0, 5, "A", score=0.6)
MIDDLE = Entity(1, 4, "A", score=0.9)
INNER = Entity(1, 2, "B", score=0.7)
OTHER_INNER = Entity(3, 4, "B", score=0.8)
APART = Entity(7, 8, "A", score=0.5)
ALL = [OUTER, INNER, MIDDLE, OTHER_INNER, APART]


@pytest.mark.parametrize(
    ("overlap", "kept"),
    [
        ("nested", ALL),
        ("flat", [INNER, OTHER_INNER, APART]),
        ("outermost", [OUTER, APART]),
        ("innermost", [INNER, OTHER_INNER, APART]),
    ],
)
def test_what_overlaps(overlap, kept):
    assert without_overlap(ALL, overlap) == kept
    assert without_overlap([], overlap) == []


@pytest.mark.parametrize("overlap", ["outermost", "innermost"])
def test_of_equally_long_ones_the_better_is_kept(overlap):
    twin = Entity(0, 5, "B", score=0.7)
    crossing = Entity(4, 9, "A", score=0.65)
    assert without_overlap([OUTER, twin], overlap) == [twin]
    assert without_overlap([OUTER, crossing], overlap) == [crossing]


def test_outermost_is_what_lies_in_no_other_one():
    crossing = Entity(4, 8, "A", score=0.9)
    inside = Entity(6, 7, "B", score=0.1)
    assert without_overlap([OUTER, crossing, inside], "outermost") == [OUTER, inside]


def test_an_unknown_way_is_named():
    assert check_overlap("flat") == "flat"
    message = "overlap is 'best'; allowed are nested, flat, outermost, innermost"
    with pytest.raises(ConfigurationError, match=message):
        check_overlap("best")


@pytest.mark.parametrize("overlap", ["nested", "flat", "outermost", "innermost"])
def test_one_entity_stays(overlap):
    assert without_overlap([OUTER], overlap) == [OUTER]
