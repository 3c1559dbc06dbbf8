import logging
import shutil
import zipfile

import pytest

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import AutoFormat, BratFormat, Splitting


def surfaces(document):
    return {
        (
            entity.type,
            *(
                document.text[s.offsets[start][0] : s.offsets[end - 1][1]]
                for start, end in entity.fragments or [(entity.start, entity.end)]
            ),
        )
        for s in document.sentences
        for entity in s.entities
    }


HARBOUR = {
    ("ROLE", "The mayor of Old and\nNew Tarn"),
    ("PLACE", "Old", "Tarn"),
    ("PLACE", "New Tarn"),
    ("ROLE", "The keeper-elect"),
}
ARABIC = {
    ("PERS", "\u0631\u0628\u0627\u0646 \u062a\u0627\u0631\u0646"),
    ("LOC", "\u062a\u0627\u0631\u0646"),
    ("SHIP", "\U0001f6a2"),
    ("PERS", "e\u0301mile"),
}


def test_a_folder(fixtures, caplog):
    path = str(fixtures / "formats" / "brat")
    with caplog.at_level(logging.WARNING):
        harbour, arabic = BratFormat(Splitting(inside_words="split")).read(path)
    assert (harbour.doc_id, arabic.doc_id) == ("harbour", "inner/arabic")
    assert surfaces(harbour) == HARBOUR
    assert surfaces(arabic) == ARABIC
    assert [s.source for s in harbour.sentences] == [
        f"{path}/harbour.txt:1",
        f"{path}/harbour.txt:4",
    ]
    assert f"{path}: .txt files without .ann, passed over: 1" in [
        record.getMessage() for record in caplog.records
    ]


@pytest.mark.parametrize("ending", [".txt", ".ann"])
def test_one_document(fixtures, ending):
    path = str(fixtures / "formats" / "brat" / "harbour") + ending
    (document,) = BratFormat().read(path)
    assert document.doc_id == "harbour"
    assert surfaces(document) == HARBOUR


def test_the_lines_and_blanks_of_the_text(fixtures):
    path = str(fixtures / "formats" / "brat" / "harbour.ann")
    (document,) = BratFormat(Splitting(words="whitespace")).read(path)
    words = [s.words for s in document.sentences]
    # The first two lines are joined by the first entity.
    assert words == [
        ("The", "mayor", "of", "Old", "and", "New", "Tarn", "slept."),
        ("The", "keeper-elect", "woke."),
    ]


def test_an_archive_and_automatic(fixtures, tmp_path):
    path = tmp_path / "corpus.zip"
    with zipfile.ZipFile(path, "w") as target:
        for name in ("harbour.txt", "harbour.ann", "inner/arabic.txt", "inner/arabic.ann"):
            target.write(fixtures / "formats" / "brat" / name, f"corpus/{name}")
    documents = list(AutoFormat().read(f"{path}!corpus"))
    assert [document.doc_id for document in documents] == ["harbour", "inner/arabic"]
    assert surfaces(documents[0]) == HARBOUR


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ("T1\tA 0 3\tOld\nT2\tB 4 8\tTorn", "x.ann:2: entity 'B' is 'Torn', but "),
        ("T1\tA 4 90\tTarn", "x.ann:1: entity 'A' from character 4 to 90 (exclusive) lies outside"),
        ("T1\tA 3 3\t", "x.ann:1: entity 'A' from character 3 to 3 (exclusive) lies outside"),
        ("T1\tA 4\tTarn", "x.ann:1: a line of an entity is "),
        ("T1 A 4 8 Tarn", "x.ann:1: a line of an entity is "),
        ("\nT", "x.ann:2: a line of an entity is "),
        ("T1\tA 3 4\t ", "x.ann:1: entity 'A' from character 3 to 4 covers no word"),
    ],
)
def test_errors_name_file_and_line(tmp_path, annotation, message):
    (tmp_path / "x.txt").write_text("Old Tarn", encoding="utf-8")
    (tmp_path / "x.ann").write_text(annotation, encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        list(BratFormat().read(str(tmp_path)))
    assert f"{tmp_path}/{message}" in str(caught.value)
    format, errors = BratFormat(), []
    format.on_error = errors.append
    (document,) = format.read(str(tmp_path))
    assert document.sentences[0].words == ("Old", "Tarn")
    assert [str(error) for error in errors] == [str(caught.value)]


def test_lines_that_are_none_are_counted(tmp_path, caplog):
    (tmp_path / "x.txt").write_text("Old Tarn")
    (tmp_path / "x.ann").write_text("T1\tA 0 3\tOld\n? what\n\nR1\tX Arg1:T1 Arg2:T1\n")
    with caplog.at_level(logging.WARNING):
        (document,) = BratFormat().read(str(tmp_path))
    assert surfaces(document) == {("A", "Old")}
    (record,) = caplog.records
    assert record.getMessage() == f"{tmp_path}: lines that are none of brat's, passed over: 1"


@pytest.mark.parametrize(("there", "missing"), [(".ann", ".txt"), (".txt", ".ann")])
def test_half_a_pair(fixtures, tmp_path, there, missing):
    path = tmp_path / f"harbour{there}"
    shutil.copy(fixtures / "formats" / "brat" / path.name, path)
    with pytest.raises(CorpusError, match=rf"harbour{there}: there is no harbour{missing} beside"):
        list(BratFormat().read(str(path)))


def test_what_was_written_has_the_same_offsets(fixtures, tmp_path):
    source, target = fixtures / "formats" / "brat", tmp_path / "out"
    format = BratFormat(Splitting(inside_words="split"))
    documents = list(format.read(str(source)))
    format.write(documents, str(target))
    for name in ("harbour", "inner/arabic"):
        text, annotation = (f"{name}{ending}" for ending in (".txt", ".ann"))
        assert (target / text).read_bytes() == (source / text).read_bytes()
        assert mentions(target / annotation) == mentions(source / annotation)
    again = list(format.read(str(target)))
    assert [each.text for each in again] == [each.text for each in documents]
    assert [surfaces(each) for each in again] == [HARBOUR, ARABIC]


def mentions(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split("\t", 1)[1] for line in lines if line.startswith("T")}


def test_words_without_a_text(tmp_path):
    tarn = Sentence(("Old", "and", "New", "Tarn"), (Entity(0, 4, "P", ((0, 1), (3, 4))),))
    sleep = Sentence(("Sleep", "."), (Entity(0, 1, "N"),))
    BratFormat().write([Document((tarn, sleep))], str(tmp_path / "out"))
    assert (tmp_path / "out" / "00001.txt").read_text() == "Old and New Tarn\nSleep .\n"
    assert (tmp_path / "out" / "00001.ann").read_text() == (
        "T1\tP 0 3;12 16\tOld Tarn\nT2\tN 17 22\tSleep\n"
    )


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([Document((), "a"), Document((), "a")], "two documents are called 'a'"),
        ([Document((), "../a")], "cannot be the name of a file"),
        ([Document((), "/a")], "cannot be the name of a file"),
        ([Document((Sentence(("a",), (Entity(0, 1, "A B"),)),))], "cannot hold the type 'A B'"),
    ],
)
def test_what_brat_cannot_hold(tmp_path, documents, message):
    with pytest.raises(CorpusError, match=message):
        BratFormat().write(documents, str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(CorpusError, match="is there already; allowed is a new or an empty folder"):
        BratFormat().write([], str(tmp_path))
