from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import pytest
import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import KeepAllDecoder, SoftNmsDecoder
from locate_label_allennlp.report.stages import (
    ORIGINS,
    STAGES,
    Origin,
    explanation,
    iou_with,
    lost_at,
    origin,
    possible_stages,
)
from locate_label_allennlp.report.traces import SeedTrace, Trace

GOLD = Entity(2, 5, "A")
# Word 12 belongs to neither fragment.
FAR_APART = Entity(11, 14, "A", ((11, 12), (13, 14)))
FRAGMENTS = Entity(0, 10, "A", ((0, 1), (9, 10)))
NONE, TYPE_A, TYPE_B = [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]
WEAK_A = [0.3, 0.4, 0.3]
COLUMNS = {"A": 1, "B": 2}


def above_half(entity: Entity) -> bool:
    return entity.score is not None and entity.score > 0.5


def seeds(
    spans: Sequence[Tuple[int, int]],
    kept: Optional[List[bool]],
    made: Sequence[Tuple[int, int]],
    are_adjusted: bool = True,
) -> SeedTrace:
    mask = None if kept is None else torch.tensor(kept, dtype=torch.bool)
    needed_iou = 0.7 if are_adjusted else 1.0
    of_candidates = torch.tensor(made).view(-1, 2)
    return SeedTrace(torch.tensor(spans), mask, of_candidates, needed_iou, are_adjusted)


NEAR, FAR = (1, 4), (0, 1)
CASES: Dict[str, Tuple[str, Dict[str, Any]]] = {
    "no seed near": (
        "seed",
        {"candidates": [(0, 1, NONE)], "seeds": seeds([FAR], [True], [FAR])},
    ),
    "dropped by the filter": (
        "filter",
        {
            "candidates": [(0, 1, NONE)],
            "seeds": seeds([NEAR, FAR], [False, True], [FAR]),
        },
    ),
    "moved elsewhere": (
        "boundary",
        {"candidates": [(1, 3, TYPE_A)], "seeds": seeds([NEAR], [True], [NEAR])},
    ),
    "no filter": (
        "boundary",
        {"candidates": [(1, 4, TYPE_A)], "seeds": seeds([NEAR], None, [NEAR])},
    ),
    "no seeds at all": ("boundary", {"candidates": [(1, 3, TYPE_A)]}),
    "no candidates": ("boundary", {}),
    "no entity": ("none", {"candidates": [(2, 4, NONE), (2, 3, TYPE_A)]}),
    "other type": ("type", {"candidates": [(2, 4, TYPE_B), (2, 4, NONE)]}),
    "another row has more of the type": (
        "type",
        {"candidates": [(2, 4, TYPE_B), (2, 4, [0.6, 0.35, 0.05])]},
    ),
    "low score": ("score", {"candidates": [(2, 4, WEAK_A), (2, 4, TYPE_B)]}),
    "decoder": ("nms", {"candidates": [(2, 4, TYPE_A), (2, 4, WEAK_A)]}),
    "right boundaries from a seed far away": (
        "none",
        {"candidates": [(2, 4, NONE)], "seeds": seeds([FAR], [True], [FAR])},
    ),
}


@pytest.mark.parametrize(("stage", "parts"), CASES.values(), ids=CASES.keys())
def test_an_entity_is_lost_at_the_last_stage_it_came_to(
    stage: str, parts: Dict[str, Any], make_trace: Callable[..., Trace]
) -> None:
    assert stage in STAGES
    assert lost_at(GOLD, make_trace([GOLD], **parts), above_half) == stage


ALL = set(STAGES) - {"discontinuous"}
POSSIBLE: Dict[str, Tuple["set[str]", Dict[str, Any]]] = {
    "all": (ALL, {"seeds": seeds([NEAR], [True], [NEAR])}),
    "no filter": (ALL - {"filter"}, {"seeds": seeds([NEAR], None, [NEAR])}),
    "no regressor": (
        ALL - {"boundary"},
        {"candidates": [(*FAR, NONE)], "seeds": seeds([NEAR, FAR], [False, True], [FAR], False)},
    ),
    "neither": (
        ALL - {"filter", "boundary"},
        {"candidates": [(*NEAR, NONE)], "seeds": seeds([NEAR], None, [NEAR], False)},
    ),
    "no seeds": (ALL - {"seed", "filter"}, {"candidates": [(2, 2, NONE)]}),
    "every span": (
        ALL - {"seed", "filter", "boundary"},
        {"candidates": [(0, 0, NONE), (0, 1, NONE), (1, 1, NONE)], "words": ("a", "b")},
    ),
    "as many spans as there are, but not all": (
        ALL - {"seed", "filter"},
        {"candidates": [(0, 0, NONE), (0, 0, NONE), (1, 1, NONE)], "words": ("a", "b")},
    ),
    "discontinuous": (
        {*ALL, "discontinuous"},
        {"gold": [GOLD, FRAGMENTS], "seeds": seeds([NEAR], [True], [NEAR])},
    ),
}


