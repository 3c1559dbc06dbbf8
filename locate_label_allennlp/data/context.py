"""How much of the neighbouring sentences an encoder is shown."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Tuple


def words_that_fit(before: Sequence[int], after: Sequence[int], room: int) -> Tuple[int, int]:
    """
    How many words to keep on each side of a sentence. Each side gets half of the room; what one
    does not need goes to the other.

    # Parameters

    before, after : `Sequence[int]`
        The wordpieces of each word on either side, in the order of the text.
    room : `int`
        Wordpieces there is room for beside the sentence's own; nothing is kept if negative.

    # Returns

    `Tuple[int, int]`
        How many words nearest to the sentence to keep before and after it.
    """
    room = max(room, 0)
    # What the first words from the sentence outward need together.
    outward_before = list(accumulate(reversed(before)))
    outward_after = list(accumulate(after))
    need_before = outward_before[-1] if before else 0
    need_after = outward_after[-1] if after else 0
    for_before = min(need_before, max(room // 2, room - need_after))
    return _fitting(outward_before, for_before), _fitting(outward_after, room - for_before)


def _fitting(needs: Sequence[int], room: int) -> int:
    return sum(need <= room for need in needs)
