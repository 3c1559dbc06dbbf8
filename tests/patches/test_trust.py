"""Archives from elsewhere: nothing of them runs, nothing is written or sent, nothing is left."""

import io
import json
import os
import shutil
import socket
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
import torch
from allennlp.commands import main
from allennlp.commands.train import train_model
from allennlp.common import Params, file_utils
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import load_archive

import locate_label_allennlp
from locate_label_allennlp.common import unpacking
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat
from locate_label_allennlp.data.formats.jsonl import JsonlFormat
from locate_label_allennlp.patches import archives
from locate_label_allennlp.patches.trust import TRUST, restricted

CORPUS = Path("formats") / "nested.jsonl"
RAN: List[Any] = []
"""What hostile archives were able to run."""


def run_hostile(**arguments: Any) -> None:
    RAN.append(arguments)


class TrustedFormat(JsonlFormat):
    """What only an archive that is trusted may name."""


class Hostile:
    def __reduce__(self) -> Any:
        return run_hostile, ()


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    """The folder of a training."""
    folder = tmp_path_factory.mktemp("honest") / "out"
    config = str(fixtures / "configs" / "tiny.jsonnet")
    train_model(Params.from_file(config, '{"trainer.num_epochs": 1}'), str(folder))
    return folder


class Maker:
    """Makes archives of a training, with something changed."""

    def __init__(self, training: Path, folder: Path) -> None:
        self.model, self.folder = folder / "model", folder
        shutil.copytree(training, self.model)
        (self.model / "model.tar.gz").unlink()
        shutil.move(self.model / "best.th", self.model / "weights.th")

    @property
    def config(self) -> Dict[str, Any]:
        return json.loads((self.model / "config.json").read_text())

    def write(self, content: str) -> None:
        (self.model / "config.json").write_text(content)

    def change(self, part: str, **changes: Any) -> None:
        config = self.config
        target = config
        for name in part.split("."):
            target = target.setdefault(name, {})
        target.update(changes)
        self.write(json.dumps(config))

    def pack(self, *members: tarfile.TarInfo) -> Path:
        path = self.folder / "a.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name in ("config.json", "weights.th", "vocabulary"):
                archive.add(self.model / name, name)
            for member in members:
                archive.addfile(member, io.BytesIO(b"x" * member.size))
        return path


@pytest.fixture
def maker(honest: Path, tmp_path: Path) -> Maker:
    return Maker(honest, tmp_path)


