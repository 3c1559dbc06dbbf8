"""
What the tiny model finds in a corpus is what it found when it was last looked at.

Where a change is meant to change it, `python -m tests.models.test_stored_output` in the
repository's root writes `fixtures/expected/tiny_entities.json` anew, and the difference shows what
the change did.
"""

import json
import os
import sys
import zlib
from pathlib import Path

import pytest
import torch

# Of many draws one in which part of the seeds pass and every type is found, and in which nothing
# hangs on the last digits of a number.
_DRAW = 19
# Set by the command that writes the file.
_WRITES = "WRITE_STORED_OUTPUT"
EXPECTED = Path(__file__).parents[2] / "fixtures" / "expected" / "tiny_entities.json"


def fill(model):
    """
    Draws each parameter from its name and shape alone, so that it matters neither in which order
    the parts of a model are built nor what else is drawn.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            generator = torch.Generator().manual_seed(zlib.crc32(f"{name}{_DRAW}".encode()))
            parameter.copy_(torch.randn(parameter.size(), generator=generator))
            parameter.mul_(3 / parameter.size(-1) ** 0.5 if parameter.dim() > 1 else 0.3)


@pytest.fixture(params=["neighbours", "window"])
def mode(request):
    return request.param


@pytest.fixture
def found(mode, tiny, window):
    """The entities of each sentence, best first."""
    experiment = tiny(window if mode == "window" else {})
    fill(experiment.model)
    outputs = experiment.model.forward_on_instances(experiment.corpus)
    return [
        [
            [entity.start, entity.end, entity.type, round(entity.score, 6)]
            for entity in sorted(output["entities"], key=lambda entity: -entity.score)
        ]
        for output in outputs
    ]


def write(mode, found):
    stored = json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.exists() else {}
    stored[mode] = found
    EXPECTED.parent.mkdir(exist_ok=True)
    lines = [
        f"{json.dumps(name)}: [\n"
        + ",\n".join(f"  {json.dumps(sentence)}" for sentence in stored[name])
        + "\n]"
        for name in sorted(stored)
    ]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def test_entities_and_scores_are_the_stored_ones(mode, found):
    if _WRITES in os.environ:
        write(mode, found)
    expected = json.loads(EXPECTED.read_text("utf-8"))[mode]
    assert [by_place(sentence) for sentence in found] == [
        by_place(sentence, 1e-4) for sentence in expected
    ]


def by_place(entities, tolerance=None):
    return {
        (start, end, kind): score if tolerance is None else pytest.approx(score, abs=tolerance)
        for start, end, kind, score in entities
    }


def test_what_is_stored_says_something():
    """A model that finds nothing, or the same in either mode, would be no test of anything."""
    stored = json.loads(EXPECTED.read_text("utf-8"))
    for sentences in stored.values():
        entities = [entity for sentence in sentences for entity in sentence]
        assert all(sentences)
        assert {kind for *_, kind, _ in entities} == {"ORG", "PLACE", "ROLE"}
        assert len({score for *_, score in entities}) > len(entities) / 2 > 10
    assert stored["neighbours"] != stored["window"]


if __name__ == "__main__":
    os.environ[_WRITES] = "yes"
    sys.exit(pytest.main([__file__]))
