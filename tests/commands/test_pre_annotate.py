"""`allennlp pre-annotate`: what a model finds, as annotation tools read it."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest
from allennlp.common.checks import ConfigurationError

import locate_label_allennlp
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import BratFormat, CorpusFormat, LabelStudioFormat
from locate_label_allennlp.predictors.entity_finder import EntityFinder
from tests.untrained import Weights, write_untrained

Run = Callable[..., Tuple[int, str, str]]

TEXTS = {
    "a": "The mayor of Old Tarn slept \U0001f6a2.\r\nDr Torvik left Visby.",
    "b": "Nothing here.",
    "sub/c": "The director of Relmere University of Ahl left the Relmere.",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    """A folder like that of a training: untrained, and made to find some of the spans."""
    settings = {
        "seed_lengths": [1, 2, 3],
        "decoder": {
            "type": "soft_nms",
            "score_threshold": 0.4,
            "type_thresholds": {"ROLE": 0.75},
        },
    }

    def far_apart(weights: Weights) -> None:
        weights["_classifier._output.weight"] *= 100.0
        weights["_classifier._output.bias"][:] = 0.0

    return write_untrained(tmp_path_factory.mktemp("model"), fixtures, settings, far_apart)


@pytest.fixture(scope="module")
def finder(archive: Path) -> Any:
    return locate_label_allennlp.load(archive, device="cpu")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    for name, text in TEXTS.items():
        path = folder / f"{name}.txt"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode())
    return folder


def margin(finder: EntityFinder, text: str) -> float:
    """The same, of all candidates and the slow way."""
    thresholds = finder.thresholds
    return min(
        abs(each.score - max(thresholds[each.type], (each.score + each.none) / 2))
        for each in finder.candidates(text, min_score=0.0)
    )


def found(finder: EntityFinder, text: str) -> List[Tuple[int, int, str]]:
    return [(e.start_char or 0, e.end_char or 0, e.type) for e in finder(text)]


@pytest.mark.parametrize("tool", ["label_studio", "doccano", "prodigy", "brat"])
def test_every_tool_gets_what_the_model_finds(
    tool: str, archive: Path, finder: EntityFinder, texts: Path, tmp_path: Path, allennlp: Run
) -> None:
    target = tmp_path / "out"
    status, out, _ = allennlp("pre-annotate", archive, texts, "--to", tool, "--output", target)
    assert status == 0
    format: CorpusFormat = CorpusFormat.by_name(tool)()
    if tool == "label_studio":
        format = LabelStudioFormat(results="predictions")
    marked = {document.doc_id: document for document in format.read(str(target))}
    assert {name: document.text for name, document in marked.items()} == TEXTS
    number = 0
    for name, document in marked.items():
        entities = [
            (s.offsets[e.start][0], s.offsets[e.end - 1][1], e.type)
            for s in document.sentences
            if s.offsets
            for e in s.entities
        ]
        assert sorted(entities) == sorted(found(finder, TEXTS[name or ""]))
        number += len(entities)
    assert number >= 3, "the model was made to find something"
    assert out == f"{target}: 3 documents, {number} entities\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out", "texts"]


def test_scores_are_the_probabilities(
    archive: Path, finder: EntityFinder, texts: Path, tmp_path: Path, allennlp: Run
) -> None:
    target = tmp_path / "out.json"
    allennlp("pre-annotate", archive, texts, "--to", "label_studio", "--output", target)
    for task in json.loads(target.read_text("utf-8")):
        (prediction,) = task["predictions"]
        scores: Dict[Any, float] = {
            (result["value"]["start"], result["value"]["end"]): result["score"]
            for result in prediction["result"]
        }
        candidates = {
            (each.start_char, each.end_char): each.score
            for each in finder.candidates(task["data"]["text"])
            if each.is_found
        }
        assert scores == pytest.approx(candidates, abs=1e-5)


def test_the_least_certain_come_first(
    archive: Path, finder: EntityFinder, texts: Path, tmp_path: Path, allennlp: Run
) -> None:
    lines = tmp_path / "lines.jsonl"
    given = list(TEXTS.values())
    expected = sorted(given, key=lambda text: margin(finder, text))
    # In the other order, so that it is not theirs by chance.
    lines.write_text("".join(json.dumps({"text": text}) + "\n" for text in expected[::-1]))
    sorts = ["--least-certain-first", "--batch-size", 2]
    for options, texts_of in [([], expected[::-1]), (sorts, expected)]:
        target = tmp_path / "out.jsonl"
        arguments = ["--to", "doccano", "--output", target, "--force", *options]
        assert allennlp("pre-annotate", archive, lines, *arguments)[0] == 0
        written = [json.loads(line)["text"] for line in target.read_text("utf-8").splitlines()]
        assert written == texts_of
    folder = tmp_path / "brat"
    arguments = ["--to", "brat", "--output", folder, "--least-certain-first"]
    allennlp("pre-annotate", archive, texts, *arguments)
    marked = list(BratFormat().read(str(folder)))
    assert [document.text for document in marked] == expected
    names = {text: name.replace("/", "-") for name, text in TEXTS.items()}
    assert [d.doc_id for d in marked] == [
        f"{rank}-{names[text]}" for rank, text in enumerate(expected, start=1)
    ]


def test_texts_without_words_are_counted(archive: Path, tmp_path: Path, allennlp: Run) -> None:
    (tmp_path / "in.jsonl").write_text('Old Tarn.\n\n{"tokens": ["Old", "Tarn"], "doc_id": 7}\n')
    target = tmp_path / "out.jsonl"
    arguments = ["--to", "doccano", "--output", target]
    _, _, err = allennlp("pre-annotate", archive, tmp_path / "in.jsonl", *arguments)
    assert "1 texts without words, left out" in err
    first, second = map(json.loads, target.read_text().splitlines())
    assert first["text"] == "Old Tarn."
    assert (second["text"], second["doc_id"]) == ("Old Tarn\n", "7")


def test_what_is_not_allowed(
    archive: Path, texts: Path, tmp_path: Path, allennlp: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.jsonl").write_text('Old Tarn.\n{"text": 7}\n')
    (tmp_path / "blank").write_text("\n \n")
    (tmp_path / "there").write_text("before")
    nowhere = tmp_path / "no.tar.gz"
    before = sorted(tmp_path.rglob("*"))
    # What can be told without the model is told before it is loaded.
    for model, source, tool, target, message in [
        (nowhere, "none", "doccano", "out", "none: no such file"),
        (nowhere, "texts", "doccano", "no/out", "no/out: cannot be written: there is no folder no"),
        (nowhere, "texts", "prodigy", "texts", "texts: cannot be written: it is a folder"),
        (nowhere, "there", "prodigy", "there", "there: is both input and output"),
        (nowhere, "texts", "prodigy", "there", "there exists; --force overwrites it"),
        (nowhere, "texts", "brat", "texts", "texts: is there already; allowed is a new or an"),
        (archive, "bad.jsonl", "doccano", "out", "bad.jsonl:2: a line is a JSON object"),
        (archive, "bad.jsonl", "brat", "out", "bad.jsonl:2: a line is a JSON object"),
        (archive, "blank", "label_studio", "out", "blank: has no text with words"),
    ]:
        arguments = [source, "--to", tool, "--output", target]
        with pytest.raises((ConfigurationError, CorpusError)) as caught:
            allennlp("pre-annotate", model, *arguments)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
        assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(ConfigurationError, match="--batch-size is 0; allowed is >= 1"):
        allennlp(
            *("pre-annotate", archive, "texts", "--to", "brat", "--output", "o"),
            *("--batch-size", 0),
        )
    assert (tmp_path / "there").read_text() == "before"
