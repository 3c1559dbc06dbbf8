"""A copy of a model within the folder of something that needs it."""

import json
import os
import shutil
from pathlib import Path
from typing import Dict, Iterator, List, Optional

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.weights import SAFE_WEIGHTS
from locate_label_allennlp.common.whole_files import partial_path, whole_path

ARCHIVE, FOLDER = "model.tar.gz", "model"
"""What it is called there, as an archive and as a folder."""

_WEIGHTS = ("weights.th", "best.th")


def store_model(source: str, folder: Path) -> None:
    """
    Copies a model into a folder, which is made if need be and in which it replaces another one. Of
    the folder of a training only what the model needs is copied.

    # Parameters

    source : `str`
        An archive, the folder of a training, or another folder that is a model.
    folder : `Path`

    # Raises

    `ConfigurationError` if `source` is not there.
    """
    path = Path(source)
    if not path.exists():
        raise ConfigurationError(
            f"{source} is not there any more, so that the model cannot be copied to {folder}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (ARCHIVE if path.is_file() else FOLDER)
    if target.exists() and target.samefile(path):
        return
    if path.is_file():
        with whole_path(target) as partial:
            shutil.copyfile(path, partial)
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        return
    partial = partial_path(target)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _copy_folder(path, partial)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    (folder / ARCHIVE).unlink(missing_ok=True)


def stored_model(folder: Path) -> str:
    """
    Where `store_model` has put it.

    # Raises

    `ConfigurationError` if there is none.
    """
    for name in (ARCHIVE, FOLDER):
        if (folder / name).exists():
            return str(folder / name)
    raise ConfigurationError(f"{folder} holds no model; allowed is {ARCHIVE}, or a folder {FOLDER}")


def files_of(folder: Path) -> Dict[str, bytes]:
    """All files below a folder, by their names there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_files(files: Dict[str, bytes], folder: Path) -> None:
    """
    The inverse of `files_of`.

    # Raises

    `ConfigurationError` for a name that leads out of the folder.
    """
    for name, content in files.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise ConfigurationError(f"{name!r} leads out of the folder of the model")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _copy_folder(source: Path, target: Path) -> None:
    weights = next((source / name for name in _WEIGHTS if (source / name).exists()), None)
    # A model is read from these, whatever lies beside them.
    if weights is None or (source / SAFE_WEIGHTS).exists():
        shutil.copytree(source, target)
        return
    target.mkdir()
    shutil.copyfile(weights, target / _WEIGHTS[0])
    for path in _needed(source):
        copy = target / path.relative_to(source)
        if path.is_dir():
            shutil.copytree(path, copy, dirs_exist_ok=True)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _needed(source: Path) -> Iterator[Path]:
    """Of the folder of a training what goes into an archive, the weights aside."""
    config = json.loads((source / "config.json").read_bytes())
    included: Optional[List[str]] = config.get("include_in_archive")
    for pattern in ["config.json", "meta.json", "vocabulary", *(included or [])]:
        for path in sorted(source.glob(pattern)):
            if path.resolve().is_relative_to(source.resolve()):
                yield path
