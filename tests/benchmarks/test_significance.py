"""The paired bootstrap, as it is typed and in numbers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import numpy
import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "significance.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import significance

    return significance


def write(path: Path, sentences: List[List[List[Any]]]) -> Path:
    rows = [
        {
            "tokens": [f"w{number}", "a", "b", "."],
            "entities": [
                {"start": start, "end": end, "type": kind} for start, end, kind in entities
            ],
        }
        for number, entities in enumerate(sentences)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


GOLD = [[[0, 2, "A"], [1, 2, "B"]], [[0, 1, "A"]], [], [[2, 3, "B"]]]
FOUND = [[[0, 2, "A"], [1, 2, "A"]], [[0, 1, "A"]], [[0, 1, "B"]], []]


def test_counts_of_sentences(script: Any, tmp_path: Path) -> None:
    corpus, found = write(tmp_path / "gold.jsonl", GOLD), write(tmp_path / "found.jsonl", FOUND)
    documents = list(script.AutoFormat().read(str(corpus)))
    counts = script.sentence_counts(documents, str(corpus), str(found))
    assert counts.tolist() == [[2, 2, 1], [1, 1, 1], [0, 1, 0], [1, 0, 0]]


def test_f1_of_draws(script: Any) -> None:
    counts = numpy.array([[2, 2, 1], [1, 1, 1], [0, 1, 0], [1, 0, 0]])
    drawn = numpy.array([[1, 1, 1, 1], [4, 0, 0, 0], [0, 2, 0, 2], [0, 0, 4, 0]])
    # P and R: 2 / 4 and 2 / 4; 4 / 8 twice; 2 / 2 and 2 / 4; 0
    assert script.mean_f1([counts], drawn).tolist() == pytest.approx([0.5, 0.5, 2 / 3, 0])
    others = counts * [1, 0, 0]
    assert script.mean_f1([counts, others], drawn).tolist() == pytest.approx([0.25, 0.25, 1 / 3, 0])


def test_what_is_chance_and_what_is_not(script: Any) -> None:
    generator = numpy.random.default_rng(0)
    right = generator.random((400, 2)) < [0.8, 0.6]
    better, worse = (
        numpy.stack([numpy.ones(400), numpy.ones(400), column], axis=1).astype(int)
        for column in right.T
    )
    found = script.significance([better], [worse], 1_000, 13)
    first, second = right.mean(axis=0)
    assert (found.first, found.second) == pytest.approx((first, second))
    # Half the width that a normal distribution of the differences would have.
    half = 1.96 * (right[:, 0].astype(float) - right[:, 1]).std() / 400**0.5
    assert found.low == pytest.approx(first - second - half, abs=0.01)
    assert found.high == pytest.approx(first - second + half, abs=0.01)
    assert found.share == 0
    assert script.significance([worse], [better], 1_000, 13).share == 1
    same = script.significance([worse, better], [better, worse], 1_000, 13)
    assert same[2:] == (0, 0, 1)
    assert script.significance([better], [worse], 1_000, 13) == found


def test_as_it_is_typed(tmp_path: Path) -> None:
    corpus, found = write(tmp_path / "gold.jsonl", GOLD), write(tmp_path / "found.jsonl", FOUND)
    command = [sys.executable, SCRIPT, corpus, "--first", corpus, "--second", found]
    output = subprocess.run(
        [*command, "--draws", "50"], capture_output=True, text=True, check=True
    ).stdout
    assert "first   100.00\nsecond  50.00\ndifference +50.00" in output
    assert "of 50 draws" in output
    refused = subprocess.run([*command, "--draws", "0"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "--draws is 0; allowed is 1 or more" in refused.stderr
