"""What a reader leaves out is an error or is counted in a warning; what it reads has limits."""

import gzip
import io
import json
import logging
import os
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
import spacy
from allennlp.data import Vocabulary
from spacy.tokens import DocBin, Span

from locate_label_allennlp.data.corpus.validation import Validation
from locate_label_allennlp.data.document import RESERVED_TYPES, CorpusError, Document
from locate_label_allennlp.data.formats import (
    AutoFormat,
    BratFormat,
    ColumnsFormat,
    GeniaXmlFormat,
    JsonlFormat,
    SpacyFormat,
)
from locate_label_allennlp.data.formats import corpus_files as files
from locate_label_allennlp.data.formats.genia_parser import MOST_FRAGMENTS
from locate_label_allennlp.training.metrics import NestedSpanF1

LINE = '{"tokens": ["Tarn"], "entities": [{"start": 0, "end": 1, "type": "PLACE"}]}\n'


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Callable[..., Tuple[List[Document], str]]:
    """Reads a path with a format; returns the documents and what was logged."""

    def warned(path: Path, format: Any = None) -> Tuple[List[Document], str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            documents = list((format or AutoFormat()).read(str(path)))
        return documents, "\n".join(record.getMessage() for record in caplog.records)

    return warned


Warned = Callable[..., Tuple[List[Document], str]]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"tokens": ["a"], "entites": []}, "'entites' looks like entities"),
        ({"tokens": ["a"]}, 'sentences or texts without "entities": 1'),
        ({"tokens": ["a"], "entities": [], "docid": "7"}, "'docid' passed over; is 'doc_id' meant"),
        (
            {"sentences": [{"tokens": ["a"], "entities": [], "offset": [[0, 1]]}]},
            "'offset' passed over; is 'offsets' meant?: 1",
        ),
        (
            {
                "tokens": ["a", "b", "c"],
                "entities": [{"start": 0, "end": 3, "type": "X", "fragment": [[0, 1], [2, 3]]}],
            },
            "'fragment' passed over; is 'fragments' meant?: 1",
        ),
    ],
)
def test_keys_that_are_missing_or_misspelt(
    item: Any, message: str, warned: Warned, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(item))
    if "looks like" in message:
        with pytest.raises(CorpusError, match=message):
            warned(path)
    else:
        assert message in warned(path)[1]
    assert any(message[:20] in str(each) for each in Validation(AutoFormat()).problems(str(path)))


WORD = {"start": 0, "end": 1, "type": "X"}


