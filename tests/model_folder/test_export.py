"""The folder of a model: what is in it, that it predicts as the archive, without pickle or code."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Dict

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.models import load_archive
from safetensors.torch import load_file, save_file

import locate_label_allennlp
from locate_label_allennlp.common import unpacking
from locate_label_allennlp.model_folder import export
from locate_label_allennlp.model_folder.export import export_model

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "fixtures" / "formats" / "nested.jsonl"
TEXTS = [" ".join(json.loads(line)["tokens"]) for line in CORPUS.read_text("utf-8").splitlines()]
# Whoever unpickles anything, in C or in Python, ends in an error.
WITHOUT_PICKLE = """\
import _pickle, json, pickle, sys

class Unpickler(pickle._Unpickler):
    def __init__(self, *arguments, **options):
        raise SystemExit("unpickled")

for module in (pickle, _pickle):
    module.Unpickler = module._Unpickler = Unpickler
    module.load = module.loads = Unpickler

import torch, torch._weights_only_unpickler
torch._weights_only_unpickler.Unpickler = torch.load = Unpickler

import locate_label_allennlp
ner = locate_label_allennlp.load(sys.argv[1], precision="fp32")
print(json.dumps([[vars(entity) for entity in ner(text)] for text in json.loads(sys.argv[2])]))
for archive in sys.argv[3:]:
    locate_label_allennlp.load(archive)
"""


def found(model: Path) -> Any:
    ner = locate_label_allennlp.load(model, precision="fp32")
    return [[vars(entity) for entity in ner(text)] for text in TEXTS]


def named(entity: Dict[str, Any]) -> Dict[str, Any]:
    """Without its score."""
    return {name: value for name, value in entity.items() if name != "score"}


def without_pickle(
    model: Path, *archives: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """What is found with the model; then archives are loaded."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_PICKLE, str(model), json.dumps(TEXTS), *map(str, archives)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_it_is_loaded_without_pickle_and_network(training: Path, exported: Path) -> None:
    expected = found(training / "model.tar.gz")
    assert any(expected)
    assert found(exported) == expected
    done = without_pickle(exported, training)
    again = json.loads(done.stdout.splitlines()[-1])
    assert [[named(each) for each in text] for text in again] == [
        [named(each) for each in text] for text in expected
    ], done.stderr
    scores, others = (
        [each["score"] for text in texts for each in text] for texts in (again, expected)
    )
    # Another process may add up numbers in another order.
    assert scores == pytest.approx(others, abs=1e-5)
    # An archive's weights are pickled, so this is seen.
    assert "unpickled" in done.stderr


def test_it_is_the_model_of_the_archive(training: Path, exported: Path) -> None:
    (encoder,) = (exported / "encoder").iterdir()
    assert encoder.name.startswith("small-encoder-")
    # Version 4 of transformers writes two more files of a tokenizer.
    names = {path.name for path in encoder.iterdir()} - {"special_tokens_map.json", "vocab.txt"}
    assert names == {"config.json", "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in exported.iterdir()} == {
        *("README.md", "config.json", "encoder", "meta.json", "model.safetensors", "vocabulary")
    }
    archived, safe = load_archive(training / "model.tar.gz").model, load_archive(exported).model
    state = safe.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in archived.state_dict().items())
    assert (exported / "model.safetensors").stat().st_mode & 0o777 == (
        exported / "config.json"
    ).stat().st_mode & 0o777


def test_it_names_no_folder_of_the_machine(training: Path, exported: Path, fixtures: Path) -> None:
    config = (training / "config.json").read_text("utf-8")
    assert str(training.parent) in config
    assert str(fixtures) in config
    for path in exported.rglob("*.json"):
        text = path.read_text("utf-8")
        assert str(training.parent) not in text, path
        assert str(fixtures) not in text, path


def test_two_encoders_of_one_name_stay_two() -> None:
    names = ["/a/bert", "/b/bert", "org/bert", "/a/bert"]
    changed, copies = export._portable({"parts": [{"model_name": name} for name in names]})
    first, second, third, fourth = (part["model_name"] for part in changed["parts"])
    assert (first, third) == ("bert", "org/bert")
    assert fourth == first != second
    assert set(copies) == {export.copy_name("/a/bert"), export.copy_name("/b/bert")}
    assert copies[export.copy_name("/b/bert")] == export.copy_name(second)


