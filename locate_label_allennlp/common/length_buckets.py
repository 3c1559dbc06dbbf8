"""Groups of entities by their length."""

from bisect import bisect_right
from itertools import pairwise
from typing import Sequence

from allennlp.common.checks import ConfigurationError


class LengthBuckets:
    """
    # Parameters

    lower_bounds : `Sequence[int]`, optional (default = `(1, 5, 10)`)
        The shortest length of each bucket in words, rising from 1; the last bucket has no end. By
        default the buckets of Table 3 of
        [Locate and Label](https://aclanthology.org/2021.acl-long.216): 1-4, 5-9 and 10+.

    # Attributes

    names : `List[str]`
    """

    def __init__(self, lower_bounds: Sequence[int] = (1, 5, 10)) -> None:
        self._lower_bounds = list(lower_bounds)
        rises = all(low < high for low, high in pairwise(self._lower_bounds))
        if self._lower_bounds[:1] != [1] or not rises:
            raise _not_allowed(self._lower_bounds)
        self.names = [
            f"{low}-{high - 1}" if low < high - 1 else str(low)
            for low, high in pairwise(self._lower_bounds)
        ]
        self.names.append(f"{self._lower_bounds[-1]}+")

    @classmethod
    def from_text(cls, text: str) -> "LengthBuckets":
        """From lower bounds with commas between them."""
        try:
            return cls([int(bound) for bound in text.split(",")])
        except ValueError as error:
            raise _not_allowed(text) from error

    def name_of(self, num_words: int) -> str:
        """The bucket of a length in words."""
        return self.names[bisect_right(self._lower_bounds, num_words) - 1]


def _not_allowed(bounds: object) -> ConfigurationError:
    return ConfigurationError(
        f"length_buckets is {bounds!r}; allowed are the shortest lengths of the buckets, rising "
        "from 1, such as 1, 5, 10"
    )
