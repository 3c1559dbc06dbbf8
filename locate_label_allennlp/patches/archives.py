"""Archives of models: what is wrong with one is said in one line, and nothing of it is run."""

import json
import os
import pickle
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from locate_label_allennlp.patches.finder import patches
from locate_label_allennlp.patches.trust import is_restricted, restricted

MISFIT = "Error(s) in loading state_dict"

CONFIG_BYTES = 8 * 2**20
VOCABULARY_LINES = 5_000_000
LABELS = 10_000
"""Limits of archives that are not trusted: words of each vocabulary, and types or other labels."""

FORBIDDEN_KEYS = {"_pretrained", "auto_map", "trust_remote_code"}

# What is built when a model is loaded and used; the rest of a config says how it was trained.
BUILT = (
    *("dataset_reader", "validation_dataset_reader", "model", "vocabulary"),
    *("data_loader", "validation_data_loader", "evaluation"),
)
# Read in training alone: an archive has the weights, and a copy of the encoder's configuration.
TRAINED_FROM = {"pretrained_file", "initializer", "model_name"}

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@patches("allennlp.models.archival")
def archives_from_anywhere(module: Any) -> Iterator[None]:
    """
    For an archive that is missing, cut off or none, AllenNLP shows a traceback that does not name
    the archive, and it leaves what it has unpacked in a temporary folder. Nor does it look whether
    the device is there. It unpacks whatever stands in the archive, wherever its names lead, reads
    the config as a Jsonnet program, and builds any class that this names.
    """
    yield
    load_archive = module.load_archive

    def load_archive_or_say_why_not(
        archive_file: Any,
        cuda_device: int = -1,
        overrides: Any = "",
        weights_file: Any = None,
        trust: bool = False,
    ) -> Any:
        from allennlp.common.checks import ConfigurationError, check_for_gpu

        check_for_gpu(cuda_device)
        try:
            if os.path.isdir(archive_file):
                check_folder(archive_file)
            with restricted(unless=trust):
                return load_archive(archive_file, cuda_device, overrides, weights_file)
        except (FileNotFoundError, EOFError, tarfile.TarError, zlib.error) as error:
            reason = f"{_one_line(error)}; allowed is a model.tar.gz or the folder of a training"
            raise ConfigurationError(f"{archive_file} cannot be loaded: {reason}") from error
        except (OSError, UnsafeArchive, pickle.UnpicklingError) as error:
            raise ConfigurationError(
                f"{archive_file} cannot be loaded: {_one_line(error)}"
            ) from error
        except RuntimeError as error:
            if MISFIT not in str(error):
                raise
            reason = f"its weights do not fit its config: {_one_line(error)}"
            raise ConfigurationError(f"{archive_file} cannot be loaded: {reason}") from error

    module.load_archive = load_archive_or_say_why_not
    module.extracted_archive = extracted_archive
    module.Params = _archived_params(module.Params)
    load_model = module._load_model

    def load_model_of_sound_weights(
        config: Any, weights_path: Any, serialization_dir: Any, cuda_device: int
    ) -> Any:
        check_weights(weights_path)
        return load_model(config, weights_path, serialization_dir, cuda_device)

    module._load_model = load_model_of_sound_weights


class UnsafeArchive(Exception):
    """What of an archive is not allowed, in one line."""


def check_folder(folder: Any) -> None:
    """Raises a `FileNotFoundError` for a folder that no training has filled."""
    if not os.path.isfile(os.path.join(folder, "config.json")):
        raise FileNotFoundError("the folder has no config.json")