@pytest.mark.parametrize(("stages", "parts"), POSSIBLE.values(), ids=POSSIBLE.keys())
def test_stages_at_which_an_entity_can_be_lost(
    stages: "set[str]", parts: Dict[str, Any], make_trace: Callable[..., Trace]
) -> None:
    trace = make_trace(**{"gold": [GOLD], **parts})
    assert set(possible_stages(trace, SoftNmsDecoder())) == stages
    assert set(possible_stages(trace, KeepAllDecoder())) == stages - {"nms"}
    assert set(possible_stages(trace, SoftNmsDecoder(score_threshold=0))) == stages - {"score"}


@pytest.mark.parametrize("kept", [None, [False]])
def test_what_a_seed_is_that_stays_where_it_is(
    kept: Optional[List[bool]], make_trace: Callable[..., Trace]
) -> None:
    trace = make_trace([GOLD], seeds=seeds([NEAR], kept, [], are_adjusted=False))
    told = possible_stages(trace, SoftNmsDecoder())
    assert told["seed"] == "the model looks at no span of its length"
    assert "close enough" not in "".join(told.values())
    moved = make_trace([GOLD], seeds=seeds([NEAR], kept, []))
    assert possible_stages(moved, SoftNmsDecoder())["seed"] == STAGES["seed"]


EXPLAINED = {
    "no seed near": "no seed touches it",
    "dropped by the filter": "1 seed dropped",
    "moved elsewhere": "closest candidate: “port of Old” (IoU 0.50)",
    "no candidates": "no candidate in this sentence",
    "no entity": "no entity 0.800, A 0.100",
    "other type": "B 0.800, A 0.100",
    "another row has more of the type": "B 0.800, A 0.100",
    "low score": "scored 0.400 before decoding",
    "decoder": "scored 0.800 before decoding",
}


@pytest.mark.parametrize(("case", "text"), EXPLAINED.items())
def test_explanations(case: str, text: str, make_trace: Callable[..., Trace]) -> None:
    stage, parts = CASES[case]
    assert explanation(GOLD, stage, make_trace([GOLD], **parts), COLUMNS) == text


def test_iou_equals_the_count_of_words() -> None:
    spans = [(start, end) for start in range(6) for end in range(start, 6)]
    for first, last in spans:
        words = set(range(first, last + 1))
        others = [set(range(start, end + 1)) for start, end in spans]
        expected = [len(words & other) / len(words | other) for other in others]
        entity = Entity(first, last + 1, "A")
        assert iou_with(torch.tensor(spans), entity).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (Entity(2, 5, "B"), Origin("type", GOLD)),
        (Entity(3, 4, "A"), Origin("inside", GOLD)),
        (Entity(2, 4, "B"), Origin("inside", GOLD)),
        (Entity(1, 5, "A"), Origin("around", GOLD)),
        (Entity(2, 10, "A"), Origin("around", GOLD)),
        (Entity(1, 4, "A"), Origin("crossing", GOLD)),
        (Entity(4, 6, "A"), Origin("crossing", GOLD)),
        (Entity(5, 7, "A"), Origin("nothing", None)),
        (Entity(11, 14, "A"), Origin("discontinuous", FAR_APART)),
        (Entity(12, 13, "A"), Origin("inside", FAR_APART)),
        # Of two it touches, it overlaps the second one more.
        (Entity(4, 9, "A"), Origin("around", Entity(7, 9, "B"))),
    ],
)
def test_origins(entity: Entity, expected: Origin) -> None:
    assert expected.kind in ORIGINS
    assert origin(entity, [GOLD, Entity(7, 9, "B"), FAR_APART]) == expected


def test_a_discontinuous_entity_is_taken_for_all_words_between() -> None:
    assert "all words from its first to its last" in ORIGINS["discontinuous"]
    # With the same words, a contiguous entity is nearer.
    same = Entity(11, 14, "B")
    assert origin(Entity(11, 14, "A"), [FAR_APART, same]) == Origin("type", same)


def test_of_equally_overlapping_ones_the_nearer_then_the_earlier_counts() -> None:
    # IoU 1/2 with all three: one word of two, two words of four.
    entity = Entity(2, 4, "A")
    around, first, second = Entity(0, 4, "A"), Entity(2, 3, "A"), Entity(3, 4, "A")
    assert origin(entity, [around, second]).nearest == second
    assert origin(entity, [first, second]).nearest == first
