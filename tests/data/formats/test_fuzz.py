"""No corpus of any format ends otherwise than in documents or in one line; see `fuzz.py`."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.formats.fuzz import BAD, FORMATS, Case, outcome

FEW = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

JSONL, COLUMNS, BRAT = {"type": "jsonl"}, {"type": "columns"}, {"type": "brat"}
GENIA = {"type": "genia_xml"}

ENTITY = {"start": 0, "end": 1, "type": "X"}
LABELLED = {"value": {"start": 0, "end": 1, "labels": ["X"]}}


def json_case(item: object, told: int = 1) -> Case:
    return Case(JSONL, "c.jsonl", {"c.jsonl": json.dumps(item).encode()}, told)


def xml_case(content: str, told: int = 1) -> Case:
    return Case(GENIA, "c.xml", {"c.xml": f"<A>{content}</A>".encode()}, told)


ONCE_BAD = {
    "a line of columns that is quoted whole": Case(
        COLUMNS, "c.conll", {"c.conll": b"a\tI" + b"[" * 100_000}
    ),
    "brackets without a blank": json_case({"text": "[" * 100_000, "entities": []}, 0),
    "numbers of brat that are no numbers of Python": Case(
        BRAT, "a.ann", {"a.txt": b"a", "a.ann": b"T1\tX 0 " + b"9" * 5_000 + b"\ta\n"}
    ),
    "two fields of entities": json_case({"text": "a", "entities": [], "label": [[0, 1, "X"]]}),
    "tags beside entities": json_case({"tokens": ["a"], "entities": [], "ner_tags": ["B-X"]}),
    "entities of sentences and of their document": json_case(
        {"sentences": [{"tokens": ["a"], "entities": [ENTITY]}], "entities": []}
    ),
    "a misspelt key of Label Studio": json_case(
        {"data": {"text": "a"}, "annotations": [{"resutl": [LABELLED]}]}
    ),
    "an element that is no term": xml_case(
        '<sentence><tern sem="DNA_x" lex="x">a</tern></sentence>'
    ),
    "a term without text": xml_case('<sentence>a <term sem="DNA_x" lex="x"></term></sentence>'),
    "a sentence in a name": xml_case(
        '<PMID><sentence><term sem="DNA_x" lex="x">a</term></sentence></PMID><sentence>b</sentence>'
    ),
}


@pytest.mark.parametrize("name", FORMATS)
@FEW
@given(data=st.data())
def test_whatever_is_wrong_is_said(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    end = outcome(data.draw(FORMATS[name]), tmp_path_factory.mktemp("fuzz"))
    assert end.kind not in BAD, end


@pytest.mark.parametrize("name", ONCE_BAD)
def test_what_was_not_said_once(name: str, tmp_path: Path) -> None:
    end = outcome(ONCE_BAD[name], tmp_path)
    assert end.kind not in BAD, end


def test_a_loss_would_be_seen(tmp_path: Path) -> None:
    sound = json_case({"tokens": ["a"], "entities": [ENTITY]})
    assert outcome(sound, tmp_path).kind == "read"
    lost = json_case({"tokens": ["a"], "entities": []})
    assert outcome(lost, tmp_path).kind == "losses without a word"
