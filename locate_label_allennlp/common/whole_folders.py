"""Folders that are there whole or not at all."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Set

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.whole_files import FULL, sync


def check_writable(
    folder: str,
    known: Callable[[Set[str]], bool],
    what: str,
    force: bool = False,
    option: str = "--output",
) -> None:
    """
    Finds out before the work whether a folder could be written. Leaves nothing behind.

    # Parameters

    folder : `str`
    known : `Callable[[Set[str]], bool]`
        Whether the names in it are those of what may be replaced; anything else never is.
    what : `str`
        What that is, with its article.
    force : `bool`, optional (default = `False`)
        Whether it may be replaced.
    option : `str`, optional (default = `"--output"`)
        What takes the folder on the command line.

    # Errors

    `ConfigurationError` if it cannot be written, or exists and may not be replaced.
    """
    with errors_by_name(folder):
        path = Path(os.path.realpath(folder))
        if path.exists():
            if not path.is_dir():
                raise ConfigurationError(f"{folder} is a file; {option} takes a folder")
            if path.is_mount():
                raise ConfigurationError(
                    f"{folder} is a mount point; {option} takes a folder below it"
                )
            content = {entry.name for entry in path.iterdir()}
            if content and not known(content):
                raise ConfigurationError(
                    f"{folder} is not empty; {option} takes a new or empty folder"
                )
            if content and not force:
                raise ConfigurationError(f"{folder} holds {what}; --force replaces it")
        _partial_folder(path).rmdir()


@contextmanager
def whole_folder(folder: str, needed: int = 0) -> Iterator[Path]:
    """
    Gives a new folder to fill, which is synced and takes the place of `folder` in the end; after an
    error it is removed, and `folder` is as it was.

    # Errors

    `ConfigurationError` that names `folder` if that is not possible; if the disk is full also the
    bytes that are `needed`.
    """
    with errors_by_name(folder, needed):
        path = Path(os.path.realpath(folder))
        partial = _partial_folder(path)
        try:
            yield partial
            # What is temporary is private; this folder and its files are like any other.
            umask = os.umask(0)
            os.umask(umask)
            for each in (partial, *partial.rglob("*")):
                each.chmod((0o777 if each.is_dir() else 0o666) & ~umask)
                sync(each)
            path.parent.mkdir(parents=True, exist_ok=True)
            _move(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def errors_by_name(folder: str, needed: int = 0) -> Iterator[None]:
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
