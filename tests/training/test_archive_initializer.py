"""Parameters out of an archive, into a model with more words and types."""

import re
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.nn import InitializerApplicator

from locate_label_allennlp.training.archive_initializer import ArchiveInitializer


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.th"
    torch.save({"weight": torch.arange(6.0).view(2, 3), "bias": torch.tensor([7.0, 8.0])}, path)
    return path


def test_what_is_new_stays_and_what_is_known_comes_from_the_archive(weights: Path) -> None:
    layer = torch.nn.Linear(4, 3)
    before = {name: parameter.detach().clone() for name, parameter in layer.named_parameters()}
    regexes = [[".*", {"type": "archive", "weights_file_path": str(weights)}]]
    InitializerApplicator.from_params(Params({"regexes": regexes}))(layer)
    assert layer.weight[:2, :3].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert layer.bias[:2].tolist() == [7.0, 8.0]
    assert torch.equal(layer.weight[2], before["weight"][2])
    assert torch.equal(layer.weight[:, 3], before["weight"][:, 3])
    assert layer.bias[2] == before["bias"][2]


@pytest.mark.parametrize(
    ("name", "size", "has"),
    [("weight", (1, 3), "one of size (2, 3)"), ("weight", (3,), "one of"), ("other", (3,), "none")],
)
def test_an_archive_of_another_model(weights: Path, name: str, size: tuple, has: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"and the archive has {has}")):
        ArchiveInitializer(str(weights))(torch.zeros(size), name)
