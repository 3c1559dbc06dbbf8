"""What the archive or the folder of a model may hold, which may come from anywhere."""

import os
import stat
import tarfile
from pathlib import Path
from typing import Any, Optional, Set, Union

MEMBERS = 1_000
TOTAL = 32 * 2**30
"""Bytes of all files together."""
RATIO, SMALL = 50, 64 * 2**20
"""How many times its own size an archive may hold; for small ones, bytes."""


class RefusedArchive(tarfile.TarError):
    """An archive that holds what none of a training does."""


def unpack(path: Union[str, "os.PathLike[str]"], folder: str, limited: bool = True) -> None:
    """
    Unpacks a `.tar.gz` into `folder`, in one pass. When an error is raised, part of it is there.

    # Parameters

    limited : `bool`, optional (default = `True`)
        Whether there are limits to how much it may hold.

    # Raises

    `RefusedArchive` for anything but regular files and folders inside of it, each once, and for
    more than the limits. `tarfile.ReadError`, `EOFError`, `OSError` or `zlib.error` for a file that
    is no whole archive.
    """
    most: Optional[int] = None
    if limited:
        most = min(TOTAL, max(SMALL, RATIO * os.path.getsize(path)))
    names: Set[str] = set()
    total = 0
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            _check_kind(member)
            name = os.path.normpath(member.name)
            if name in names:
                raise RefusedArchive(f"it has {member.name!r} twice")
            names.add(name)
            total += member.size
            if limited:
                check_limits(len(names), 0, name)
            if most is not None and total > most:
                raise RefusedArchive(
                    f"unpacked it is larger than {most / 2**20:,.0f} MiB, up to {member.name!r}; "
                    f"allowed are {RATIO} times its size and {TOTAL // 2**30} GiB, with --trust all"
                )
            archive.extract(member, folder, filter="data")


def _check_kind(member: tarfile.TarInfo) -> None:
    parts = member.name.replace("\\", "/").split("/")
    if not (member.isfile() or member.isdir()):
        raise RefusedArchive(f"{member.name!r} is a link or a device; allowed are files")
    if parts[0] == "" or ".." in parts or ":" in parts[0] or "\0" in member.name:
        raise RefusedArchive(f"{member.name!r} leads out of it; allowed are names inside of it")
    if member.mode is not None and member.mode & 0o7000:
        raise RefusedArchive(f"{member.name!r} has the mode {member.mode:o}; allowed is up to 777")


def check_files(folder: Any, parts: Any) -> int:
    """
    # Parameters

    folder : `PathLike`
    parts : `Iterable[str]`
        The files and folders in it that are read; what else there is does not matter.

    # Returns

    `int`
        The bytes of these files together.

    # Raises

    `RefusedArchive` for anything but regular files and folders inside of it, and for more than the
    limits of an archive. In the cache of the model hub, a link to a file of the same model is what
    a file is elsewhere.
    """
    root = Path(os.path.realpath(folder))
    inside = [root]
    if root.parent.name == "snapshots":
        inside.append(root.parent.parent / "blobs")
    waiting, count, total = [root / part for part in parts], 0, 0
    while waiting:
        path = waiting.pop()
        if not os.path.lexists(path):
            continue
        name = str(path.relative_to(root))
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            waiting += path.iterdir()
            continue
        found = Path(os.path.realpath(path))
        if not any(found.is_relative_to(each) for each in inside):
            raise RefusedArchive(f"{name!r} leads out of it; allowed are files inside of it")
        if not os.path.isfile(found):
            raise RefusedArchive(f"{name!r} is no file; allowed are files and folders")
        count += 1
        total += os.path.getsize(found)
        check_limits(count, total, name)
    return total


def check_limits(count: int, total: int, name: str) -> None:
    """A `RefusedArchive` for more files, up to that of this name, than those of a model can be."""
    if count > MEMBERS:
        raise RefusedArchive(f"it has more than {MEMBERS:,} files")
    if total > TOTAL:
        raise RefusedArchive(f"it is larger than {TOTAL // 2**30} GiB, up to {name!r}")