def test_from_the_folder_of_a_training_and_of_a_model(
    training: Path, exported: Path, tmp_path: Path
) -> None:
    for number, source in enumerate((training, exported)):
        target = tmp_path / f"{number}"
        export_model(str(source), str(target))
        assert (target / "model.safetensors").read_bytes() == (
            exported / "model.safetensors"
        ).read_bytes()
        assert not (target / "vocabulary" / ".lock").exists()


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_is_broken_off_leaves_nothing(
    exists: bool,
    error: BaseException,
    training: Path,
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = tmp_path / "model"
    if exists:
        shutil.copytree(exported, target)
        (target / "README.md").write_text("old")

    def broken_off(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(export, "model_card", broken_off)
    with pytest.raises((KeyboardInterrupt, ConfigurationError)) as raised:
        export_model(str(training), str(target), force=True)
    if isinstance(error, OSError):
        needed = (training / "best.th").stat().st_size
        assert f"{target} cannot be written: No space left on device; {needed:,}" in str(
            raised.value
        )
    assert [path.name for path in tmp_path.iterdir()] == (["model"] if exists else [])
    if exists:
        assert (target / "README.md").read_text() == "old"
        assert (target / "model.safetensors").exists()


def test_where_it_may_be_written(training: Path, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds a model; --force replaces it"):
        export_model(str(training), str(exported))
    (tmp_path / "mine.txt").touch()
    for force in (False, True):
        with pytest.raises(ConfigurationError, match="is not empty; DIR takes a new or empty"):
            export_model(str(training), str(tmp_path), force=force)
    with pytest.raises(ConfigurationError, match=r"mine\.txt is a file; DIR takes a folder"):
        export_model(str(training), str(tmp_path / "mine.txt"))


def test_what_may_not_be_loaded_is_not_exported(
    training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(shutil.copytree(training, tmp_path / "training"))
    config = json.loads((source / "config.json").read_text())
    config["dataset_reader"]["format"] = "subprocess.Popen"
    (source / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigurationError, match=r"'subprocess\.Popen' as CorpusFormat"):
        export_model(str(source), str(tmp_path / "model"))
    config["dataset_reader"].pop("format")
    config["model"]["word_encoder"]["encoder"]["hidden_size"] = 4
    (source / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigurationError, match=f"^{source} cannot be loaded: its weights do not"):
        export_model(str(source), str(tmp_path / "model"))
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ConfigurationError, match=r"model\.tar\.gz cannot be loaded: not a gzip"):
        export_model(str(tmp_path / "model.tar.gz"), str(tmp_path / "model"))
    assert not (tmp_path / "model").exists()


def test_what_is_no_part_of_a_model_is_left_out_and_said(training: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    (tmp_path / "script.py").write_text("print()")
    (encoder,) = (training / "encoder").iterdir()
    with tarfile.open(path, "w:gz") as archive:
        for name in ("config.json", "vocabulary", "encoder"):
            archive.add(training / name, name)
        archive.add(training / "best.th", "weights.th")
        archive.add(tmp_path / "script.py", f"encoder/{encoder.name}/script.py")
    _, left_out = export_model(str(path), str(tmp_path / "model"))
    assert left_out == [f"encoder/{encoder.name}/script.py"]
    assert not [*(tmp_path / "model").rglob("*.py")]


def spoiled(folder: Path, value: float) -> None:
    weights = load_file(folder / "model.safetensors")
    next(each for each in weights.values() if each.is_floating_point()).view(-1)[0] = value
    save_file(weights, folder / "model.safetensors")


def linked(folder: Path, name: str) -> None:
    """A file that is a link to the same content elsewhere."""
    elsewhere = folder.parent / "elsewhere"
    shutil.move(folder / name, elsewhere)
    (folder / name).symlink_to(elsewhere)


def changed(folder: Path, **part: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["model"].update(part)
    (folder / "config.json").write_text(json.dumps(config))


HOSTILE: Dict[str, Any] = {
    "a class of any library": (
        lambda folder: changed(folder, decoder={"type": "subprocess.Popen", "args": "x"}),
        r"names 'subprocess\.Popen' as EntityDecoder",
    ),
    "another archive": (
        lambda folder: changed(folder, _pretrained={"archive_file": "/x"}),
        "_pretrained",
    ),
    "weights that are no numbers": (
        lambda folder: spoiled(folder, float("nan")),
        "has numbers that are not finite",
    ),
    "weights of another shape": (
        lambda folder: changed(folder, seed_lengths=[1], filter=None),
        "its weights do not fit its config",
    ),
    "pickle as weights": (
        lambda folder: torch.save({}, folder / "model.safetensors"),
        "its weights cannot be read",
    ),
    "weights cut off": (
        lambda folder: os.truncate(folder / "model.safetensors", 5000),
        "its weights cannot be read",
    ),
    "a link in place of weights": (
        lambda folder: linked(folder, "model.safetensors"),
        r"'model\.safetensors' leads out of it",
    ),
    "a link in place of words": (
        lambda folder: linked(folder, "vocabulary/tokens.txt"),
        r"'vocabulary/tokens\.txt' leads out of it",
    ),
    "a link in place of a folder": (
        lambda folder: linked(folder, "vocabulary"),
        "'vocabulary' leads out of it",
    ),
    "a pipe": (
        lambda folder: os.mkfifo(folder / "vocabulary" / "pipe"),
        "'vocabulary/pipe' is no file",
    ),
    "too many labels": (
        lambda folder: (folder / "vocabulary" / "entity_labels.txt").write_text("A\n" * 10_001),
        r"vocabulary/entity_labels\.txt has 10,001 lines",
    ),
    "many files": (
        lambda folder: [(folder / "encoder" / f"{n}").touch() for n in range(unpacking.MEMBERS)],
        "it has more than 1,000 files",
    ),
    "code of an encoder": (
        lambda folder: with_code(folder),
        "could not be loaded by Auto",
    ),
}


def with_code(folder: Path) -> None:
    (encoder,) = (folder / "encoder").iterdir()
    (encoder / "config.json").write_text(
        json.dumps({"model_type": "mine", "auto_map": {"AutoConfig": "code.Config"}})
    )
    (encoder / "code.py").write_text("raise SystemExit('ran')")


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_folder_is_refused(kind: str, folder: Path) -> None:
    make, message = HOSTILE[kind]
    make(folder)
    with pytest.raises(ConfigurationError, match=message) as error:
        locate_label_allennlp.load(folder)
    assert "\n" not in str(error.value).strip()


def test_a_folder_has_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (folder / "model.safetensors").stat().st_size
    monkeypatch.setattr(unpacking, "TOTAL", size)
    with pytest.raises(ConfigurationError, match="it is larger than"):
        locate_label_allennlp.load(folder)


def test_pickled_weights_beside_the_safe_ones_are_not_read(folder: Path) -> None:
    (folder / "weights.th").write_bytes(b"no weights")
    (folder / "best.th").write_bytes(b"no weights")
    locate_label_allennlp.load(folder)
