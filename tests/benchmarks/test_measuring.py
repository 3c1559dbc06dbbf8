"""The scripts of benchmarks/ that measure: what they share, and one of them as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[2]
# As Python does it for a script there.
sys.path.insert(0, str(ROOT / "benchmarks"))

import common  # noqa: E402


def test_contenders_take_turns_and_the_first_round_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, turns = [0.0], []
    monkeypatch.setitem(common.CLOCKS, "fake", lambda: now[0])

    def contender(name: str, seconds: float) -> Any:
        def run(item: int) -> None:
            turns.append((name, item))
            # The first round is slower.
            now[0] += seconds * item * (10 if len(turns) <= 4 else 1)

        return run

    def prepare(item: int) -> int:
        now[0] += 1000
        return item

    contenders = {"ours": contender("ours", 3.0), "bare": contender("bare", 2.0)}
    device = torch.device("cpu")
    times = common.interleaved(contenders, [1, 2], 2, device, "fake", prepare)
    assert turns == [("ours", 1), ("bare", 1), ("ours", 2), ("bare", 2)] * 3
    assert times == {"ours": [9.0, 9.0], "bare": [6.0, 6.0]}
    assert times.ratios("ours", "bare") == [1.5, 1.5]
    assert times.median("bare") == 6.0


def test_growth_is_the_exponent() -> None:
    assert common.growth([1, 10, 100], [5, 50 * 10**0.5, 5000]) == pytest.approx(1.5)


def test_resources_of_a_small_encoder(tmp_path: Path) -> None:
    options = ["--shapes", "minilm", "--contexts", "1", "--batches", "1", "--hidden", "16"]
    ended = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "resources.py", *options, "--json", "figures.json"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    header, _, row = ended.stdout.splitlines()[1:]
    assert header.startswith("| encoder | context | training, s/1,000 sentences | prediction, s/")
    assert row.startswith("| minilm | 1 | ")
    content = json.loads((tmp_path / "figures.json").read_text())
    assert content["environment"]["clock"] == "wall"
    figures = {one["name"].removeprefix("minilm, context 1: "): one for one in content["figures"]}
    values = {name: figure["value"] for name, figure in figures.items()}
    assert values["training"] > values["prediction"] > 0
    # Weights, their gradients and the two averages of AdamW.
    assert values["memory, training"] > values["memory, prediction"] > 300
    # Weights and the two averages; the archive has the weights alone, compressed.
    assert 2.9 < values["checkpoint"] / values["archive"] < 3.6
