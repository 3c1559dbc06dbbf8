"""The files of Label Studio, doccano and Prodigy, read and written."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, List

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import (
    AutoFormat,
    CorpusFormat,
    DoccanoFormat,
    JsonlFormat,
    LabelStudioFormat,
    ProdigyFormat,
)

SHIP = "\U0001f6a2"
TEXT = f" The mayor of Old Tarn {SHIP} slept.\r\nVisby  did not.\n"

NESTED = Document(
    (
        Sentence(
            ("The", "mayor", "of", "Old", "Tarn", SHIP, "slept", "."),
            (Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE"), Entity(3, 5, "TOWN"), Entity(5, 6, "X")),
            offsets=((1, 4), (5, 10), (11, 13), (14, 17), (18, 22), (23, 24), (25, 30), (30, 31)),
        ),
        Sentence(
            ("Visby", "did", "not", "."),
            (Entity(0, 1, "PLACE"),),
            offsets=((33, 38), (40, 43), (44, 47), (47, 48)),
        ),
    ),
    "a/7",
    TEXT,
)
EMPTY = Document((), "b", "")

FORMATS: List[CorpusFormat] = [
    LabelStudioFormat(),
    LabelStudioFormat(results="predictions", text_field="body", from_name="ner", to_name="t"),
    DoccanoFormat(),
    ProdigyFormat(),
]
of_each = pytest.mark.parametrize(
    "format", FORMATS, ids=["annotations", "predictions", "doccano", "prodigy"]
)


def plain(documents: Any) -> List[Document]:
    return [
        replace(d, sentences=tuple(replace(s, source="") for s in d.sentences)) for d in documents
    ]


@of_each
def test_what_is_written_is_read(format: CorpusFormat, tmp_path: Path) -> None:
    path, again = tmp_path / "1.json", tmp_path / "2.json"
    format.write([NESTED, EMPTY], str(path))
    assert SHIP in path.read_text("utf-8")
    found = list(format.read(str(path)))
    assert plain(found) == [NESTED, EMPTY]
    format.write(found, str(again))
    assert path.read_bytes() == again.read_bytes()


@of_each
def test_auto_tells_them(format: CorpusFormat, tmp_path: Path) -> None:
    path = str(tmp_path / "1.json")
    format.write([NESTED], path)
    if getattr(format, "_results", "") == "predictions":
        with pytest.raises(CorpusError, match='"data" of Label Studio has a text "text"'):
            list(AutoFormat().read(path))
    else:
        assert plain(AutoFormat().read(path)) == [NESTED]


@of_each
def test_a_discontinuous_entity_is_refused(format: CorpusFormat, tmp_path: Path) -> None:
    entity = Entity(0, 4, "PLACE", ((0, 1), (3, 4)))
    sentence = replace(NESTED.sentences[1], entities=(entity,), source="x.jsonl:7")
    with pytest.raises(CorpusError, match=r"'PLACE' from word 0 to 4 .* of x.jsonl:7; jsonl and"):
        format.write([replace(NESTED, sentences=(sentence,))], str(tmp_path / "out.json"))
    assert not list(tmp_path.iterdir())


@of_each
def test_nothing_gives_no_documents(format: CorpusFormat, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    format.write([], str(path))
    assert list(format.read(str(path))) == []


def written(format: CorpusFormat, document: Document, path: Path) -> Any:
    format.write([document], str(path))
    return json.loads(path.read_text("utf-8"))


SCORED = Document(
    (
        Sentence(
            ("Old", "Tarn", "."),
            (Entity(0, 2, "ORG", score=0.5), Entity(0, 2, "PLACE", score=0.75)),
            offsets=((0, 3), (4, 8), (8, 9)),
        ),
    ),
    "7",
    "Old Tarn.",
)


def test_predictions_of_label_studio(tmp_path: Path) -> None:
    format = LabelStudioFormat(results="predictions", from_name="ner", to_name="body")
    (task,) = written(format, SCORED, tmp_path / "out.json")
    common = {"from_name": "ner", "to_name": "body", "type": "labels"}
    value = {"start": 0, "end": 8, "text": "Old Tarn"}
    assert task == {
        "data": {"text": "Old Tarn.", "doc_id": "7"},
        "predictions": [
            {
                "result": [
                    {"id": "0", **common, "value": {**value, "labels": ["ORG"]}, "score": 0.5},
                    {"id": "1", **common, "value": {**value, "labels": ["PLACE"]}, "score": 0.75},
                ],
                "model_version": "locate_label_allennlp",
                "score": 0.5,
            }
        ],
    }
    assert "predictions" not in written(LabelStudioFormat(), SCORED, tmp_path / "2.json")[0]


def test_lines_of_doccano_and_prodigy(tmp_path: Path) -> None:
    assert written(DoccanoFormat(), SCORED, tmp_path / "1.jsonl") == {
        "text": "Old Tarn.",
        "label": [[0, 8, "ORG"], [0, 8, "PLACE"]],
        "doc_id": "7",
    }
    place = {"start": 0, "end": 8, "token_start": 0, "token_end": 1}
    assert written(ProdigyFormat(), SCORED, tmp_path / "2.jsonl") == {
        "text": "Old Tarn.",
        "tokens": [
            {"text": "Old", "start": 0, "end": 3, "id": 0, "ws": True, "sent_start": True},
            {"text": "Tarn", "start": 4, "end": 8, "id": 1, "ws": False},
            {"text": ".", "start": 8, "end": 9, "id": 2, "ws": False},
        ],
        "spans": [
            {**place, "label": "ORG", "score": 0.5},
            {**place, "label": "PLACE", "score": 0.75},
        ],
        "doc_id": "7",
    }


def test_tokens_of_prodigy_make_its_text(tmp_path: Path) -> None:
    task = written(ProdigyFormat(), NESTED, tmp_path / "out.jsonl")
    shown = "".join(token["text"] + " " * token["ws"] for token in task["tokens"])
    # All but the end, as where spaCy's words begin with a blank: it stands in a token.
    assert shown == TEXT.rstrip("\n")
    for span in task["spans"]:
        first, last = task["tokens"][span["token_start"]], task["tokens"][span["token_end"]]
        assert (first["start"], last["end"]) == (span["start"], span["end"])


def test_a_sentence_of_prodigy_without_marks_is_one(tmp_path: Path) -> None:
    task = written(ProdigyFormat(), NESTED, tmp_path / "out.jsonl")
    for token in task["tokens"]:
        token.pop("sent_start", None)
    (tmp_path / "out.jsonl").write_text(json.dumps(task))
    (document,) = JsonlFormat().read(str(tmp_path / "out.jsonl"))
    assert [len(sentence.words) for sentence in document.sentences] == [12]


@pytest.mark.parametrize("results", ["annotations", "predictions"])
def test_which_results_are_read(
    results: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tasks.json"
    LabelStudioFormat(results="predictions").write([SCORED], str(path))
    with caplog.at_level(logging.WARNING):
        (document,) = LabelStudioFormat(results=results).read(str(path))
    found = [entity.type for entity in document.sentences[0].entities]
    said = [record.getMessage() for record in caplog.records]
    if results == "predictions":
        assert (found, said) == (["ORG", "PLACE"], [])
    else:
        assert found == []
        assert said[0] == (
            f"{path}: tasks of Label Studio with predictions alone, which are not read; results "
            "'predictions' of format 'label_studio' reads them: 1"
        )


def test_a_task_has_both(tmp_path: Path) -> None:
    (task,) = written(LabelStudioFormat(), SCORED, tmp_path / "1.json")
    task["predictions"] = [{"result": []}]
    (tmp_path / "1.json").write_text(json.dumps([task]))
    for results, number in [("annotations", 2), ("predictions", 0)]:
        (document,) = LabelStudioFormat(results=results).read(str(tmp_path / "1.json"))
        assert len(document.sentences[0].entities) == number


@pytest.mark.parametrize("name", ["label_studio", "label_studio_small", "doccano", "prodigy"])
def test_exports_are_read_as_jsonl_does(name: str, fixtures: Path) -> None:
    (path,) = (fixtures / "formats").glob(f"{name}.json*")
    format = CorpusFormat.by_name(name.removesuffix("_small"))()
    assert list(format.read(str(path))) == list(JsonlFormat().read(str(path)))


RESULT = {"value": {"start": 0, "end": 9, "labels": ["X"]}}


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("label_studio", {"text": "a", "spans": []}, "a task of Label Studio has an object"),
        ("label_studio", {"data": {"x": "a"}}, '"data" of Label Studio has a text "text"'),
        (
            "label_studio",
            {"data": {"text": "a"}, "text": "a", "label": []},
            "a task of Label Studio has no 'text' beside its \"data\"",
        ),
        ("label_studio", ["a"], "a task of Label Studio has an object"),
        (
            "label_studio",
            {"data": {"text": "a"}, "annotations": [{"result": [RESULT]}]},
            "lies outside the text; allowed is 0 <= start < end <= 1",
        ),
        ("doccano", {"text": "a", "spans": []}, "a line of doccano has a text"),
        ("doccano", {"tokens": ["a"]}, "a line of doccano has a text"),
        ("doccano", {"text": "a", "label": [[0, 2, "X"]]}, "lies outside the text"),
        ("doccano", {"text": "a", "label": [[0, 1]]}, "an entity is [start, end, type] (doccano)"),
        ("prodigy", {"text": "a", "entities": []}, "a task of Prodigy has a text"),
        ("prodigy", "a", "a task of Prodigy has a text"),
        ("prodigy", {"text": "a", "spans": [{"start": 0}]}, 'an entity has "start", "end" and'),
        ("prodigy", {"text": "a", "tokens": [{"text": "b"}], "spans": []}, "a token has"),
    ],
)
def test_what_is_wrong_is_one_line(name: str, line: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "fine"}\n' + json.dumps(line))
    with pytest.raises(CorpusError) as caught:
        list(CorpusFormat.by_name(name)().read(str(path)))
    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_field_that_a_task_lacks(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_text('[{"data": {"body": "a"}}, {"data": {"text": "a"}}]')
    with pytest.raises(CorpusError, match=r"Label Studio has no 'body'; got"):
        list(LabelStudioFormat(text_field="body").read(str(path)))
    with pytest.raises(ConfigurationError, match=r"results is 'x'; allowed are 'anno"):
        LabelStudioFormat(results="x")
