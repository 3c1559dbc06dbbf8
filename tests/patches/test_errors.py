import errno
import sys

import pytest
import torch
from allennlp.common import checks
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import SigTermReceived
from allennlp.models import archival

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.patches.errors import in_one_line, runs_allennlp


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CorpusError("is wrong", "a.jsonl", 3), "allennlp: error: a.jsonl:3: is wrong\n"),
        (ConfigurationError("x is 1"), "allennlp: error: x is 1\n"),
        (FloatingPointError("the loss is nan"), "allennlp: error: the loss is nan\n"),
        (OSError(errno.ENOSPC, "is full", "a.th"), "allennlp: error: a.th: is full\n"),
        (OSError(errno.EDQUOT, "is full"), "allennlp: error: is full\n"),
        (KeyboardInterrupt(), "allennlp: interrupted\n"),
        (SigTermReceived(), "allennlp: interrupted\n"),
    ],
)
def test_errors_of_the_user_s_files_are_one_line(error, line, capsys, monkeypatch):
    monkeypatch.delenv("ALLENNLP_DEBUG", raising=False)
    in_one_line(sys.__excepthook__)(type(error), error, None)
    assert capsys.readouterr().err == line


def test_all_others_go_where_they_went(monkeypatch):
    seen = []
    hook = in_one_line(lambda kind, error, traceback: seen.append(error))
    ours, theirs = ValueError("ours"), CorpusError("theirs")
    monkeypatch.delenv("ALLENNLP_DEBUG", raising=False)
    hook(ValueError, ours, None)
    monkeypatch.setenv("ALLENNLP_DEBUG", "1")
    hook(CorpusError, theirs, None)
    assert seen == [ours, theirs]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("/usr/bin/allennlp", True),
        (r"bin/allennlp.exe", True),
        ("lib/allennlp/__main__.py", True),
        ("/usr/bin/pytest", False),
        ("lib/pytest/__main__.py", False),
        ("", False),
    ],
)
def test_which_programs_are_the_command(program, expected):
    assert runs_allennlp(program) is expected


@pytest.mark.parametrize(
    ("count", "device", "there"),
    [(0, 0, "-1, the CPU (no GPU is seen)"), (2, 2, "0 to 1, or -1, the CPU")],
)
def test_a_gpu_that_is_not_there(count, device, there, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    for ask in (
        lambda: checks.check_for_gpu(device),
        lambda: checks.check_for_gpu([-1, device]),
        lambda: archival.load_archive(tmp_path, cuda_device=device),
    ):
        with pytest.raises(ConfigurationError) as caught:
            ask()
        assert f"(GPUS, --cuda-device, trainer.cuda_device) is {device}" in caught.value.message
        assert caught.value.message.endswith(f"allowed here is {there}")
    checks.check_for_gpu([-1, *range(count)])