@pytest.mark.parametrize(
    "other", [[WORD], [[0, 1, "X"]], [{"index": [0], "type": "X"}], [{"start": 0, "label": "X"}]]
)
def test_entities_in_a_field_of_any_name(other: Any, warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    several = "entities in several fields, read from one: 1"
    sentence = {"tokens": ["a"], "entities": [WORD]}
    for item in (sentence | {"oggrdts": other}, {"sentences": [sentence], "oggrdts": other}):
        path.write_text(json.dumps(item))
        documents, log = warned(path)
        assert len(documents[0].sentences[0].entities) == 1
        assert several in log
    path.write_text(json.dumps({"tokens": ["a"], "oggrdts": other}))
    with pytest.raises(CorpusError, match="'oggrdts' looks like entities"):
        warned(path)


def test_words_in_two_fields(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    item = {"sentences": [{"tokens": ["a"], "entities": [WORD]}], "sentence": ["b"], "ner": []}
    path.write_text(json.dumps(item))
    with pytest.raises(CorpusError, match="has 'sentence' and 'sentences'; allowed is one of them"):
        warned(path)


def test_keys_of_others_are_no_slips(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"id": 1, "meta": {}, "relations": [], "events": [], ' + LINE[1:])
    assert warned(path)[1] == ""


def test_a_key_given_twice(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(LINE + LINE.replace("}\n", ', "entities": []}\n', 1).replace("]]", "]"))
    with pytest.raises(CorpusError, match=r"c\.jsonl:2: has the key 'entities' twice"):
        warned(path)


def test_json_lines_whose_first_is_damaged(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c"
    path.write_text(LINE.replace(" ", "")[1:] + LINE.replace(" ", ""))
    with pytest.raises(CorpusError, match="c:1: is not JSON"):
        warned(path)


def test_columns_without_labels(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.conll"
    path.write_text("Old\nTarn\n\nslept\n")
    documents, said = warned(path)
    assert [each.words for each in documents[0].sentences] == [("Old", "Tarn"), ("slept",)]
    assert "files without a column of labels, read without entities: 1" in said


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("-DOCSTART-\tO", False),
        ("-DOCSTART- -X- O O", False),
        ("-DOCSTART-", False),
        ("-DOCSTART-\tB-X", True),
        ("-DOCSTART-s\tO", True),
    ],
)
def test_labelled_lines_that_head_a_document(
    line: str, counts: bool, warned: Warned, tmp_path: Path
) -> None:
    path = tmp_path / "c.conll"
    separator = "\t" if "\t" in line else " "
    path.write_text(f"{line}\n\nTarn{separator}B-X\n")
    assert ("begin with -DOCSTART- and have more" in warned(path)[1]) == counts


def brat(folder: Path, annotation: str, ending: str = ".ann") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text("Old Tarn slept.")
    content = annotation.encode()
    (folder / f"a{ending}").write_bytes(gzip.compress(content) if ".gz" in ending else content)
    return folder


@pytest.mark.parametrize("line", ["Entity\tPER 0 3\tOld", " T1\tPER 0 3\tOld", "t1 PER 0 3 Old"])
def test_lines_that_look_like_entities(line: str, warned: Warned, tmp_path: Path) -> None:
    folder = brat(tmp_path / "brat", f"T1\tPER 0 3\tOld\n{line}\n")
    with pytest.raises(CorpusError, match=r"a\.ann:2: looks like an entity"):
        warned(folder)


def test_lines_of_brat_that_are_no_entities(warned: Warned, tmp_path: Path) -> None:
    other = "R1\tOf Arg1:T1 Arg2:T2\n#1\tAnnotatorNotes T1\t0 3 years\nE1\tGo:T1 A:T2\nA1\tX T1\n"
    documents, said = warned(brat(tmp_path / "brat", f"T1\tPER 0 3\tOld\n{other}"))
    assert len(documents[0].sentences[0].entities) == 1
    assert said == ""


def test_a_document_that_is_there_twice(warned: Warned, tmp_path: Path) -> None:
    folder = brat(brat(tmp_path / "brat", "T1\tX 0 3\tOld\n"), "", ".ann.gz")
    with pytest.raises(CorpusError, match=r"is there twice, also as a\.ann"):
        warned(folder)


def test_brat_among_other_corpora(warned: Warned, tmp_path: Path) -> None:
    folder = brat(tmp_path / "brat", "T1\tX 0 3\tOld\n")
    (folder / "annotation.conf").write_text("[entities]\nX\n")
    assert len(warned(folder)[0]) == 1
    (folder / "b.jsonl").write_text(LINE)
    with pytest.raises(
        CorpusError, match=r"has \.ann files, of brat, and others such as .*b\.json"
    ):
        warned(folder)
    assert len(warned(folder, BratFormat())[0]) == 1


def test_links_and_other_endings_of_a_folder(warned: Warned, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (tmp_path / "other").mkdir()
    folder.mkdir()
    (folder / "a.jsonl").write_text(LINE)
    (folder / "B.JSONL").write_text(LINE)
    os.symlink(tmp_path / "other", folder / "link")
    documents, said = warned(folder, JsonlFormat())
    assert len(documents) == 1
    assert "folders that are links, not followed: 1" in said
    assert "whose ending is not in small letters, such as B.JSONL, passed over: 1" in said
    notes = [str(each) for each in Validation(JsonlFormat()).problems(str(folder))]
    assert sum("passed over" in note or "not followed" in note for note in notes) == 2


@pytest.mark.parametrize("name", ["\x1b[2J.JSONL", "a\nb.JSONL", "\x9b.JSONL"])
def test_a_name_is_logged_without_control_characters(
    name: str, warned: Warned, tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text(LINE)
    (tmp_path / name).write_text(LINE)
    _, said = warned(tmp_path, JsonlFormat())
    assert "passed over: 1" in said
    assert said.isprintable()


def tar(path: Path, *members: Tuple[str, bytes, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "x", len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_links_and_damage_in_a_tar(warned: Warned, tmp_path: Path) -> None:
    one = ("a.jsonl", tarfile.REGTYPE, LINE.encode())
    path = tar(tmp_path / "c.tar", one, ("b.jsonl", tarfile.SYMTYPE, b""))
    with pytest.raises(CorpusError, match=r"has the member 'b\.jsonl', which is a link"):
        warned(path)
    path = tar(tmp_path / "c.tar", one, ("b.jsonl", tarfile.REGTYPE, LINE.encode()))
    assert len(warned(path)[0]) == 2
    whole = path.read_bytes()
    for broken in (whole[:1024], whole[:1024] + b"\xff" * 512 + whole[1536:], whole[:1200]):
        path.write_bytes(broken)
        with pytest.raises(CorpusError, match=r"c\.tar: cannot be unpacked"):
            warned(path)


def test_sums_behind_what_is_compressed(warned: Warned, tmp_path: Path) -> None:
    path = tar(tmp_path / "c.tar", ("a.jsonl", tarfile.REGTYPE, LINE.encode()))
    whole = gzip.compress(path.read_bytes())
    path = tmp_path / "c.tar.gz"
    for content in (whole[:-6] + b"\xff" + whole[-5:], whole[:-8]):
        path.write_bytes(content)
        with pytest.raises(CorpusError, match=r"c\.tar\.gz: cannot be unpacked"):
            warned(path)
    path.write_bytes(whole)
    assert len(warned(path)[0]) == 1


def test_a_zip_whose_names_do_not_agree(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jsonl", LINE)
        archive.writestr("b.jsonl", LINE)
    directory = path.read_bytes().rpartition(b"b.jsonl")
    path.write_bytes(directory[0] + b"b.jsonx" + directory[2])
    with pytest.raises(CorpusError, match=r"c\.zip: cannot be unpacked"):
        warned(path, JsonlFormat())


def test_a_zip_with_two_members_of_one_name(warned: Warned, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("a.jsonl", LINE)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.jsonl", LINE)
    with pytest.raises(CorpusError, match=r"c\.zip: has the member 'a\.jsonl' twice"):
        warned(tmp_path / "c.zip")


def test_groups_of_spans_that_are_not_read(warned: Warned, tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    other, empty, beside = nlp("Old Tarn"), nlp("Old Tarn"), nlp("Old Tarn")
    beside.spans["sc"] = [Span(beside, 0, 2, "PLACE")]
    beside.ents = [Span(beside, 1, 2, "LAKE")]
    other.spans["ner"] = [Span(other, 0, 2, "PLACE")]
    empty.spans["sc"] = []
    empty.ents = [Span(empty, 0, 2, "PLACE")]
    DocBin(docs=[other, empty, beside]).to_disk(tmp_path / "c.spacy")
    _, said = warned(tmp_path / "c.spacy")
    assert "groups that are not read, such as 'ner'; spans_key is 'sc': 1" in said
    assert "entities of doc.ents that are not in the group 'sc', not read: 1" in said
    assert "documents with an empty group 'sc', whose doc.ents are not read: 1" in said


def genia(path: Path, content: str) -> Path:
    path.write_text(f"<?xml version='1.0'?>\n<Annotation>{content}</Annotation>")
    return path


def test_terms_outside_of_sentences(warned: Warned, tmp_path: Path) -> None:
    term = '<term sem="Protein_molecule" lex="x">Tarn</term>'
    path = genia(tmp_path / "c.xml", f"{term}<sentence>{term}</sentence>")
    documents, said = warned(path, GeniaXmlFormat())
    assert len(documents[0].sentences[0].entities) == 1
    assert "terms outside of sentences, left out: 1" in said


def test_a_coordination_takes_no_time(warned: Warned, tmp_path: Path) -> None:
    fragments = "<frag>a</frag> " * MOST_FRAGMENTS
    names = " ".join(["a" * MOST_FRAGMENTS + "b"] * 300)
    kinds = " ".join(["Protein_molecule"] * 300)
    cons = f'<cons sem="(AND {kinds})" lex="(AND {names})">{fragments}</cons>'
    path = genia(tmp_path / "c.xml", f"<sentence>{cons}</sentence>")
    start = time.process_time()
    _, said = warned(path, GeniaXmlFormat())
    assert "fragments are not told, left out: 300" in said
    assert time.process_time() - start < 20  # of what took hours: 2 ** 12 ways, 300 times


def test_elements_in_too_many_others(warned: Warned, tmp_path: Path) -> None:
    path = genia(tmp_path / "c.xml", f"<sentence>{'<cons>' * 200}{'</cons>' * 200}</sentence>")
    with pytest.raises(CorpusError, match="has elements in more than 100 others"):
        warned(path, GeniaXmlFormat())


def docbin(content: bytes) -> bytes:
    import zlib

    return zlib.compress(content)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("c.conll.gz", gzip.compress), ("c.spacy", docbin), ("c.zip", None), ("c.tar.gz", None)],
)
def test_what_unpacks_to_much_more(
    name: str, pack: Any, warned: Warned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "UNPACKED", 10_000)
    path, content = tmp_path / name, b"a\tO\n" * 500_000
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("c.conll", content)
    elif pack is None:
        path.write_bytes(gzip.compress(tar(tmp_path / "t", ("c", b"0", content)).read_bytes()))
    else:
        path.write_bytes(pack(content))
    with pytest.raises(CorpusError, match="unpacks to more than 200 times its size") as error:
        warned(path)
    assert files.UNLIMITED in str(error.value)
    if name == "c.conll.gz":
        monkeypatch.setenv(files.UNLIMITED, "1")
        assert len(warned(path)[0][0].sentences[0].words) == 500_000


def test_a_line_of_any_length(
    warned: Warned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LINE", 100)
    (tmp_path / "c.jsonl").write_text(LINE + " " * 200 + LINE)
    with pytest.raises(CorpusError, match=r"c\.jsonl:2: is longer than 100 bytes"):
        warned(tmp_path / "c.jsonl")
    monkeypatch.setenv(files.UNLIMITED, "1")
    (file,) = files.corpus_files(str(tmp_path / "c.jsonl"))
    assert [line for _, line in file.lines()] == [LINE.rstrip("\n"), " " * 200 + LINE.rstrip("\n")]


@pytest.mark.parametrize("kind", ["a\nb", "a\x1b[2J", "a\x9b"])
def test_a_type_has_no_control_characters(kind: str, warned: Warned, tmp_path: Path) -> None:
    item = {"tokens": ["a"], "entities": [{"start": 0, "end": 1, "type": kind}]}
    (tmp_path / "c.jsonl").write_text(json.dumps(item))
    with pytest.raises(CorpusError, match="a type has no line breaks") as error:
        warned(tmp_path / "c.jsonl")
    assert kind not in str(error.value)


@pytest.mark.parametrize("kind", RESERVED_TYPES)
def test_types_that_mean_something_else_in_a_vocabulary(
    kind: str, warned: Warned, tmp_path: Path
) -> None:
    (tmp_path / "c.conll").write_text(f"Old\tB-{kind}\n")
    with pytest.raises(CorpusError, match=r"c\.conll:1: .* allowed are others"):
        warned(tmp_path / "c.conll")
    assert [each.is_error for each in Validation(AutoFormat()).problems(str(tmp_path / "c.conll"))]
    # The need: such a type is not what it was once a vocabulary was saved, or not told from others.
    vocabulary = Vocabulary(counter={"entity_labels": {kind: 1}})
    vocabulary.save_to_files(str(tmp_path / "vocabulary"))
    again = Vocabulary.from_files(str(tmp_path / "vocabulary"))
    assert kind not in NestedSpanF1(again).counter.types


@pytest.mark.parametrize("kind", ["O", "B-X", "NONE", "@@PADDING", "padding"])
def test_types_that_mean_nothing_else(kind: str, warned: Warned, tmp_path: Path) -> None:
    (tmp_path / "c.conll").write_text(f"Old\tB-{kind}\n")
    [document], said = warned(tmp_path / "c.conll")
    assert [each.type for each in document.sentences[0].entities] == [kind]
    assert said == ""


@pytest.mark.parametrize("kind", ["x" * 9_000, "x\ny" * 9_000])
def test_what_an_error_quotes_has_a_limit(kind: str, warned: Warned, tmp_path: Path) -> None:
    item = {"tokens": ["a"], "entities": [{"start": 0, "end": 7, "type": kind}]}
    (tmp_path / "c.jsonl").write_text(json.dumps(item))
    with pytest.raises(CorpusError, match="characters]") as error:
        warned(tmp_path / "c.jsonl")
    assert len(str(error.value)) < 1_200
    assert str(error.value).startswith(f"{tmp_path}/c.jsonl:1: entity 'x")


def test_a_sound_corpus_has_no_warnings(warned: Warned, tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(LINE)
    assert warned(tmp_path / "c.jsonl")[1] == ""
    (tmp_path / "c.conll").write_text("Tarn\tB-X\n")
    assert warned(tmp_path / "c.conll", ColumnsFormat())[1] == ""
    nlp = spacy.blank("en")
    doc = nlp("Old Tarn")
    doc.spans["sc"] = [Span(doc, 0, 2, "PLACE")]
    DocBin(docs=[doc]).to_disk(tmp_path / "c.spacy")
    assert warned(tmp_path / "c.spacy", SpacyFormat())[1] == ""


def test_a_zip_whose_list_of_members_is_damaged(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = b"a comment"
        for name in ("a.jsonl", "b.jsonl"):
            archive.writestr(name, LINE)
    assert len(warned(path)[0]) == 2
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\1\2")
    content[entry + 32] = 200  # the length of its comment, which takes in the next entry
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"c\.zip: cannot be unpacked \(its list of 2 members"):
        warned(path)


def test_entities_in_the_data_of_label_studio(warned: Warned, tmp_path: Path) -> None:
    item = {
        "data": {"text": "a", "label": [[0, 1, "X"]]},
        "annotations": [{"result": []}],
    }
    (tmp_path / "c.jsonl").write_text(json.dumps(item))
    assert "entities in several fields, read from one: 1" in warned(tmp_path / "c.jsonl")[1]


def test_a_zip_whose_name_is_no_text(warned: Warned, tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("\u00e9.jsonl", LINE)
    first, _, last = path.read_bytes().partition("\u00e9.jsonl".encode())
    path.write_bytes(first + b"\xff\xff.jsonl" + last)
    with pytest.raises(CorpusError, match=r"c\.zip: cannot be unpacked"):
        warned(path)
