import gzip
import logging
import shutil

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import AutoFormat, CorpusFormat, JsonlFormat
from locate_label_allennlp.data.formats.corpus_files import corpus_files
from locate_label_allennlp.data.formats.corpus_format import Tally


def numbered_lines(path):
    (file,) = corpus_files(path)
    return file.lines()


def test_lines_are_numbered_and_have_no_ends(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n  two \nthree\x0bfour\x85five")
    with pytest.raises(CorpusError):
        list(numbered_lines(str(path)))
    path.write_bytes("\ufeffone\r\n\n  two \nthree\x0bfour\u0085five\u2028six".encode())
    assert list(numbered_lines(str(path))) == [
        (1, "one"),
        (2, ""),
        (3, "  two "),
        (4, "three\x0bfour\u0085five\u2028six"),
    ]


@pytest.mark.parametrize("name", ["nested.jsonl", "inner_first.iob2"])
def test_compressed_files(fixtures, tmp_path, name):
    plain, packed = fixtures / "formats" / name, tmp_path / f"{name}.gz"
    with open(plain, "rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)

    def words(path):
        documents = AutoFormat().read(str(path))
        return [[sentence.words for sentence in document.sentences] for document in documents]

    assert words(packed) == words(plain) != []


def test_a_missing_file_is_named_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError) as caught:
        list(JsonlFormat().read("data/train.jsonl"))
    assert str(caught.value) == (
        f"data/train.jsonl: no such file (looked from the folder {tmp_path})"
    )


@pytest.mark.parametrize("before", [0, 2, 3000])
def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path, before):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"ok\tO\n" * before + "caf\u00e9\tO\n".encode("latin-1") + b"ok\tO\n" * 5)
    with pytest.raises(CorpusError, match=rf"latin\.txt:{before + 1}: is not UTF-8"):
        list(numbered_lines(str(path)))


def test_a_file_that_is_not_compressed_as_its_name_says(tmp_path):
    path = tmp_path / "corpus.gz"
    path.write_bytes(b"plain\tO\n")
    with pytest.raises(CorpusError, match=r"corpus\.gz"):
        list(numbered_lines(str(path)))


def test_an_unknown_format_names_those_there_are():
    with pytest.raises(ConfigurationError, match=r"conll.*(jsonl|columns)"):
        CorpusFormat.from_params(Params({"type": "conll"}))


def test_a_tally_says_each_thing_once(caplog):
    tally = Tally("x.txt")
    with caplog.at_level(logging.WARNING):
        tally.say()
        assert caplog.records == []
        for what in ("lost", "mended", "lost"):
            tally.add(what)
        tally.say()
    assert [record.getMessage() for record in caplog.records] == [
        "x.txt: lost: 2",
        "x.txt: mended: 1",
    ]
