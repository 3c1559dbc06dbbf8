import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.length_buckets import LengthBuckets


@pytest.mark.parametrize(
    ("bounds", "names", "of_lengths"),
    [
        ([1, 5, 10], ["1-4", "5-9", "10+"], ["1-4", "1-4", "5-9", "5-9", "10+", "10+"]),
        ([1, 2, 9], ["1", "2-8", "9+"], ["1", "2-8", "2-8", "9+", "9+", "9+"]),
        ([1], ["1+"], ["1+"] * 6),
    ],
)
def test_names_and_what_is_in_them(bounds, names, of_lengths):
    buckets = LengthBuckets(bounds)
    assert buckets.names == names
    assert [buckets.name_of(length) for length in (1, 4, 5, 9, 10, 200)] == of_lengths
    assert LengthBuckets.from_text(", ".join(map(str, bounds))).names == names


def test_by_default_those_of_the_paper():
    assert LengthBuckets().names == ["1-4", "5-9", "10+"]


@pytest.mark.parametrize("bounds", [[], [2, 5], [0, 1], [1, 5, 5], [1, 10, 5]])
def test_bounds_that_do_not_rise_from_one_are_named(bounds):
    with pytest.raises(ConfigurationError, match=r"length_buckets is .*; allowed are .* 1, 5, 10"):
        LengthBuckets(bounds)


def test_a_text_that_is_no_list_of_numbers_is_named():
    with pytest.raises(ConfigurationError, match="length_buckets is '1,five'; allowed are"):
        LengthBuckets.from_text("1,five")
