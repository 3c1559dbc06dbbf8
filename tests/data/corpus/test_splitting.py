from dataclasses import replace
from typing import Dict, List, Optional

import pytest
from allennlp.common.checks import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.corpus.splitting import (
    fingerprint,
    parsed_parts,
    parts_table,
    split_documents,
)
from locate_label_allennlp.data.document import Document, Entity, Sentence

PARTS = {"train": 0.8, "dev": 0.1, "test": 0.1}


def document(doc_id: Optional[str], *sentences: str) -> Document:
    return Document(tuple(Sentence(tuple(each.split())) for each in sentences), doc_id)


def test_parts_are_parsed() -> None:
    assert parsed_parts("train=0.8, dev=0.1,test=0.1") == PARTS
    assert parsed_parts("a=.5,b=.5") == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train=0.8,dev=0.1", "sum to 0.9"),
        ("train=1.5,dev=-0.5", "'train=1.5'; allowed are shares between 0 and 1"),
        ("train=1", "'train=1'; allowed are shares between 0 and 1"),
        ("train=nan,dev=0.5", "between 0 and 1"),
        ("train,dev=0.5", "'train'; allowed is a name and a share"),
        ("a=0.5,a=0.5", "'a' is there twice"),
        ("../a=0.5,b=0.5", "has the name '../a'"),
        ("=0.5,b=0.5", "has the name ''"),
        ("", "has the name ''"),
    ],
)
def test_parts_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed_parts(text)
    assert message in str(caught.value)


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
