import gzip
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any, List, Optional

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import JsonlFormat
from locate_label_allennlp.predictors.inputs import count_inputs, input_files, read_inputs
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

LINES = "Old Tarn\r\nslept.\n\n"


class Predictor:
    """Without a model, which reading does not need."""

    load_line = NestedNerPredictor.load_line
    document = NestedNerPredictor.document
    _format = JsonlFormat()

    class _model:
        @staticmethod
        def refusal(num_words: int) -> Optional[str]:
            return f"{num_words} words are too many" if num_words > 90 else None


def read(path: Any, whole_files: Optional[bool] = None) -> List[Any]:
    files = input_files(str(path))
    found = list(read_inputs(Predictor(), files, whole_files))  # type: ignore[arg-type]
    if str(path) != "-":
        assert count_inputs(files, whole_files) == len(found)
    assert all(document.text == item.get("text") for item, document in found)
    return [item for item, _ in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_bytes(LINES.encode("utf-8-sig"))
    (tmp_path / "in" / "a.ann").write_text("T1\tPLACE 0 8\tOld Tarn\n")
    (tmp_path / "in" / "deep" / "b.txt.gz").write_bytes(gzip.compress(b"Tarn"))
    (tmp_path / "in" / "deep" / "c.jsonl").write_text('{"tokens": ["x"]}\nplain\n')
    return tmp_path / "in"


A = {"doc_id": "a", "text": LINES}
B = {"doc_id": "deep/b", "text": "Tarn"}
C = [{"tokens": ["x"]}, {"text": "plain"}]


def test_a_folder_holds_documents_named_by_their_files(folder: Path) -> None:
    assert read(folder) == [A, B, *C]
    assert read(f"{folder}/") == [A, B, *C]


def test_so_do_patterns_archives_and_single_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(folder / "**" / "*.txt*") == [A, B]
    assert read(folder / "a.txt") == [A]
    assert read(folder / "deep" / "b.txt.gz") == [{**B, "doc_id": "b"}]
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as packed:
        for path in folder.rglob("*.*"):
            packed.write(path, path.relative_to(folder))
    assert read(tmp_path / "in.zip") == [A, B, *C]
    assert read(f"{tmp_path}/in.zip!deep") == [{**B, "doc_id": "b"}, *C]
    assert read(f"{tmp_path}/in.zip!deep/b.txt.gz") == [{**B, "doc_id": "b"}]
    assert read(f"{tmp_path}/in.zip!d*/*.gz") == [B]
    monkeypatch.chdir(folder)
    assert read("**/*.txt*") == [A, B]


def test_a_line_is_an_input_if_told_and_a_blank_one_keeps_its_place(folder: Path) -> None:
    assert read(folder / "a.txt", whole_files=False) == [
        {"text": "Old Tarn"},
        {"text": "slept."},
        {"text": ""},
    ]
    whole = {"doc_id": "c", "text": '{"tokens": ["x"]}\nplain\n'}
    assert read(folder / "deep" / "c.jsonl", whole_files=True) == [whole]


@pytest.mark.parametrize(("whole_files", "texts"), [(None, ["a", "", "b"]), (True, ["a\n\nb\n"])])
def test_standard_input(
    whole_files: Optional[bool], texts: List[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\n\nb\n")))
    assert read("-", whole_files) == [{"text": text} for text in texts]


def test_json_in_a_text_file_is_not_taken_for_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(json.dumps({"tokens": ["x"]}) + "\n")
    with pytest.raises(CorpusError, match=r"a\.txt:1: holds JSON, .* --lines or --whole-files"):
        read(path)
    assert read(path, whole_files=False) == [{"tokens": ["x"]}]
    assert len(read(path, whole_files=True)) == 1
    path.write_text("{braces} are no JSON\n")
    assert len(read(path)) == 1


def test_empty_files_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "b.txt").write_text("")
    (tmp_path / "c.jsonl").write_text("\n")
    assert read(tmp_path) == [{"doc_id": "b", "text": ""}, {"text": ""}]
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"{tmp_path}/a.jsonl is empty", f"{tmp_path}/b.txt is empty"]


def test_files_and_lines_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"tokens": ["x"]}\n{"tokens": \n')
    with pytest.raises(CorpusError, match=r"a\.jsonl:2: an input line is not JSON"):
        list(read_inputs(Predictor(), input_files(str(tmp_path))))  # type: ignore[arg-type]
    (tmp_path / "a.jsonl").write_text('{"text": "\\ud800"}\n')
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: an input line is not JSON .*surrogates"):
        list(read_inputs(Predictor(), input_files(str(tmp_path))))  # type: ignore[arg-type]
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"empty: the folder has no file ending in \.txt or"):
        input_files(str(tmp_path / "empty"))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"x" * 99)[:20])
    assert count_inputs(input_files(str(tmp_path / "b.jsonl.gz"))) is None


def test_what_is_not_allowed_is_passed_over_by_who_takes_notice(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    long = json.dumps({"tokens": ["a"] * 91}).encode()
    path.write_bytes(
        b'{"tokens": ["a"]}\n{"tokens": [""]}\n{x}\n\xff\n' + long + b'\n{"tokens": ["b"]}\n'
    )
    errors: List[CorpusError] = []
    pairs = read_inputs(
        Predictor(),  # type: ignore[arg-type]
        input_files(str(path)),
        on_error=errors.append,
    )
    assert [item for item, _ in pairs] == [{"tokens": ["a"]}, {"tokens": ["b"]}]
    assert [(error.path, error.line) for error in errors] == [(str(path), n) for n in range(2, 6)]
    assert [error.reason for error in errors[2:]] == [
        "is not UTF-8 (invalid start byte)",
        "91 words are too many",
    ]


def test_so_are_texts_that_are_not_utf_8(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "a.txt").write_bytes(b"Old\nTarn \xff\n")
    predictor: Any = Predictor()
    with pytest.raises(CorpusError, match=r"a\.txt:2: is not UTF-8"):
        list(read_inputs(predictor, input_files(str(folder))))
    errors: List[CorpusError] = []
    pairs = read_inputs(predictor, input_files(str(folder)), on_error=errors.append)
    assert [item for item, _ in pairs] == [B, *C]
    assert [(error.path, error.line) for error in errors] == [(str(folder / "a.txt"), 2)]
    assert "is empty" not in caplog.text
