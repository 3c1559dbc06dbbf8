import json
from pathlib import Path

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.bulk.output import OutputFolder
from locate_label_allennlp.data.document import CorpusError

OUTPUT = {
    "doc_id": "a",
    "text": "Relmere",
    "entities": [
        {
            **{"type": "PLACE", "text": "Relmere", "score": 0.75},
            **{"sentence": 0, "start": 0, "end": 1, "start_char": 0, "end_char": 7},
        }
    ],
}


def names(folder: Path):
    return sorted(path.name for path in folder.iterdir())


def test_parts_and_what_was_rejected(tmp_path):
    output = OutputFolder(str(tmp_path / "out"), "jsonl")
    assert output.begin({"model": "m"}) == set()
    output.write(1, [OUTPUT], ["two\n", "three\n"])
    output.reject(1, [CorpusError("no text", "b.jsonl", 7)])
    output.reject(0, [])
    # An earlier call got so far, and left something half-written.
    (tmp_path / "out" / ".part-00000000.jsonl.1.partial").write_text("on")
    assert output.begin({"model": "m"}) == {1}
    with pytest.raises(CorpusError, match=r"part-00000000\.jsonl: is missing"):
        output.end(2)
    output.reject(0, [CorpusError("no text", "a.jsonl", 3)])
    output.write(0, [OUTPUT], ["one\n"])
    for _ in range(2):
        manifest = output.end(2)
        assert manifest == {
            "settings": {"model": "m"},
            "complete": True,
            "documents": 3,
            "rejected": 2,
            "parts": {"part-00000000.jsonl": 1, "part-00000001.jsonl": 2},
        }
        assert names(tmp_path / "out") == [
            "manifest.json",
            "part-00000000.jsonl",
            "part-00000001.jsonl",
            "rejected.jsonl",
        ]
    lines = (tmp_path / "out" / "rejected.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"file": "a.jsonl", "line": 3, "reason": "no text"},
        {"file": "b.jsonl", "line": 7, "reason": "no text"},
    ]


def test_another_prediction_is_not_mixed_in(tmp_path):
    output = OutputFolder(str(tmp_path / "out"), "jsonl")
    output.begin({"model": "wrong", "part_size": 5})
    # There is nothing of it yet.
    output.begin({"model": "m", "part_size": 5})
    output.write(0, [OUTPUT], ["one\n"])
    assert output.begin({"model": "m", "part_size": 5}) == {0}
    with pytest.raises(ConfigurationError, match=r"another prediction \(part_size differ\)"):
        output.begin({"model": "m", "part_size": 6})
    # Nor are parts of another format, or what was rejected for a part that was never written.
    with pytest.raises(ConfigurationError, match=r"another prediction \(format differ\)"):
        OutputFolder(str(tmp_path / "out"), "parquet").begin({"format": "parquet"})
    output.part(0).rename(tmp_path / "out" / "part-00000000.rejected")
    with pytest.raises(ConfigurationError, match=r"another prediction \(part_size differ\)"):
        output.begin({"model": "m", "part_size": 6})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("kept")
    with pytest.raises(ConfigurationError, match="neither empty nor has it a manifest"):
        OutputFolder(str(tmp_path / "other"), "jsonl").begin({})
    assert names(tmp_path / "other") == ["mine.txt"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"settings": 1}'])
def test_a_manifest_of_something_else(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"manifest\.json: is of no bulk prediction"):
        OutputFolder(str(tmp_path), "jsonl").begin({})
    assert (tmp_path / "manifest.json").read_text() == content


def test_rows(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    output = OutputFolder(str(tmp_path), "parquet")
    output.begin({})
    words = {"tokens": ["Relmere"], "text": 7, "entities": []}
    output.write(0, [OUTPUT, words], [])
    assert output.end(1)["documents"] == 2
    first, second = parquet.read_table(tmp_path / "part-00000000.parquet").to_pylist()
    assert (first["doc_id"], first["text"]) == ("a", "Relmere")
    assert first["entities"] == OUTPUT["entities"]
    assert (second["doc_id"], second["text"], second["entities"]) == (None, None, [])
    assert json.loads(second["document"]) == {"tokens": ["Relmere"], "text": 7}


def test_one_process_at_a_time(tmp_path):
    folder = str(tmp_path / "out")
    other = OutputFolder(folder, "jsonl")
    with OutputFolder(folder, "jsonl").locked():
        with pytest.raises(ConfigurationError, match="another process fills it"), other.locked():
            pass
        assert names(tmp_path / "out") == []
    with other.locked():
        pass


def test_names_of_parts_are_in_their_order():
    output = OutputFolder("out", "jsonl")
    numbers = [9, 10, 99_999, 100_000, 1_000_000]
    assert sorted(map(output.part, numbers)) == [output.part(number) for number in numbers]