@pytest.fixture(autouse=True)
def nothing_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Nothing ran, was written or sent, and no temporary folder is left."""
    RAN.clear()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("SECRET", "hidden")
    monkeypatch.setenv(TRUST, "0")
    monkeypatch.delenv("FROM", raising=False)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: RAN.append("connected"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    yield
    assert sys.stdin.tell() == 0
    assert not RAN
    assert not Path("/tmp/escaped").exists()
    assert not (tmp_path.parent / "escaped").exists()
    assert not (temporary / "escaped").exists()
    assert not [name for name in os.listdir(temporary) if os.path.isdir(temporary / name)]


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 1, **fields: Any) -> Any:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size if kind == tarfile.REGTYPE else 0
    for key, value in fields.items():
        setattr(info, key, value)
    return info


HOSTILE: Dict[str, Any] = {
    "a class of any library": (
        lambda maker: maker.change("dataset_reader", format={"type": f"{__name__}.run_hostile"}),
        r"names '.*run_hostile' as CorpusFormat; allowed are ace, auto, .*--trust",
    ),
    "its short form": (
        lambda maker: maker.change("model", decoder=f"{__name__}.run_hostile"),
        r"names '.*run_hostile' as EntityDecoder",
    ),
    "a component of AllenNLP that opens files": (
        lambda maker: maker.change("model", type="from_archive", archive_file="other.tar.gz"),
        "names 'from_archive' as Model",
    ),
    "another archive in it": (
        lambda maker: maker.change(
            "model.classifier", _pretrained={"archive_file": "/x", "module_path": ""}
        ),
        "its config has 'model.classifier._pretrained'",
    ),
    "an address": (
        lambda maker: maker.change("dataset_reader.text_splitter", language="http://127.0.0.1:9"),
        "'http://127.0.0.1:9' as 'dataset_reader.text_splitter.language'",
    ),
    "a path outside of it": (
        lambda maker: maker.change("dataset_reader.text_splitter", language="../pipeline"),
        "may not name an address or a path outside of it",
    ),
    "a program of Jsonnet": (
        lambda maker: maker.write("{ secret: std.extVar('SECRET'), file: importstr '/etc/hosts' }"),
        "its config.json is no JSON",
    ),
    "deep JSON": (lambda maker: maker.write("[" * 100_000), "its config.json is no JSON"),
    "pickled code as weights": (
        lambda maker: torch.save({"weight": Hostile()}, maker.model / "weights.th"),
        "its weights cannot be read",
    ),
    "weights that are no numbers": (
        lambda maker: spoil(maker.model / "weights.th"),
        "has numbers that are not finite",
    ),
    "weights of another shape": (
        lambda maker: maker.change(
            "model.word_encoder.text_field_embedder.token_embedders.words", embedding_dim=13
        ),
        "its weights do not fit its config",
    ),
    "too many labels": (
        lambda maker: (maker.model / "vocabulary" / "entity_labels.txt").write_text("A\n" * 10_001),
        "vocabulary/entity_labels.txt has 10,001 lines; allowed are 10,000",
    ),
    "a name that leads out": (lambda maker: [member("../escaped")], "leads out of it"),
    "an absolute name": (lambda maker: [member("/tmp/escaped")], "leads out of it"),
    "a symbolic link": (
        lambda maker: [member("link", tarfile.SYMTYPE, linkname="/etc")],
        "'link' is a link or a device",
    ),
    "a hard link": (
        lambda maker: [member("link", tarfile.LNKTYPE, linkname="/etc/hosts")],
        "'link' is a link or a device",
    ),
    "a device": (lambda maker: [member("null", tarfile.CHRTYPE)], "is a link or a device"),
    "a program that runs as another user": (
        lambda maker: [member("program", mode=0o4755)],
        "has the mode 4755",
    ),
    "a file twice": (lambda maker: [member("config.json")], "it has 'config.json' twice"),
    "more than fits": (
        lambda maker: [member("zeros", size=unpacking.SMALL)],
        "unpacked it is larger than 64 MiB, up to 'zeros'",
    ),
    "many files": (
        lambda maker: [member(f"m{number}", size=0) for number in range(unpacking.MEMBERS)],
        "it has more than 1,000 files",
    ),
}


def spoil(path: Path) -> None:
    weights = torch.load(path, weights_only=True)
    next(value for value in weights.values() if value.is_floating_point()).view(-1)[0] = torch.nan
    torch.save(weights, path)


def commands(fixtures: Path, folder: Path) -> Dict[str, Any]:
    raw = folder / "raw.txt"
    raw.write_text("The port of Tarn.\n")
    return {
        "predict": lambda path: (path, raw, "--output-file", folder / "out.jsonl"),
        "evaluate": lambda path: (path, fixtures / CORPUS),
        "draw-entities": lambda path: (path, raw),
        "ner-report": lambda path: (
            path,
            fixtures / CORPUS,
            "--output",
            folder / "report",
            "--force",
        ),
    }


@pytest.fixture
def run(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Gives an archive to one of the commands, or to `load`."""

    def run(command: str, path: Path, *options: str) -> Any:
        if command == "load":
            return locate_label_allennlp.load(path, trust="--trust" in options)
        arguments = (command, *commands(fixtures, tmp_path)[command](path), *options)
        monkeypatch.setattr(sys, "argv", ["allennlp", *map(str, arguments)])
        return main(prog="allennlp")

    return run


COMMANDS = ("predict", "evaluate", "draw-entities", "ner-report", "load")


