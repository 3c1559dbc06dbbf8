import gzip
import io
import json
import zipfile
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import pytest

from locate_label_allennlp.bulk.parts import TEXTS, Part, Piece, cut, read_part
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.predictors.loading import load_predictor


def lines(first: int, last: int) -> str:
    return "".join(f'{{"tokens": ["w{n}"]}}\n' for n in range(first, last))


@pytest.fixture(scope="module")
def predictor(trained_archive: Path):
    return load_predictor(trained_archive)


def words(parts, predictor, on_error=None, whole_files=None):
    errors: list = []
    read = [
        [document.sentences[0].words[0] for _, _, document in inputs]
        for inputs in (
            read_part(part, predictor, whole_files, on_error or errors.append) for part in parts
        )
    ]
    assert not errors
    return read


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("packed", [False, True])
def test_every_input_is_in_one_part(tmp_path, predictor, size, packed):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_text(lines(0, 4), "utf-8")
    second.write_text(lines(4, 9).rstrip("\n"), "utf-8")
    if packed:
        second = tmp_path / "b.jsonl.gz"
        second.write_bytes(gzip.compress(lines(4, 9).encode()))
    parts = list(cut([str(first), str(second)], size))
    assert [part.number for part in parts] == list(range(len(parts)))
    assert [part.count for part in parts[:-1]] == [size] * (len(parts) - 1)
    read = words([Part.from_json(as_text(part)) for part in parts], predictor)
    assert [len(each) for each in read] == [part.count for part in parts]
    assert list(chain.from_iterable(read)) == [f"w{n}" for n in range(9)]


def as_text(part: Part) -> str:
    return json.dumps(asdict(part))


def test_pieces_say_where_they_begin(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("é\nbb\n\nd", "utf-8")
    path = str(file)
    (first, second) = cut([path], 3)
    assert first == Part(0, (Piece(path, path, 0, 3, 0),))
    assert second == Part(1, (Piece(path, path, 3, 1, 7),))
    assert list(cut([path], 4)) == [Part(0, (Piece(path, path, 0, 4, 0),))]
    file.write_text("", "utf-8")
    assert list(cut([path], 4)) == []


def test_texts_lines_and_rows(tmp_path, predictor):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "a.txt").write_text("One text.\nIt has two lines.", "utf-8")
    rows = [{"text": "Rows are inputs."}, {"text": "They are."}, {"text": "Three."}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "b.parquet")
    (tmp_path / "c.jsonl").write_text(lines(0, 1), "utf-8")
    parts = list(cut([str(tmp_path)], 2))
    assert [len(part.pieces) for part in parts] == [2, 1, 1]
    assert words(parts, predictor) == [["One", "Rows"], ["They", "Three"], ["w0"]]
    # As lines, the text is two inputs.
    assert words(cut([str(tmp_path / "a.txt")], 9, False), predictor, None, False) == [
        ["One", "It"]
    ]


@pytest.mark.parametrize("size", [2, 5, 9])
@pytest.mark.parametrize("packed", [False, True])
def test_errors_name_the_line_of_the_file(tmp_path, predictor, size, packed):
    content = lines(0, 3).encode() + b'{"tokens": 1}\n\xff\n' + lines(5, 6).encode()
    file = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
    file.write_bytes(gzip.compress(content) if packed else content)
    errors: list = []
    read: list = []
    for part in cut([str(file)], size):
        read += read_part(part, predictor, None, errors.append)
    assert [item["tokens"] for _, item, _ in read] == [["w0"], ["w1"], ["w2"], ["w5"]]
    assert [(error.path, error.line) for error in errors] == [(str(file), 4), (str(file), 5)]
    assert all(isinstance(error, CorpusError) for error in errors)


def test_rows_that_are_no_inputs(tmp_path, predictor):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"text": None, "id": 1}, {"text": "Fine.", "id": 2}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "b.parquet")
    errors: list = []
    (part,) = cut([str(tmp_path / "b.parquet")], 5)
    ((_, item, _),) = read_part(part, predictor, None, errors.append)
    assert item == {"text": "Fine.", "id": 2}
    assert [(error.path, error.line) for error in errors] == [(str(tmp_path / "b.parquet"), 1)]


def test_rows_of_several_batches_and_archives(tmp_path, predictor, monkeypatch):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"tokens": [f"w{number}"]} for number in range(7)]
    inside = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows), inside, row_group_size=3)
    whole = parquet.ParquetFile.iter_batches
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", lambda file: whole(file, 2))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/b.parquet", inside.getvalue())
    for size in (1, 2, 3, 5, 9):
        read = words(cut([str(tmp_path / "a.zip")], size), predictor)
        assert [len(each) for each in read[:-1]] == [size] * (len(read) - 1)
        assert list(chain.from_iterable(read)) == [f"w{n}" for n in range(7)]


def test_a_file_that_is_no_parquet(tmp_path):
    pytest.importorskip("pyarrow.parquet")
    (tmp_path / "b.parquet").write_text("nothing")
    with pytest.raises(CorpusError, match=r"b\.parquet: cannot be read as Parquet \(.*\)$"):
        list(cut([str(tmp_path / "b.parquet")], 5))


def test_a_file_that_is_gone(tmp_path, predictor):
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(lines(0, 1), "utf-8")
    (part,) = cut([str(tmp_path)], 5)
    (tmp_path / "b.jsonl").unlink()
    with pytest.raises(CorpusError, match=r"b\.jsonl: is not there any more"):
        words([part], predictor)


def test_rows_that_are_no_json(tmp_path, predictor):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"text": "Fine.", "raw": None}, {"text": "Bytes.", "raw": b"\0"}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "b.parquet")
    errors: list = []
    (part,) = cut([str(tmp_path / "b.parquet")], 5)
    ((_, item, _),) = read_part(part, predictor, None, errors.append)
    assert item == {"text": "Fine."}
    ((line, reason),) = [(error.line, error.reason) for error in errors]
    assert line == 2
    assert reason.startswith("the column 'raw' holds what JSON has not")


def test_long_texts_are_in_smaller_parts(tmp_path):
    for name, size in [("a", 10), ("b", TEXTS), ("c", 10), ("d", 10)]:
        (tmp_path / f"{name}.txt").write_text("x" * size, "utf-8")
    parts = [[piece.name[-5] for piece in part.pieces] for part in cut([str(tmp_path)], 3)]
    assert parts == [["a", "b"], ["c", "d"]]
