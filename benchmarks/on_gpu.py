"""
What is wanted of a GPU, in one command: a training step takes at most 1.3 times as long as the bare
encoder's, prediction has at least 0.6 of its rate. Runs `training_step.py` and `prediction.py`, and
passes all options on to both; these are the defaults:

    python benchmarks/on_gpu.py --device cuda --precision bf16 --shape bert-base --token-budget 8192

It also runs with `--device cpu`. The table names the card and the versions.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

from common import markdown_table, short

_DEFAULTS = ["--device", "cuda", "--precision", "bf16", "--shape", "bert-base"]
_DEFAULTS += ["--token-budget", "8192"]
MOST_OF_A_STEP, LEAST_OF_THE_RATE = 1.3, 0.6


def main() -> None:
    options = [*_DEFAULTS, *sys.argv[1:]]
    step, prediction = (measured(name, options) for name in ("training_step", "prediction"))
    environment = ", ".join(f"{name} {value}" for name, value in step["environment"].items())
    print(environment, "", *table(step["figures"], prediction["figures"]), sep="\n")


def measured(name: str, options: Sequence[str]) -> Any:
    """What a script writes to the file of `--json`."""
    script = Path(__file__).with_name(f"{name}.py")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        subprocess.run([sys.executable, script, *options, "--json", file], check=True)
        return json.loads(file.read_text(encoding="utf-8"))


def table(step: Sequence[Dict[str, Any]], prediction: Sequence[Dict[str, Any]]) -> List[str]:
    """The figures of both scripts against what is wanted."""
    ratio = _ratio(step, "ours / bare encoder")
    rate = 1 / _ratio(prediction, "instances: ours / bare encoder")
    rows = [
        (
            "training step / bare encoder's",
            short(ratio),
            f"at most {MOST_OF_A_STEP}",
            _verdict(ratio <= MOST_OF_A_STEP),
        ),
        (
            "rate of prediction / bare encoder's",
            short(rate),
            f"at least {LEAST_OF_THE_RATE}",
            _verdict(rate >= LEAST_OF_THE_RATE),
        ),
    ]
    return markdown_table(["what", "figure", "wanted", ""], rows)


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def _ratio(figures: Sequence[Dict[str, Any]], name: str) -> float:
    (value,) = (figure["value"] for figure in figures if figure["name"] == name)
    return float(value)


if __name__ == "__main__":
    main()
