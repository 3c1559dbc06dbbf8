import platform
import sys

import allennlp
import pytest
import torch
import transformers
from allennlp.commands import main

import locate_label_allennlp
from locate_label_allennlp.commands.info import environment, installed_version


def test_the_command_prints_versions_and_devices(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["allennlp", "locate-label-info"])
    main(prog="allennlp")
    printed = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert {name.strip(): value.strip() for name, value in printed.items()} == environment()


def test_the_versions_are_those_of_the_imported_libraries() -> None:
    rows = environment()
    # What pip knows of torch leaves out, on some platforms, for which CUDA it was built.
    assert torch.__version__.startswith(rows["torch"])
    assert rows["allennlp"] == allennlp.__version__
    assert rows["transformers"] == transformers.__version__
    assert rows["locate-label-allennlp"] == locate_label_allennlp.__version__
    assert rows["Python"].startswith(platform.python_version())


@pytest.mark.parametrize(("names", "device"), [([], "cpu"), (["H", "H"], "cuda:0")])
def test_the_device_is_the_one_that_allennlp_takes(
    monkeypatch: pytest.MonkeyPatch, names: list[str], device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(names))
    monkeypatch.setattr(torch.cuda, "get_device_name", names.__getitem__)
    rows = environment()
    assert rows["allennlp train"] == device
    assert rows["GPUs"] == ("0: H, 1: H" if names else "none")
    assert ("--cuda-device 0" in rows["allennlp evaluate, predict"]) == bool(names)


def test_a_missing_distribution_is_no_error() -> None:
    assert installed_version("no-such-distribution-here") == "not installed"
