from typing import Callable

import torch

from locate_label_allennlp.decoders import ScoredSpan
from locate_label_allennlp.report.offsets import Offsets
from locate_label_allennlp.report.traces import SeedTrace, Trace

TYPE_A, NONE = [0.1, 0.8, 0.1], [0.8, 0.1, 0.1]


def test_counts_the_seeds_behind_each_found_entity(make_trace: Callable[..., Trace]) -> None:
    seeds = torch.tensor([(2, 4), (0, 2), (3, 9), (2, 4), (5, 5)])
    rows = [(2, 4, TYPE_A), (2, 4, TYPE_A), (2, 4, TYPE_A), (2, 3, TYPE_A), (2, 4, NONE)]
    offsets = Offsets()
    offsets.add(
        make_trace(
            candidates=rows,
            found=[ScoredSpan(2, 4, "A", 0.8)],
            seeds=SeedTrace(seeds, None, seeds, 0.7),
        )
    )
    assert offsets.as_json() == {
        "start": [(-1, 1), (0, 1), (2, 1)],
        "end": [(-5, 1), (0, 1), (2, 1)],
        "all": [2, 1, 2, 0, 1],
        "nearest": [2, 0, 0, 0, 0],
    }


def test_nothing_found_nothing_counted(make_trace: Callable[..., Trace]) -> None:
    offsets = Offsets()
    offsets.add(make_trace(candidates=[(2, 4, TYPE_A)]))
    offsets.add(make_trace(found=[ScoredSpan(2, 4, "A", 0.8)]))
    assert offsets.as_json() == {"start": [], "end": [], "all": [0] * 5, "nearest": [0] * 5}
