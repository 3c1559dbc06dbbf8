import re
from pathlib import Path

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.corpus.files import (
    check_free,
    column_names,
    format_from_text,
    read_corpus,
    write_parts,
)
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import AutoFormat, ColumnsFormat, JsonlFormat

TARN = Document((Sentence(("Old", "Tarn"), (Entity(0, 2, "PLACE"),), source="x:1"),), "a")


def test_formats_by_name_and_by_json(fixtures: Path) -> None:
    assert isinstance(format_from_text("auto"), AutoFormat)
    assert isinstance(format_from_text("columns"), ColumnsFormat)
    format = format_from_text('{"type": "columns", "pos_column": 1}')
    (first, *_) = format.read(str(fixtures / "formats" / "blanks.conll"))
    assert first.sentences[0].pos is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conll", "no format 'conll'; allowed are"),
        ("", "no format ''; allowed are"),
        ('{"type": "columns"', "is not JSON"),
        ('{"type": 3}', "no format 3; allowed are"),
        ('{"type": ["columns"]}', "no format ['columns']; allowed are"),
        ('{"type": "columns", "pos_colum": 1}', "pos_colum"),
        ('{"type": "columns", "pos_column": -1}', "pos_column is -1"),
        ('{"type": "columns", "pos_column": "x"}', "Expected pos_column to be a int"),
        ('{"type": "columns", "label_columns": 1}', "label_columns"),
    ],
)
def test_formats_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        format_from_text(text)


def test_the_documents_are_those_of_the_format(fixtures: Path) -> None:
    path = str(fixtures / "formats" / "nested.jsonl")
    assert list(read_corpus(AutoFormat(), path)) == list(AutoFormat().read(path))


def test_files_that_exist(tmp_path: Path) -> None:
    path = tmp_path / "there"
    check_free([str(path)])
    path.touch()
    with pytest.raises(ConfigurationError, match="there exists; --force overwrites it"):
        check_free([str(tmp_path / "not"), str(path)])


def test_parts_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write_parts({"train": [TARN], "dev": [TARN, TARN]}, str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["dev.jsonl", "train.jsonl"]
    (read,) = JsonlFormat().read(str(folder / "train.jsonl"))
    assert (read.doc_id, read.sentences[0].entities) == ("a", TARN.sentences[0].entities)


def test_all_parts_or_none_are_written(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("before")
    broken = Document((Sentence(("half \ud800",), source="x:1"),))
    with pytest.raises(CorpusError):
        write_parts({"train": [TARN], "dev": [broken]}, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]
    assert (tmp_path / "train.jsonl").read_text() == "before"


def test_columns_are_named_by_what_tells_them_apart() -> None:
    assert column_names(["a/x.tsv", "b/x.tsv", "c/y.tsv", "d/"]) == {
        "a/x.tsv": "a/x.tsv",
        "b/x.tsv": "b/x.tsv",
        "c/y.tsv": "y.tsv",
        "d/": "d",
    }
