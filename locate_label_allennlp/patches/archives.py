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
from contextvars import ContextVar
from typing import Any

from locate_label_allennlp.patches.finder import patches
from locate_label_allennlp.patches.trust import (
    goes_on_from_an_archive,
    is_restricted,
    is_trusted,
    restricted,
)

# PyTorch, and AllenNLP of keys that are missing.
MISFIT = ("Error(s) in loading state_dict", "Error loading state dict")

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
FORMER_VOCABULARY = "vocabulary.directory"

# Read from where `FROM=... allennlp train` says.
REPLACED = ("train_data_path", "validation_data_path", "test_data_path")

_LOADING: ContextVar[bool] = ContextVar("loading", default=False)
"""Whether an archive is being loaded, and what is loaded now is another in it."""

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

        if is_restricted() and _LOADING.get():
            raise ConfigurationError(
                f"the archive names another archive, {str(archive_file)!r:.200}; allowed is none "
                "(--trust lets it)"
            )
        check_for_gpu(cuda_device)
        loading = _LOADING.set(True)
        try:
            with said_in_one_line(archive_file, trust):
                path = fetched(archive_file)
                with restricted(unless=trust):
                    if os.path.isdir(path):
                        check_folder(path)
                    return load_archive(path, cuda_device, overrides, weights_file)
        finally:
            _LOADING.reset(loading)

    module.load_archive = load_archive_or_say_why_not
    module.extracted_archive = extracted_archive
    module.Params = _archived_params(module.Params)
    load_model, get_weights_path = module._load_model, module.get_weights_path

    def safe_weights_path(folder: Any) -> Any:
        return _safe_weights(folder) or get_weights_path(folder)

    module.get_weights_path = safe_weights_path

    def load_model_of_sound_weights(
        config: Any, weights_path: Any, serialization_dir: Any, cuda_device: int
    ) -> Any:
        check_weights(weights_path)
        return load_model(config, weights_path, serialization_dir, cuda_device)

    module._load_model = load_model_of_sound_weights


@patches("allennlp.data.vocabulary")
def vocabulary_of_an_archive(module: Any) -> Iterator[None]:
    """
    Of the archive that a training goes on from AllenNLP reads the vocabulary from a copy that it
    unpacks into its cache, links and all, and keeps.
    """
    yield
    from_files = module.Vocabulary.from_files.__func__

    def from_files_or_archive(cls: Any, directory: Any, *arguments: Any, **options: Any) -> Any:
        if not (os.path.isfile(directory) and tarfile.is_tarfile(directory)):
            return from_files(cls, directory, *arguments, **options)
        from allennlp.common.checks import ConfigurationError

        from locate_label_allennlp.training.types_of_archive import remember_labels

        try:
            with (
                restricted(unless=not goes_on_from_an_archive()),
                extracted_archive(str(directory)) as folder,
            ):
                if is_restricted():
                    config = read_config(os.path.join(folder, "config.json"))
                    check_vocabulary(os.path.join(folder, "vocabulary"), config)
                    check_weights(os.path.join(folder, "weights.th"))
                inner = os.path.join(folder, "vocabulary")
                found = inner if os.path.isdir(inner) else folder
                vocabulary = from_files(cls, found, *arguments, **options)
                remember_labels(vocabulary)
                return vocabulary
        except (OSError, EOFError, tarfile.TarError, zlib.error, UnsafeArchive) as error:
            reason = _one_line(error)
            raise ConfigurationError(f"{directory} cannot be loaded: {reason}") from error

    module.Vocabulary.from_files = classmethod(from_files_or_archive)


@patches("allennlp.nn.util")
def weights_without_pickle(module: Any) -> Iterator[None]:
    """AllenNLP reads weights by PyTorch alone; those of a model folder are safetensors."""
    yield
    read_state_dict = module.read_state_dict

    def read_safe_state_dict(path: Any, *arguments: Any, **options: Any) -> Any:
        from locate_label_allennlp.common.weights import is_safe, read_weights

        # Which are copied to the model, wherever that is.
        return read_weights(path) if is_safe(path) else read_state_dict(path, *arguments, **options)

    module.read_state_dict = read_safe_state_dict


class UnsafeArchive(Exception):
    """What of an archive is not allowed, in one line."""


