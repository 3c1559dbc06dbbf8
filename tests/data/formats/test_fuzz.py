"""No corpus of any format ends otherwise than in documents or in one line; see `fuzz.py`."""

import json
import re
import struct
import zlib
from pathlib import Path

import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin, Span

from tests.data.formats.fuzz import BAD, FORMATS, Case, outcome

FEW = settings(
    max_examples=50,
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


ACE = (
    '<source_file><document DOCID="d"><entity TYPE="X"><entity_mention TYPE="NAM"><extent>'
    '<charseq START="0" END="0">a</charseq></extent></entity_mention></entity></document>'
    "</source_file>"
)
ERE = (
    '<deft_ere doc_id="d"><entities><entity type="X"><entity_mention noun_type="NAM" offset="3" '
    'length="1"><mention_text>a</mention_text></entity_mention></entity></entities></deft_ere>'
)


def ldc_case(content: str, name: str) -> Case:
    """With one name in the annotation misspelt."""
    suffix = ".apf.xml" if content == ACE else ".rich_ere.xml"
    format = {"type": "ace" if content == ACE else "rich_ere"}
    damaged = re.sub(rf"\b{name}\b", f"x{name}", content)
    return Case(format, f"a{suffix}", {"a.sgm": b"<p>a</p>", f"a{suffix}": damaged.encode()}, 1)


ONCE_BAD = {
    "entities beside the data of Label Studio": json_case(
        {"data": {"text": "a"}, "entities": [ENTITY]}
    ),
    "sentences in a result of Label Studio": json_case(
        {
            "data": {"text": "a"},
            "annotations": [
                {"result": [LABELLED | {"sentences": [{"tokens": ["a"], "entities": [ENTITY]}]}]}
            ],
        },
        told=2,
    ),
    "words beside the result of an annotation": json_case(
        {
            "data": {"text": "a"},
            "annotations": [{"result": [], "tokens": ["a"], "entity_mentions": [ENTITY]}],
        }
    ),
    "entities in a result of Label Studio": json_case(
        {
            "data": {"text": "a"},
            "annotations": [{"result": [LABELLED | {"entities": [ENTITY | {"type": "Y"}]}]}],
        },
        told=2,
    ),
    "a task of Label Studio in the annotation of another": json_case(
        {
            "data": {"text": "a"},
            "annotations": [{"result": [], "text": "b", "spans": [{**ENTITY, "label": "X"}]}],
        }
    ),
    "an entity of ACE that is none": ldc_case(ACE, "entity"),
    "a mention of ACE that is none": ldc_case(ACE, "entity_mention"),
    "an entity of ERE that is none": ldc_case(ERE, "entity"),
    "a mention of ERE that is none": ldc_case(ERE, "entity_mention"),
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
    "the fields of two tools": json_case(
        {"tokens": ["a"], "ner_tags": ["O"], "annotations": [{"result": [LABELLED]}]}
    ),
    "words and tags of two tools": json_case(
        {
            **{"tokens": ["a"], "ner_tags": ["O"]},
            **{"sentence": ["a"], "ner": [{"index": [0], "type": "X"}]},
        }
    ),
    "nothing, not even compressed": Case(JSONL, "c.jsonl.gz", {"c.jsonl.gz": b""}, 1),
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


def test_a_group_of_spacy_that_is_damaged(tmp_path: Path) -> None:
    doc = spacy.blank("xx")("Old Tarn slept.")
    doc.spans["sc"] = [Span(doc, 0, 2, "PLACE")]
    content = zlib.decompress(DocBin(docs=[doc]).to_bytes())
    bounds = struct.pack(">ll", 0, 2)
    assert content.count(bounds) == 1
    damaged = zlib.compress(content.replace(bounds, struct.pack(">ll", 0, 99)))
    end = outcome(Case({"type": "spacy"}, "c.spacy", {"c.spacy": damaged}), tmp_path)
    assert end.kind == "refused"
    assert "c.spacy:1: is no DocBin of spaCy" in end.detail


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


@pytest.mark.parametrize("content", [ACE, ERE])
def test_annotations_that_are_sound(content: str, tmp_path: Path) -> None:
    assert outcome(ldc_case(content, "nothing"), tmp_path).kind == "read"


def test_a_loss_would_be_seen(tmp_path: Path) -> None:
    sound = json_case({"tokens": ["a"], "entities": [ENTITY]})
    assert outcome(sound, tmp_path).kind == "read"
    lost = json_case({"tokens": ["a"], "entities": []})
    assert outcome(lost, tmp_path).kind == "losses without a word"
