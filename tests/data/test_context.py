from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.context import words_that_fit

PIECES = st.lists(st.integers(1, 5), max_size=8)


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
