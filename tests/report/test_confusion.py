from typing import Callable, List, Optional, Tuple

import pytest

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.confusion import Confusion, type_pairs
from locate_label_allennlp.report.traces import Trace

Spans = List[Entity]


@pytest.mark.parametrize(
    ("gold", "found", "pairs"),
    [
        ([Entity(0, 2, "A")], [Entity(0, 2, "A")], [("A", "A")]),
        ([Entity(0, 2, "A")], [Entity(0, 2, "B")], [("A", "B")]),
        ([Entity(0, 2, "A")], [Entity(0, 3, "A")], [("A", None), (None, "A")]),
        # What agrees is paired first; the rest in alphabetical order.
        ([Entity(0, 2, "A"), Entity(0, 2, "B")], [Entity(0, 2, "B")], [("B", "B"), ("A", None)]),
        ([Entity(0, 2, "B")], [Entity(0, 2, "A"), Entity(0, 2, "C")], [("B", "A"), (None, "C")]),
        ([], [], []),
    ],
)
def test_pairs(gold: Spans, found: Spans, pairs: List[Tuple[Optional[str], Optional[str]]]) -> None:
    assert sorted(type_pairs(gold, found), key=str) == sorted(pairs, key=str)


def test_the_matrix_counts_every_entity(make_trace: Callable[..., Trace]) -> None:
    confusion = Confusion(["B", "A"])
    confusion.add(
        make_trace(
            [
                Entity(0, 2, "A"),
                Entity(3, 5, "A"),
                Entity(6, 7, "B"),
                Entity(0, 10, "B", ((0, 1), (9, 10))),
            ],
            predicted=[
                Entity(0, 2, "A", score=0.9),
                Entity(3, 5, "B", score=0.9),
                Entity(8, 10, "B", score=1),
            ],
        )
    )
    assert confusion.as_json() == {
        "types": ["A", "B"],
        "counts": [[1, 1, 0], [0, 0, 2], [0, 1, 0]],
    }
