"""Files that are there whole or not at all, whenever the process or the machine stops."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PARTIAL = ".partial"
"""How the name of a file ends that is being written; a kill leaves it."""

FULL = (errno.ENOSPC, errno.EDQUOT)


def partial_path(path: Any) -> Path:
    """
    Where this process writes a file before it takes its place: hidden, in the same folder.
    """
    path = Path(path)
    return path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")


@contextmanager
def whole_path(path: Any) -> Iterator[Path]:
    """
    Gives the path to write to. What lies there in the end is synced and takes the place of `path`;
    after an error it is removed, and `path` is as it was.

    # Raises

    `OSError` that names `path` if the disk is full.
    """
    partial = partial_path(path)
    try:
        yield partial
        sync(partial)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno in FULL:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync(partial.parent)


@contextmanager
def whole_file(path: Any) -> Iterator[IO[bytes]]:
    """The same as an open file."""
    with whole_path(path) as partial, open(partial, "wb") as file:
        yield file


def remove_partial_files(folder: Any) -> None:
    """Removes what a kill has left in a folder."""
    for path in Path(folder).glob(f".*{PARTIAL}"):
        path.unlink()


def sync(path: Path) -> None:
    """To the disk; what a folder holds is part of the folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
