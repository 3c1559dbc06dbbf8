import logging
import re
from dataclasses import replace
from typing import Dict, List, Optional

import pytest
from allennlp.common.checks import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.corpus.splitting import (
    fingerprint,
    hold_out,
    parsed_parts,
    parts_table,
    split_documents,
)
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence

PARTS = {"train": 0.8, "dev": 0.1, "test": 0.1}


def document(doc_id: Optional[str], *sentences: str) -> Document:
    return Document(tuple(Sentence(tuple(each.split())) for each in sentences), doc_id)


def test_parts_are_parsed() -> None:
    assert parsed_parts("train=0.8, dev=0.1,test=0.1") == PARTS
    assert parsed_parts("a=.5,b=.5") == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    {
        "train=0.8,dev=0.1": "sum to 0.9",
        "train=1.5,dev=-0.5": "'train=1.5'; allowed are shares between 0 and 1",
        "train=1": "'train=1'; allowed are shares between 0 and 1",
        "train=nan,dev=0.5": "between 0 and 1",
        "train,dev=0.5": "'train'; allowed is a name and a share",
        "a=0.5,a=0.5": "'a' is there twice",
        "../a=0.5,b=0.5": "has the name '../a'",
        "=0.5,b=0.5": "has the name ''",
        "": "has the name ''",
    }.items(),
)
def test_parts_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        parsed_parts(text)


DOCUMENTS = st.lists(
    st.tuples(st.sampled_from([None, None, *"abcdefgh"]), st.integers(1, 9)), max_size=40
)


@given(DOCUMENTS, st.integers())
def test_every_document_goes_whole_to_one_part(drawn: list, seed: int) -> None:
    documents = [
        document(name, *(f"{number} {line}" for line in range(length)))
        for number, (name, length) in enumerate(drawn)
    ]
    names = [each.doc_id for each in documents]
    if len({name for name in names if name is not None}) + names.count(None) < len(PARTS):
        with pytest.raises(ConfigurationError, match="no document is split in two"):
            split_documents(documents, PARTS, seed)
        return
    parts = split_documents(documents, PARTS, seed)
    assert list(parts) == list(PARTS)
    assert all(parts.values())
    place = {id(each): index for index, each in enumerate(documents)}
    chosen = {part: [place[id(each)] for each in members] for part, members in parts.items()}
    assert sorted(index for indices in chosen.values() for index in indices) == list(
        range(len(documents))
    )
    assert all(indices == sorted(indices) for indices in chosen.values())
    parts_of: Dict[str, set] = {}
    for part, members in parts.items():
        for each in members:
            if each.doc_id is not None:
                parts_of.setdefault(each.doc_id, set()).add(part)
    assert all(len(found) == 1 for found in parts_of.values())
    assert split_documents(documents, PARTS, seed) == parts


def test_shares_are_those_of_the_sentences() -> None:
    documents = [document(str(n), *["x"] * (1 + n % 7)) for n in range(300)]
    parts = split_documents(documents, PARTS, 13)
    sizes = {name: sum(len(d.sentences) for d in part) for name, part in parts.items()}
    for name, share in PARTS.items():
        assert sizes[name] / sum(sizes.values()) == pytest.approx(share, abs=0.01)


def test_another_seed_is_another_split() -> None:
    documents = [document(str(n), "x") for n in range(50)]
    splits: List[Dict[str, List[Document]]] = [
        split_documents(documents, PARTS, seed) for seed in (1, 1, 2)
    ]
    assert splits[0] == splits[1] != splits[2]


def test_the_fingerprint_is_that_of_words_and_entities_in_order() -> None:
    one, two = document("a", "x y", "z"), document(None, "x", "y z")
    same = Document(tuple(replace(each, source="f:1") for each in one.sentences))
    assert fingerprint([one]) == fingerprint([same])
    assert fingerprint([one]) == fingerprint([document("a", "x y"), document("a", "z")])
    labelled = Document((Sentence(("x", "y"), (Entity(0, 1, "X"),)), one.sentences[1]))
    swapped = Document(one.sentences[::-1])
    prints = [fingerprint(each) for each in ([one], [two], [labelled], [swapped], [])]
    assert len(set(prints)) == len(prints)
    assert fingerprint([one]) == "de9b3e55e1b9f506"


def test_the_table_has_a_line_a_part() -> None:
    parts = {"train": [document("a", "x", "y", "z")], "dev": [document("b", "x")]}
    lines = [line.split() for line in parts_table(parts).splitlines()]
    assert lines[0] == ["documents", "sentences", "share", "entities", "fingerprint"]
    assert lines[1] == ["train", "1", "3", "75.0%", "0", fingerprint(parts["train"])]
    assert lines[2][:4] == ["dev", "1", "1", "25.0%"]


def sentences(documents: List[Document]) -> List[str]:
    return [" ".join(each.words) for one in documents for each in one.sentences]


def test_whole_documents_are_held_out_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    given = [document(str(number), "a b", f"c {number}") for number in range(20)]
    rest, held_out = hold_out(given, 0.1, "here.jsonl")
    assert len(held_out) == 2
    assert sorted(one.doc_id or "" for one in rest + held_out) == sorted(map(str, range(20)))
    assert all(len(one.sentences) == 2 for one in rest + held_out)
    assert hold_out(given, 0.1, "here.jsonl") == (rest, held_out)
    assert hold_out(given, 0.1, "here.jsonl", seed=14)[1] != held_out
    said = "here.jsonl: 2 of 20 documents (4 of 40 sentences) are held out for validation"
    assert caplog.record_tuples[0][1:] == (logging.WARNING, said)


@pytest.mark.parametrize("lengths", [[30], [28, 2], [1, 29]])
def test_the_last_sentences_of_documents_too_few_or_unequal(
    lengths: List[int], caplog: pytest.LogCaptureFixture
) -> None:
    numbers = iter(range(30))
    given = [document(None, *(f"w {next(numbers)}" for _ in range(size))) for size in lengths]
    rest, held_out = hold_out(given, 0.2, "here.jsonl")
    assert sentences(rest) == [f"w {number}" for number in range(24)]
    assert sentences(held_out) == [f"w {number}" for number in range(24, 30)]
    assert "here.jsonl: the last 6 of 30 sentences are held out" in caplog.text
    assert f"too few documents ({len(lengths)}) of like length" in caplog.text


def test_neither_part_is_empty() -> None:
    for share in (0.01, 0.99):
        rest, held_out = hold_out([document(None, "a", "b")], share, "here.jsonl")
        assert (sentences(rest), sentences(held_out)) == (["a"], ["b"])
    with pytest.raises(CorpusError, match=r"here\.jsonl: has one sentence, of which none can"):
        hold_out([document(None, "a")], 0.5, "here.jsonl")
