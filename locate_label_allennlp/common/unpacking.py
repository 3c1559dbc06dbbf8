"""Unpacks the archive of a model, which may come from anywhere."""

import os
import tarfile
from typing import Optional, Set, Union

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
            if limited and len(names) > MEMBERS:
                raise RefusedArchive(f"it has more than {MEMBERS:,} files")
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
