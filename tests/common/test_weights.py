from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from locate_label_allennlp.common.weights import SAFE_WEIGHTS, is_safe, read_weights


def test_either_file_of_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"a": torch.rand(2, 3), "b": torch.tensor(2)}
    torch.save(weights, tmp_path / "best.th")
    save_file(weights, tmp_path / SAFE_WEIGHTS)
    assert is_safe(tmp_path / SAFE_WEIGHTS)
    assert not is_safe(tmp_path / "best.th")
    for name in ("best.th", SAFE_WEIGHTS):
        read = read_weights(tmp_path / name)
        assert read.keys() == weights.keys()
        assert all(torch.equal(read[key], weights[key]) for key in weights)
    monkeypatch.delattr(torch, "load")
    assert read_weights(str(tmp_path / SAFE_WEIGHTS)).keys() == weights.keys()
