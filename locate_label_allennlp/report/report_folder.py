"""The folder of a report, whole or not at all."""

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict

from locate_label_allennlp.common.whole_files import FULL
from locate_label_allennlp.report.page import page

PAGE, NUMBERS = "report.html", "report.json"


def check_writable(folder: str, force: bool) -> None:
    """
    Finds out before a model runs whether its report could be written. Leaves nothing behind.

    # Errors

    `ConfigurationError` if a report cannot be written to `folder`; also if `folder` exists and is
    not empty, unless `force` allows to replace a report that lies there; anything else is never
    replaced.
    """
    with _errors_by_name(folder):
        path = Path(os.path.realpath(folder))
        if path.exists():
            _check_content(path, folder, force)
        _partial_folder(path).rmdir()


def _check_content(path: Path, folder: str, force: bool) -> None:
    if not path.is_dir():
        raise ConfigurationError(f"{folder} is a file; --output takes a folder")
    if path.is_mount():
        raise ConfigurationError(f"{folder} is a mount point; --output takes a folder below it")
    content = {entry.name for entry in path.iterdir()}
    if content - {PAGE, NUMBERS}:
        raise ConfigurationError(f"{folder} is not empty; --output takes a new or empty folder")
    if content and not force:
        raise ConfigurationError(f"{folder} holds a report; --force replaces it")


def write_report(report: JsonDict, folder: str) -> None:
    """
    Writes `report.html` and `report.json`; the folder takes its place once both are there.

    # Errors

    `ConfigurationError` if that is not possible.
    """
    numbers = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
    files = {NUMBERS: numbers + "\n", PAGE: page(report)}
    needed = sum(len(text.encode()) for text in files.values())
    with _errors_by_name(folder, needed):
        path = Path(os.path.realpath(folder))
        partial = _partial_folder(path)
        try:
            for name, text in files.items():
                (partial / name).write_text(text, encoding="utf-8")
            # A temporary folder is private; the report is like any other file.
            umask = os.umask(0)
            os.umask(umask)
            partial.chmod(0o777 & ~umask)
            path.parent.mkdir(parents=True, exist_ok=True)
            _move(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _errors_by_name(folder: str, needed: int = 0) -> Iterator[None]:
    """
    An error about a temporary folder names the folder it is for, and if the disk is full the bytes
    that are `needed`.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in FULL and needed:
            reason += f"; {needed:,} bytes are needed"
        raise ConfigurationError(f"{folder} cannot be written: {reason}") from error


def _partial_folder(path: Path) -> Path:
    """A new folder that can become `path`: it lies in the nearest folder above that exists."""
    above = next(folder for folder in path.parents if folder.exists())
    return Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=above))


def _move(partial: Path, path: Path) -> None:
    """Puts a folder in the place of another one if there is one, which comes back on failure."""
    if not path.exists():
        partial.rename(path)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    replaced = aside / path.name
    try:
        path.rename(replaced)
        partial.rename(path)
    except OSError:
        if replaced.exists():
            replaced.rename(path)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
