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

from locate_label_allennlp.report.page import page

PAGE, NUMBERS = "report.html", "report.json"


def check_writable(folder: str, force: bool) -> None:
    """
    # Errors

    `ConfigurationError` if `folder` exists and is not empty, unless `force` allows to replace a
    report that lies there; anything else is never replaced.
    """
    path = Path(folder)
    if not path.exists():
        return
    if not path.is_dir():
        raise ConfigurationError(f"{folder} is a file; --output takes a folder")
    content = {entry.name for entry in path.iterdir()}
    if content - {PAGE, NUMBERS}:
        raise ConfigurationError(f"{folder} is not empty; --output takes a new or empty folder")
    if content and not force:
        raise ConfigurationError(f"{folder} holds a report; --force replaces it")


def write_report(report: JsonDict, folder: str) -> None:
    """Writes `report.html` and `report.json`; the folder takes its place once both are there."""
    with _new_folder(folder) as partial:
        numbers = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
        (partial / NUMBERS).write_text(numbers + "\n", encoding="utf-8")
        (partial / PAGE).write_text(page(report), encoding="utf-8")


@contextmanager
def _new_folder(folder: str) -> Iterator[Path]:
    path = Path(os.path.abspath(folder))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error}") from error
    try:
        yield partial
        # A temporary folder is private; the report is like any other file.
        umask = os.umask(0)
        os.umask(umask)
        partial.chmod(0o777 & ~umask)
        if path.is_dir():
            _replace(path, partial)
        else:
            partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _replace(path: Path, partial: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    replaced = path.rename(aside / path.name)
    try:
        partial.rename(path)
    except OSError:
        replaced.rename(path)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