@pytest.mark.parametrize("kind", HOSTILE)
def test_of_a_hostile_archive_nothing_runs(
    kind: str, maker: Maker, run: Callable[..., Any], tmp_path: Path
) -> None:
    make, message = HOSTILE[kind]
    members = make(maker)
    path = maker.pack(*(members if isinstance(members, list) else ()))
    before = {*os.listdir(tmp_path), "raw.txt"}
    for command in COMMANDS:
        with pytest.raises(ConfigurationError, match=message) as error:
            run(command, path)
        assert "\n" not in str(error.value).strip(), command
    assert {*os.listdir(tmp_path), "raw.txt"} == before


@pytest.mark.parametrize("command", COMMANDS)
def test_an_honest_archive_is_used(
    command: str, maker: Maker, run: Callable[..., Any], tmp_path: Path
) -> None:
    run(command, maker.pack())
    run(command, maker.model)


def test_a_model_that_went_on_from_another_one_is_used(
    maker: Maker, run: Callable[..., Any], tmp_path: Path
) -> None:
    # Where that one lay is of no matter any more: its vocabulary is in the archive.
    maker.change("vocabulary", type="extend", directory=str(tmp_path / "gone" / "model.tar.gz"))
    run("load", maker.pack())
    maker.change("vocabulary", pretrained_files={"tokens": str(tmp_path / "words.txt")})
    with pytest.raises(ConfigurationError, match=r"as 'vocabulary\.pretrained_files\.tokens'"):
        run("load", maker.pack())


def test_what_is_trusted_may_build_anything(maker: Maker, run: Callable[..., Any]) -> None:
    maker.change("data_loader.batch_sampler", type=f"{__name__}.run_hostile")
    config = maker.config
    config["dataset_reader"]["format"] = {"type": f"{__name__}.TrustedFormat"}
    maker.write(json.dumps(config))
    path = maker.pack()
    for command in ("draw-entities", "load"):
        run(command, path, "--trust")
        with pytest.raises(ConfigurationError, match="TrustedFormat"):
            run(command, path)
    assert os.environ[TRUST] == "0"


def test_how_data_are_loaded_is_restricted_too(maker: Maker, run: Callable[..., Any]) -> None:
    hostile = {"batch_sampler": {"type": f"{__name__}.run_hostile"}}
    maker.change("validation_data_loader", **hostile)
    path = maker.pack()
    for command in ("evaluate", "ner-report"):
        with pytest.raises(ConfigurationError, match="run_hostile' as BatchSampler"):
            run(command, path)