@contextmanager
def extracted_archive(resolved_archive_file: str, cleanup: bool = True) -> Iterator[str]:
    """As AllenNLP's, but whatever goes wrong, no temporary folder is left."""
    from locate_label_allennlp.common.unpacking import unpack

    folder = tempfile.mkdtemp()
    keep = False
    try:
        unpack(resolved_archive_file, folder, limited=is_restricted())
        yield folder
        keep = not cleanup
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _archived_params(params: Any) -> Any:
    """`Params` that are read from the folder of a model."""
    from allennlp.common.params import parse_overrides, with_overrides

    class ArchivedParams(params):
        @classmethod
        def from_file(cls, params_file: Any, params_overrides: Any = "", **_: Any) -> Any:
            config = read_config(str(params_file))
            if is_restricted():
                check_config(config)
                check_vocabulary(os.path.join(os.path.dirname(params_file), "vocabulary"))
            if isinstance(params_overrides, dict):
                params_overrides = json.dumps(params_overrides)
            changes = parse_overrides(params_overrides)
            return params(with_overrides(config, changes) if changes else config)

    return ArchivedParams


def read_config(path: str) -> Any:
    """The config of an archive: plain JSON, as every training writes it."""
    with open(path, "rb") as file:
        content = file.read(CONFIG_BYTES + 1)
    if len(content) > CONFIG_BYTES:
        raise UnsafeArchive(f"its config.json is larger than {CONFIG_BYTES:,} bytes")
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnsafeArchive(f"its config.json is no JSON: {_one_line(error)}") from error
    if not isinstance(config, dict):
        raise UnsafeArchive("its config.json is no JSON object")
    return config


def check_config(config: Any) -> None:
    """
    Raises `UnsafeArchive` where a config leads out of its archive: to code, to another archive, or
    to an address.
    """
    for place, key, value in _items(config, ""):
        if key in FORBIDDEN_KEYS:
            raise UnsafeArchive(f"its config has {place!r}, which is not allowed in an archive")
        is_built = place.startswith(BUILT) and not TRAINED_FROM & set(place.split("."))
        if is_built and isinstance(value, str) and _leads_out(value):
            raise UnsafeArchive(
                f"its config has {value!r:.200} as {place!r}; an archive may not name an address "
                "or a path outside of it (--trust lets it)"
            )


def _items(value: Any, prefix: str) -> Iterator[tuple[str, str, Any]]:
    """Every place of a config, its last key, and what stands there."""
    waiting = [(prefix, value)]
    while waiting:
        prefix, value = waiting.pop()
        if isinstance(value, dict):
            items = list(value.items())
        elif isinstance(value, list):
            items = [(str(index), inner) for index, inner in enumerate(value)]
        else:
            continue
        for key, inner in items:
            yield f"{prefix}{key}", key, inner
            waiting.append((f"{prefix}{key}.", inner))


def _leads_out(text: str) -> bool:
    parts = text.replace("\\", "/").split("/")
    return bool(_URL.match(text)) or os.path.isabs(text) or text[:1] == "~" or ".." in parts


def check_vocabulary(folder: str) -> None:
    """Raises `UnsafeArchive` for vocabularies that are larger than any that was trained with."""
    if not os.path.isdir(folder):
        raise UnsafeArchive("it has no folder 'vocabulary'")
    for name in sorted(os.listdir(folder)):
        most = LABELS if name.endswith(("labels.txt", "tags.txt")) else VOCABULARY_LINES
        with open(os.path.join(folder, name), "rb") as file:
            count = 0
            while block := file.read(2**20):
                count += block.count(b"\n")
        if count > most:
            raise UnsafeArchive(f"vocabulary/{name} has {count:,} lines; allowed are {most:,}")


def check_weights(path: Any) -> None:
    """
    Raises `UnsafeArchive` for weights that are not finite, or that are more than the file holds.
    Nothing but tensors is unpickled.
    """
    import torch

    try:
        weights = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a broken or hostile file leads PyTorch to
        raise UnsafeArchive(f"its weights cannot be read: {_one_line(error):.300}") from error
    if not isinstance(weights, dict):
        raise UnsafeArchive(f"its weights are a {type(weights).__name__}; allowed are tensors")
    for name, tensor in weights.items():
        if not isinstance(tensor, torch.Tensor):
            continue  # the mark of a version
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise UnsafeArchive(f"its weight {name!r} is larger than what the file holds of it")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise UnsafeArchive(f"its weight {name!r} has numbers that are not finite")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
