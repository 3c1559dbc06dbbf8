"""What a process of Ray does, done here."""

import json
import socket
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, List

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.bulk import prediction
from locate_label_allennlp.bulk.output import OutputFolder
from locate_label_allennlp.bulk.parts import cut
from locate_label_allennlp.bulk.prediction import Settings, Worker, predict_in_bulk
from locate_label_allennlp.data.document import CorpusError


@pytest.fixture
def settings(trained_archive: Path, tmp_path: Path) -> Settings:
    lines = [f'{{"tokens": ["Port", "{number}"]}}\n' for number in range(5)]
    (tmp_path / "in.jsonl").write_text("".join(lines), "utf-8")
    output = str(tmp_path / "out")
    return Settings(str(trained_archive), [str(tmp_path / "in.jsonl")], output, part_size=3)


def row(part: Any) -> Dict[str, str]:
    return {"part": json.dumps(asdict(part))}


def files(settings: Settings) -> List[str]:
    return sorted(path.name for path in Path(settings.output).iterdir())


def test_the_same_in_groups(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    OutputFolder(settings.output, "jsonl").begin({})
    (first, second) = cut(settings.inputs, settings.part_size)
    worker = Worker(settings, on_gpu=False)
    monkeypatch.setattr(prediction, "_SENTENCES", 2)
    said = [worker(row(part)) for part in (second, first)]
    assert [(each["documents"], each["sentences"], each["error"]) for each in said] == [
        (2, 2, ""),
        (3, 3, ""),
    ]
    texts = [path.read_text("utf-8") for path in sorted(Path(settings.output).glob("part-*"))]
    tokens = [json.loads(line)["tokens"][1] for line in "".join(texts).splitlines()]
    assert tokens == ["0", "1", "2", "3", "4"]


def test_a_file_that_was_changed_meanwhile(settings: Settings) -> None:
    OutputFolder(settings.output, "jsonl").begin({})
    (_, second) = cut(settings.inputs, settings.part_size)
    file = Path(settings.inputs[0])
    file.write_text("".join(file.read_text("utf-8").splitlines(True)[:-1]), "utf-8")
    error = Worker(settings, on_gpu=False)(row(second))["error"]
    assert error.startswith(f"{file}:4: part 1 had 2 inputs, and has 1 and 0 that are not allowed")
    assert files(settings) == ["manifest.json"]


def test_a_model_that_is_none_is_one_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong.tar.gz"
    wrong.write_text("nothing")
    monkeypatch.setattr(
        prediction,
        "_rows",
        lambda settings, parts, workers, address: map(Worker(settings, False), map(row, parts)),
    )
    with pytest.raises(ConfigurationError, match=r"wrong\.tar\.gz"):
        predict_in_bulk(replace(settings, model=str(wrong)))
    assert files(settings) == ["manifest.json"]


def test_it_goes_on_with_what_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(settings: Settings, parts: Any, workers: Any, address: Any) -> Any:
        yield Worker(settings, False)(row(parts[1]))
        raise KeyboardInterrupt

    monkeypatch.setattr(prediction, "_rows", broken_off)
    with pytest.raises(KeyboardInterrupt):
        predict_in_bulk(settings)
    assert files(settings) == ["manifest.json", "part-00000001.jsonl"]
    monkeypatch.setattr(
        prediction,
        "_rows",
        lambda settings, parts, workers, address: map(
            Worker(settings, False), [row(part) for part in parts if part.number == 0]
        ),
    )
    written = (Path(settings.output) / "part-00000001.jsonl").stat().st_mtime_ns
    assert predict_in_bulk(settings)["documents"] == 5
    assert (Path(settings.output) / "part-00000001.jsonl").stat().st_mtime_ns == written
    with pytest.raises(ConfigurationError, match=r"part_size differ"):
        predict_in_bulk(replace(settings, part_size=4))


def test_what_the_parts_follow_from(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text('{"tokens": ["Port"]}\n', "utf-8")
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.jsonl", '{"tokens": ["Port"]}\n')
    inputs = [*settings.inputs, str(tmp_path / "more.jsonl"), str(archive)]
    known = json.loads(json.dumps(replace(settings, inputs=inputs).as_json()))
    assert replace(settings, inputs=inputs).as_json() == known
    # In another order they are in other parts.
    for others in (inputs[::-1], [*inputs, inputs[0]], inputs[1:]):
        assert replace(settings, inputs=others).as_json()["inputs"] != known["inputs"]
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("readme", "more")
    assert replace(settings, inputs=inputs).as_json()["inputs"] != known["inputs"]
    # What is not on this machine goes by its name.
    here, hub, other = (
        replace(settings, model=model).as_json()["model"]
        for model in (settings.model, "org/one", "org/other")
    )
    assert len({here, hub, other}) == 3


def test_inputs_that_are_not_there(settings: Settings) -> None:
    with pytest.raises(CorpusError, match=r"none\.jsonl: no such file"):
        predict_in_bulk(replace(settings, inputs=["none.jsonl"]))
    assert not Path(settings.output).exists()


def test_the_output_is_none_of_the_inputs(settings: Settings, tmp_path: Path) -> None:
    output = str(tmp_path / "deep" / "out")
    with pytest.raises(ConfigurationError, match=f"{output}: lies in the input {tmp_path}; all"):
        predict_in_bulk(replace(settings, inputs=[str(tmp_path)], output=output))
    assert not (tmp_path / "deep").exists()


def test_paths_are_those_of_any_folder(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: List[Settings] = []

    def rows(settings: Settings, parts: Any, workers: Any, address: Any) -> Any:
        given.append(settings)
        return map(Worker(settings, False), map(row, parts))

    monkeypatch.setattr(prediction, "_rows", rows)
    monkeypatch.chdir(tmp_path)
    manifest = predict_in_bulk(replace(settings, inputs=["in.jsonl"], output="out"))
    assert (manifest["documents"], manifest["complete"]) == (5, True)
    # From elsewhere it is the same prediction, of which nothing is missing.
    assert predict_in_bulk(settings) == manifest
    assert [(each.inputs, each.output) for each in given] == [(settings.inputs, settings.output)]


def test_a_cluster_that_does_not_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        for given in (address, f"ray://{address}"):
            with pytest.raises(ConfigurationError, match=f"--address {given}: no Ray answers"):
                predict_in_bulk(settings, address=given)
        monkeypatch.setenv("RAY_ADDRESS", address)
        with pytest.raises(ConfigurationError, match=f"{address}: no Ray answers"):
            predict_in_bulk(settings)
