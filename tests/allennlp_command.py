"""The `allennlp` command, as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ALLENNLP = str(Path(sys.executable).with_name("allennlp"))


def run_allennlp(*arguments: Any, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """What it prints, errors included, is in `stdout`."""
    return subprocess.run(
        [ALLENNLP, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
