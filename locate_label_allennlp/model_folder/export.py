"""From an archive to the folder of a model."""

import json
import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from allennlp.common.checks import ConfigurationError
from allennlp.models import Archive
from allennlp.models.archival import get_weights_path, load_archive
from safetensors.torch import save_file
from torch import Tensor

from locate_label_allennlp.common.encoders import copy_name
from locate_label_allennlp.common.weights import SAFE_WEIGHTS, read_weights
from locate_label_allennlp.common.whole_folders import check_writable, whole_folder
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.model_folder.card import (
    CORPORA,
    Facts,
    corpus_counts,
    encoders_of,
    model_card,
)
from locate_label_allennlp.model_folder.layout import (
    CARD,
    CONFIG,
    ENCODER,
    META,
    PARTS,
    VOCABULARY,
    belongs,
)
from locate_label_allennlp.patches.archives import (
    check_folder,
    check_weights,
    extracted_archive,
    fetched,
    read_config,
    said_in_one_line,
)
from locate_label_allennlp.patches.trust import restricted

METRICS = "metrics.json"
"""What a training writes beside its archive."""


def check_target(folder: str, force: bool) -> None:
    """A `ConfigurationError` if no model can be written there, or `force` has to be given."""
    check_writable(folder, set(PARTS).issuperset, "a model", force, "DIR")


def export_model(
    archive_file: str,
    folder: str,
    facts: Optional[Facts] = None,
    corpus: Optional[str] = None,
    cuda_device: int = -1,
    force: bool = False,
) -> Tuple[Archive, List[str]]:
    """
    Writes the folder of a model, which is there whole or not at all, and has been loaded once.

    # Parameters

    archive_file : `str`
        An archive, or the folder of a training.
    folder : `str`
        New or empty.
    facts : `Facts`, optional
        What the card says that the archive does not know.
    corpus : `str`, optional
        With gold entities: the model is evaluated on it, for the card.
    cuda_device : `int`, optional (default = `-1`)
        For the evaluation.
    force : `bool`, optional (default = `False`)
        Whether to replace a model that lies there.

    # Returns

    `Tuple[Archive, List[str]]`
        The model as read from the folder, and the files of the archive that are no part of it.

    # Errors

    `ConfigurationError` if the archive cannot be loaded, or only with `--trust`; if the folder
    cannot be written.
    """
    check_target(folder, force)
    with (
        _opened(archive_file) as (source, config, weights),
        whole_folder(folder, os.path.getsize(weights)) as partial,
    ):
        left_out = _write(source, config, weights, partial)
        archive = _loaded(partial, archive_file, cuda_device)
        facts = _completed(facts or Facts(), config, archive, archive_file, folder)
        card = model_card(archive, facts, corpus, cuda_device)
        (partial / CARD).write_text(card, encoding="utf-8")
        # AllenNLP leaves it where it reads a vocabulary.
        (partial / VOCABULARY / ".lock").unlink(missing_ok=True)
    return archive, left_out


@contextmanager
def _opened(archive_file: str) -> Iterator[Tuple[str, Dict[str, Any], str]]:
    """The folder of an archive, its config, and its weights, which are sound."""
    with ExitStack() as stack:
        with said_in_one_line(archive_file), restricted():
            folder = str(fetched(archive_file))
            if not os.path.isdir(folder):
                folder = stack.enter_context(extracted_archive(folder))
            check_folder(folder)
            config = read_config(os.path.join(folder, CONFIG))
            weights = str(get_weights_path(folder))
            check_weights(weights)
        yield folder, config, weights


def _write(source: str, config: Dict[str, Any], weights: str, target: Path) -> List[str]:
    """Everything but the card; returns the names of what is left out."""
    changed, encoders = _portable(config)
    (target / CONFIG).write_text(json.dumps(changed, indent=2, ensure_ascii=False), "utf-8")
    # Each with a memory of its own: safetensors knows no tensors that share theirs.
    tensors = {
        name: tensor.detach().clone().contiguous()
        for name, tensor in read_weights(weights).items()
        if isinstance(tensor, Tensor)
    }
    save_file(tensors, target / SAFE_WEIGHTS)
    return [*_copy_files(Path(source), target, encoders)]


def _copy_files(source: Path, target: Path, encoders: Dict[str, str]) -> Iterator[str]:
    """Gives the names of what is not copied."""
    for part in (META, VOCABULARY, ENCODER):
        path = source / part
        for file in sorted(path.rglob("*") if path.is_dir() else [path]):
            name = file.relative_to(source)
            if not file.is_file() or file.name == ".lock":
                continue
            if not belongs(name.as_posix()):
                yield name.as_posix()
                continue
            if part == ENCODER:
                name = Path(ENCODER, encoders.get(name.parts[1], name.parts[1]), *name.parts[2:])
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / name)


def _portable(config: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, str]]:
    """
    A config without the folders of the machine on which it was trained, and the folders of its
    encoders' copies whose names change for that.
    """
    names: Dict[str, str] = {}

    def name_of(encoder: str) -> str:
        short = os.path.basename(os.path.normpath(encoder))
        taken = short in names.values() and names.get(encoder) != short
        return names.setdefault(encoder, copy_name(encoder) if taken else short)

    def portable(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: portable(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [portable(inner, key) for inner in value]
        if not is_path(value):
            return value
        return name_of(value) if key == "model_name" else os.path.basename(os.path.normpath(value))

    changed = portable(config)
    return changed, {copy_name(old): copy_name(new) for old, new in names.items()}


def is_path(value: Any) -> bool:
    """Whether it is the name of a file or folder of one machine."""
    if not isinstance(value, str):
        return False
    return os.path.isabs(value) or value.startswith(("~", "./", "../"))


def _loaded(partial: Path, archive_file: str, cuda_device: int) -> Archive:
    """The model as its folder has it, so that none is written which cannot be read."""
    try:
        return load_archive(partial, cuda_device)
    except ConfigurationError as error:
        message = str(error).replace(str(partial), archive_file)
        raise ConfigurationError(message) from error


def _completed(
    facts: Facts, config: Dict[str, Any], archive: Archive, archive_file: str, folder: str
) -> Facts:
    """With what the archive says, and the folder of its training if it lies in that."""
    bases = [name for name in encoders_of(config) if not (is_path(name) or os.path.exists(name))]
    path = Path(archive_file)
    metrics_path = (path if path.is_dir() else path.parent) / METRICS
    is_own = metrics_path.is_file()
    return replace(
        facts,
        name=facts.name or os.path.basename(os.path.realpath(folder)),
        base_models=facts.base_models or tuple(dict.fromkeys(bases)),
        metrics=_read_metrics(metrics_path) if is_own else {},
        # Of an archive from elsewhere the config may name any file of this machine.
        counts=dict(_counts(archive, config)) if is_own else {},
    )


def _read_metrics(path: Path) -> Dict[str, Any]:
    try:
        metrics = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON: {error}") from error
    if not isinstance(metrics, dict):
        raise ConfigurationError(f"{path} is a {type(metrics).__name__}; allowed is a JSON object")
    return metrics


def _counts(archive: Archive, config: Dict[str, Any]) -> Iterator[Tuple[str, Dict[str, int]]]:
    """What the corpora hold that still lie where the training found them."""
    for key in CORPORA:
        paths = config.get(key)
        if paths:
            try:
                yield key, corpus_counts(archive.dataset_reader, paths)
            except (CorpusError, ConfigurationError, OSError):
                continue  # the card has its name alone