@contextmanager
def said_in_one_line(archive_file: Any, trust: bool = False) -> Iterator[None]:
    """What goes wrong with an archive within it becomes a `ConfigurationError` that names it."""
    from allennlp.common.checks import ConfigurationError

    try:
        yield
    except (FileNotFoundError, EOFError, tarfile.TarError, zlib.error) as error:
        reason = (
            f"{_one_line(error)}; allowed is a model.tar.gz, the folder of a training or of a "
            "model, or the name of a model on the hub"
        )
        raise ConfigurationError(f"{archive_file} cannot be loaded: {reason}") from error
    except (OSError, UnsafeArchive, pickle.UnpicklingError) as error:
        raise ConfigurationError(f"{archive_file} cannot be loaded: {_one_line(error)}") from error
    except ConfigurationError:
        raise
    except Exception as error:  # whatever a config may lead a constructor to
        misfits = any(sign in str(error) for sign in MISFIT)
        if not misfits and (trust or is_trusted()):
            raise
        reason = "its weights do not fit its config" if misfits else type(error).__name__
        raise ConfigurationError(
            f"{archive_file} cannot be loaded: {reason}: {_one_line(error)}"
        ) from error


def fetched(archive_file: Any) -> Any:
    """Where a model of the hub lies once it is downloaded; what is none is left as it is."""
    if not isinstance(archive_file, str) or os.path.exists(archive_file):
        return archive_file
    from locate_label_allennlp.model_folder.hub import downloaded, hub_name

    name = hub_name(archive_file)
    return archive_file if name is None else downloaded(*name)


def check_folder(folder: Any) -> None:
    """
    Raises a `FileNotFoundError` for a folder that no training has filled, and of one without pickle
    looks at what lies there as `unpack` does at an archive.
    """
    if not os.path.isfile(os.path.join(folder, "config.json")):
        raise FileNotFoundError("the folder has no config.json")
    if _safe_weights(folder) and is_restricted():
        from locate_label_allennlp.common.unpacking import check_files
        from locate_label_allennlp.model_folder.layout import PARTS

        check_files(folder, PARTS)


def _safe_weights(folder: Any) -> str | None:
    from locate_label_allennlp.common.weights import SAFE_WEIGHTS

    path = os.path.join(folder, SAFE_WEIGHTS)
    return path if os.path.lexists(path) else None


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
                check_vocabulary(os.path.join(os.path.dirname(params_file), "vocabulary"), config)
            if isinstance(params_overrides, dict):
                params_overrides = json.dumps(params_overrides)
            changes = parse_overrides(params_overrides)
            return params(with_overrides(config, changes) if changes else config)

    return ArchivedParams


def read_config(path: str) -> Any:
    """The config of an archive: plain JSON, as every training writes it."""
    with open(path, "rb") as file:
        return parse_config(file.read(CONFIG_BYTES + 1))


def parse_config(content: bytes) -> Any:
    """As `read_config`, of what the file holds."""
    if len(content) > CONFIG_BYTES:
        raise UnsafeArchive(f"its config.json is larger than {CONFIG_BYTES:,} bytes")
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnsafeArchive(f"its config.json is no JSON: {_one_line(error)}") from error
    if not isinstance(config, dict):
        raise UnsafeArchive("its config.json is no JSON object")
    return config


def check_config(config: Any, trained_on: bool = False) -> None:
    """
    Raises `UnsafeArchive` where a config leads out of its archive: to code, to another archive, or
    to an address. Of one that a training goes on from, paths may, to word vectors and the like.
    """
    for place, key, value in _items(config, ""):
        if key in FORBIDDEN_KEYS:
            raise UnsafeArchive(f"its config has {place!r}, which is not allowed in an archive")
        is_of_training = TRAINED_FROM & set(place.split(".")) or place == FORMER_VOCABULARY
        is_built = place.startswith(BUILT) and not is_of_training
        if trained_on:
            is_refused = is_address(value) and not place.startswith(REPLACED)
        else:
            is_refused = is_built and _leads_out(value)
        if is_refused:
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


def is_address(value: Any) -> bool:
    return isinstance(value, str) and bool(_URL.match(value))


def _leads_out(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    parts = text.replace("\\", "/").split("/")
    return is_address(text) or os.path.isabs(text) or text[:1] == "~" or ".." in parts


def check_vocabulary(folder: str, config: Any) -> None:
    """
    Raises `UnsafeArchive` for vocabularies that are larger than any that was trained with. Those of
    labels are told by their names, or in the config.
    """
    named = {f"{value}.txt" for _, key, value in _items(config, "") if key == "label_namespace"}
    if not os.path.isdir(folder):
        raise UnsafeArchive("it has no folder 'vocabulary'")
    for name in sorted(os.listdir(folder)):
        is_of_labels = name in named or name.endswith(("labels.txt", "tags.txt"))
        most = LABELS if is_of_labels else VOCABULARY_LINES
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

    from locate_label_allennlp.common.weights import read_weights

    try:
        weights = read_weights(path)
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