def test_a_training_from_an_archive_builds_listed_components(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM", str(maker.pack()))
    params = Params({"type": f"{__name__}.TrustedFormat"})
    with pytest.raises(ConfigurationError, match="TrustedFormat' as CorpusFormat"):
        CorpusFormat.from_params(params.duplicate())
    monkeypatch.setenv(TRUST, "1")
    assert isinstance(CorpusFormat.from_params(params), TrustedFormat)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where AllenNLP unpacks what it reads a vocabulary from."""
    from cached_path import common  # type: ignore[import-untyped]

    folder = tmp_path / "cache"
    monkeypatch.setattr(common, "CACHE_DIRECTORY", str(folder))
    monkeypatch.setattr(file_utils, "CACHE_DIRECTORY", str(folder))
    return folder


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("another archive in it", "its config has 'model.classifier._pretrained'"),
        (
            "an address",
            "its config has 'http://127.0.0.1:9' as 'dataset_reader.text_splitter.language'",
        ),
        ("deep JSON", "its config.json is no JSON"),
    ],
)
def test_a_training_goes_on_from_a_sound_config(
    kind: str, message: str, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    HOSTILE[kind][0](maker)
    monkeypatch.setenv("FROM", str(maker.pack()))
    with pytest.raises(ConfigurationError, match=f"FROM.* cannot be loaded: {message}"):
        Params.from_file("training_config/fine_tune.jsonnet")


@pytest.mark.parametrize(
    "kind",
    [
        *("a symbolic link", "a device", "more than fits", "too many labels"),
        *("pickled code as weights", "weights that are no numbers"),
    ],
)
def test_a_training_goes_on_from_a_sound_archive(
    kind: str, maker: Maker, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, message = HOSTILE[kind]
    members = make(maker)
    path = maker.pack(*(members if isinstance(members, list) else ()))
    monkeypatch.setenv("FROM", str(path))
    with pytest.raises(ConfigurationError, match=message):
        Vocabulary.from_files(str(path))
    assert not cache.exists()


def test_a_training_goes_on_from_an_honest_archive(
    maker: Maker, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = maker.pack()
    monkeypatch.setenv("FROM", str(path))
    maker.change("model", label_namespace="entity_labels")
    known = Vocabulary.from_files(maker.model / "vocabulary")
    found = Vocabulary.from_files(str(path))
    assert found.get_index_to_token_vocabulary("entity_labels") == (
        known.get_index_to_token_vocabulary("entity_labels")
    )
    assert not cache.exists()


def test_labels_of_any_name_are_limited(maker: Maker) -> None:
    maker.change("model", label_namespace="types")
    (maker.model / "vocabulary" / "types.txt").write_text("A\n" * 10_001)
    with pytest.raises(ConfigurationError, match=r"vocabulary/types\.txt has 10,001 lines"):
        load_archive(maker.model)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("dataset_reader", {"type": None}),
        ("dataset_reader", {"token_indexers": []}),
        ("model", {"type": []}),
        ("model", {"filter": None}),
        ("model.classifier", {"dropout": 1.5}),
        ("model.word_encoder", {"text_field_embedder": "x"}),
        ("vocabulary", {"type": 3}),
    ],
)
def test_a_config_that_makes_no_sense_is_one_line(
    part: str, changes: Dict[str, Any], maker: Maker
) -> None:
    maker.change(part, **changes)
    with pytest.raises(ConfigurationError) as error:
        load_archive(maker.pack())
    assert "\n" not in str(error.value).strip()


@pytest.mark.parametrize("name", ["numpy", "pytest", "folder", "allennlp"])
def test_a_language_is_no_other_library(name: str, maker: Maker) -> None:
    """spaCy imports an installed package of this name, and calls its `load`."""
    maker.change("dataset_reader.text_splitter", language=name)
    with pytest.raises(ConfigurationError, match="in an archive"):
        locate_label_allennlp.load(maker.model)("The port of Tarn.")


def test_an_encoder_brings_no_other_model(tmp_path: Path) -> None:
    from locate_label_allennlp.common.encoders import load_transformer

    (tmp_path / "config.json").write_text(
        json.dumps(
            {"model_type": "detr", "backbone": "org/backbone", "use_pretrained_backbone": True}
            | {"use_timm_backbone": False, "backbone_config": None}
        )
    )
    with pytest.raises(ConfigurationError, match="allowed are encoders of text"):
        load_transformer("org/encoder", str(tmp_path), pretrained=False)


def test_an_encoder_is_that_of_the_archive(tmp_path: Path) -> None:
    from locate_label_allennlp.common.encoders import encoder_source

    with (
        restricted(),
        pytest.raises(ConfigurationError, match="has no copy of its encoder 'org/encoder'"),
    ):
        encoder_source("org/encoder", str(tmp_path))


def test_an_encoder_brings_no_code(tmp_path: Path) -> None:
    from locate_label_allennlp.common.encoders import load_config

    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "mine", "auto_map": {"AutoConfig": "code.Config"}})
    )
    (tmp_path / "code.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ConfigurationError, match="could not be loaded by AutoConfig"):
        load_config(str(tmp_path))


def test_weights_are_no_larger_than_their_file(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1).expand(1000)}, tmp_path / "weights.th")
    with pytest.raises(archives.UnsafeArchive, match="'weight' is larger than what the file holds"):
        archives.check_weights(tmp_path / "weights.th")


def test_a_link_in_a_limitless_archive_is_refused_too(maker: Maker, tmp_path: Path) -> None:
    path = maker.pack(member("link", tarfile.SYMTYPE, linkname="/etc"))
    with pytest.raises(ConfigurationError, match="'link' is a link or a device"):
        load_archive(path, trust=True)  # type: ignore[call-arg]
