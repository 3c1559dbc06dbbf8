"""The `allennlp` command, as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ALLENNLP = str(Path(sys.executable).with_name("allennlp"))


def start_allennlp(*arguments: Any, cwd: Path, **environment: str) -> "subprocess.Popen[str]":
    """What it prints, errors included, is in `stdout`."""
    return subprocess.Popen(
        [ALLENNLP, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_allennlp(*arguments: Any, cwd: Path, fails: bool = False, **environment: str) -> str:
    """What it prints, errors included; its exit status has to be as `fails` says."""
    with start_allennlp(*arguments, cwd=cwd, **environment) as process:
        try:
            output, _ = process.communicate(timeout=600)
        except BaseException:
            process.kill()
            raise
    assert (process.returncode != 0) == fails, output
    return output


def error_line(output: str) -> str:
    """The one line of the output that says what is wrong."""
    (line,) = [line for line in output.splitlines() if line.startswith("allennlp: error: ")]
    assert "Traceback" not in output
    return line.removeprefix("allennlp: error: ")
