from typing import Callable, List, Optional, Tuple

import pytest

from locate_label_allennlp.decoders import ScoredSpan
from locate_label_allennlp.report.confusion import Confusion, type_pairs
from locate_label_allennlp.report.traces import Trace

Spans = List[Tuple[int, int, str]]


@pytest.mark.parametrize(
    ("gold", "found", "pairs"),
    [
        ([(0, 1, "A")], [(0, 1, "A")], [("A", "A")]),
        ([(0, 1, "A")], [(0, 1, "B")], [("A", "B")]),
        ([(0, 1, "A")], [(0, 2, "A")], [("A", None), (None, "A")]),
        # What agrees is paired first; the rest in alphabetical order.
        ([(0, 1, "A"), (0, 1, "B")], [(0, 1, "B")], [("B", "B"), ("A", None)]),
        ([(0, 1, "B")], [(0, 1, "A"), (0, 1, "C")], [("B", "A"), (None, "C")]),
        ([], [], []),
    ],
)
def test_pairs(gold: Spans, found: Spans, pairs: List[Tuple[Optional[str], Optional[str]]]) -> None:
    assert sorted(type_pairs(gold, found), key=str) == sorted(pairs, key=str)


def test_the_matrix_counts_every_entity(make_trace: Callable[..., Trace]) -> None:
    confusion = Confusion(["B", "A"])
    confusion.add(
        make_trace(
            [(0, 1, "A"), (3, 4, "A"), (6, 6, "B")],
            found=[
                ScoredSpan(0, 1, "A", 0.9),
                ScoredSpan(3, 4, "B", 0.9),
                ScoredSpan(8, 9, "B", 1),
            ],
            unreachable=[(0, 9, "B")],
        )
    )
    assert confusion.as_json() == {
        "types": ["A", "B"],
        "counts": [[1, 1, 0], [0, 0, 2], [0, 1, 0]],
    }
