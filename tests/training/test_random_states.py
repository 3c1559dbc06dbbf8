import random
from pathlib import Path

import numpy
import torch

from locate_label_allennlp.training.random_states import random_states, set_random_states


def draws() -> list[float]:
    # The second of a pair of normal numbers is kept in the states.
    return [random.gauss(0, 1), random.random(), numpy.random.normal(), torch.randn(1).item()]


def test_draws_go_on_as_they_would_have(tmp_path: Path) -> None:
    draws()
    # As they are in a checkpoint, which is loaded safely.
    torch.save(random_states(), tmp_path / "states.th")
    expected = [draws(), draws()]
    draws()
    set_random_states(torch.load(tmp_path / "states.th", weights_only=True))
    assert [draws(), draws()] == expected
