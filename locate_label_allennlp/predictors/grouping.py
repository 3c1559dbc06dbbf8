"""Inputs in groups, each of which is handed to the predictor at once."""

from typing import Iterable, Iterator, List, Optional, Tuple, TypeVar

from locate_label_allennlp.data.document import Document

SENTENCES_AT_ONCE = 768
"""
Enough that sentences of like length find each other, so that hardly any padding is read; few enough
that predictions keep coming.
"""

_T = TypeVar("_T")


def groups(
    inputs: Iterable[Tuple[_T, Document]], size: Optional[int] = None
) -> Iterator[List[Tuple[_T, Document]]]:
    """
    Consecutive inputs. Where one cannot be had, the group that comes before it is given first.

    # Parameters

    inputs : `Iterable[Tuple[T, Document]]`
        Each with its sentences.
    size : `int`, optional
        Inputs of a group; by default as many as have `SENTENCES_AT_ONCE` sentences together.

    # Raises

    What `inputs` raises.
    """
    group: List[Tuple[_T, Document]] = []
    num_sentences = 0
    try:
        for pair in inputs:
            group.append(pair)
            num_sentences += max(1, len(pair[1].sentences))
            if len(group) == size or (size is None and num_sentences >= SENTENCES_AT_ONCE):
                yield group
                group, num_sentences = [], 0
    except Exception:
        if group:
            yield group
        raise
    if group:
        yield group
