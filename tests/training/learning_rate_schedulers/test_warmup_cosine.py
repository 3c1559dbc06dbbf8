import math

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.training.learning_rate_schedulers import LearningRateScheduler


def rates(num_epochs=4, steps=10, **params):
    optimizer = torch.optim.SGD(
        [{"params": [torch.zeros(1)], "lr": 2.0}, {"params": [torch.zeros(1)], "lr": 0.5}]
    )
    scheduler = LearningRateScheduler.from_params(
        Params({"type": "warmup_cosine", **params}),
        optimizer=optimizer,
        num_epochs=num_epochs,
        num_steps_per_epoch=steps,
    )
    found = []
    for step in range(1, num_epochs * steps + 1):
        found.append([group["lr"] for group in optimizer.param_groups])
        scheduler.step_batch(step)
        if step % steps == 0:
            scheduler.step(0.5)
    return found


def test_rises_in_a_line_and_falls_along_a_cosine():
    found = rates(warmup=0.25)
    assert [first for first, _ in found[:9]] == pytest.approx([0.2 * i for i in range(1, 10)])
    for step in range(10, 41):
        share = (step - 10) / 31
        assert found[step - 1][0] == pytest.approx(1 + math.cos(math.pi * share))
    assert all(second == pytest.approx(first / 4) for first, second in found)


def test_every_step_moves_and_the_last_ones_little():
    found = [first for first, _ in rates()]
    assert min(found) > 0
    assert found[-1] < 0.02
    assert max(found) == pytest.approx(2.0)


def test_without_warmup_it_only_falls():
    found = [first for first, _ in rates(warmup=0.0)]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("warmup", [-0.1, 1.0])
def test_an_impossible_share_is_refused(warmup):
    with pytest.raises(ConfigurationError, match=f"warmup is {warmup}"):
        rates(warmup=warmup)


def test_a_training_of_unknown_length_is_refused():
    with pytest.raises(ConfigurationError, match="num_steps_per_epoch is unknown"):
        rates(num_epochs=1, steps=None)
