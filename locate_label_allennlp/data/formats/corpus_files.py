"""Where corpora lie: the files that a path means, how they are opened, and how one is written."""

import glob
import gzip
import io
import logging
import lzma
import os
import re
import shutil
import tarfile
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import IO, Any, Callable, Iterator, List, Optional, Sequence, Tuple, cast

from allennlp.common.file_utils import cached_path

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.common.whole_files import FULL, whole_file
from locate_label_allennlp.data.document import CorpusError, ErrorHandler

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)


RATIO, UNPACKED = 200, 128 * 2**20
"""How many times its size a compressed file may hold; fewer bytes are never too many."""

LINE = 64 * 2**20
"""Bytes of a line."""

UNLIMITED = "LOCATE_LABEL_UNLIMITED"
_LIFT = f"with {UNLIMITED}=1 in the environment there is no limit"
_BLOCK = 2**20

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CorpusFile:
    """
    # Parameters

    name : `str`
        What messages call it: its path, or `archive.zip!member`.
    open_packed : `Callable[[], IO[bytes]]`
        Opens what is stored, which is unpacked if the name ends in `.gz`.
    root : `str`, optional (default = `""`)
        The folder or archive that was given, a beginning of `name`; of a pattern what stands before
        its first wildcard, of a file the folder it lies in.
    """

    name: str
    open_packed: Callable[[], Any]
    root: str = ""

    @property
    def plain_name(self) -> str:
        """Its name without `.gz`."""
        return self.name.removesuffix(".gz")

    def read_bytes(self) -> bytes:
        blocks: List[bytes] = []
        with _readable(self.name), self._open() as content:
            while block := content.read(_BLOCK):
                blocks.append(block)
        return b"".join(blocks)

    def read_text(self, encoding: str = "utf-8") -> str:
        """All of it, line ends unaltered; a byte order mark is no part of it."""
        content = self.read_bytes()
        try:
            return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        except UnicodeDecodeError as error:
            raise _not_encoded(self.name, content.count(b"\n", 0, error.start) + 1, error) from None

    def lines(
        self, encoding: str = "utf-8", on_error: Optional[ErrorHandler] = None
    ) -> Iterator[Tuple[int, str]]:
        """
        Its lines without their ends, counted from 1, read as they are asked for. One that is not
        encoded so is an error or, with `on_error`, has U+FFFD in it.
        """
        limit = None if _is_unlimited() else LINE
        read = -1 if limit is None else limit + 1
        with _readable(self.name), self._open() as content:
            for number, line in enumerate(iter(partial(content.readline, read), b""), start=1):
                if limit is not None and len(line) > limit:
                    raise CorpusError(f"is longer than {LINE:,} bytes; {_LIFT}", self.name, number)
                codec = "utf-8-sig" if number == 1 and encoding == "utf-8" else encoding
                try:
                    text = line.decode(codec)
                except UnicodeDecodeError as error:
                    told = _not_encoded(self.name, number, error)
                    if on_error is None:
                        raise told from None
                    on_error(told)
                    text = line.decode(codec, errors="replace")
                yield number, text.rstrip("\r\n")

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        with self.open_packed() as packed:
            if self.name.endswith(".gz"):
                # For Python it is a file with nothing in it.
                if not packed.read(1):
                    raise gzip.BadGzipFile("it is empty")
                packed.seek(0)
                with gzip.GzipFile(fileobj=packed) as content:
                    yield cast(IO[bytes], _Unpacked(content, packed, self.name))
            else:
                yield packed


class _Unpacked:
    """A compressed file that is read no further than it may grow."""

    def __init__(self, content: Any, packed: Any, name: str) -> None:
        self._content, self._packed, self._name = content, packed, name
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        return self._counted(self._content.read(size))

    def readline(self, size: int = -1) -> bytes:
        return self._counted(self._content.readline(size))

    def _counted(self, part: bytes) -> bytes:
        self._size += len(part)
        if self._size > UNPACKED:
            check_ratio(self._size, self._packed.tell(), self._name)
        return part


def check_ratio(unpacked: int, packed: int, name: str) -> None:
    """
    # Parameters

    unpacked, packed : `int`
        Bytes so far.

    # Raises

    `CorpusError` if a compressed file grows as no corpus does.
    """
    if unpacked > max(UNPACKED, RATIO * packed) and not _is_unlimited():
        raise CorpusError(
            f"unpacks to more than {RATIO} times its size and {UNPACKED // 2**20} MiB; {_LIFT}",
            name,
        )


def _is_unlimited() -> bool:
    return os.environ.get(UNLIMITED) == "1"


def corpus_files(
    path: str,
    suffixes: Sequence[str] = (),
    on_left_out: Optional[Callable[[str, int], None]] = None,
) -> Iterator[CorpusFile]:
    """
    # Parameters

    path : `str`
        A file; a folder, with all folders in it; a pattern (`data/*.tsv`, `data/**/*.tsv`); an
        archive (`.zip`, `.tar`, `.tar.gz`); a member of one, a folder in one or a pattern
        (`archive.zip!train/*.tsv`). A file may be a URL that AllenNLP can cache. Every file may be
        `.gz`.
    suffixes : `Sequence[str]`, optional
        The endings (`.gz` aside) of what is taken from a folder or from an archive. All, if none.
    on_left_out : `Callable[[str, int], None]`, optional
        Hears of what is passed over in a folder, and how often; by default it is logged.

    # Returns

    `Iterator[CorpusFile]`
        At least one, sorted by name (those of a tar archive in its order). What is hidden (`.x`)
        is passed over.

    # Errors

    `CorpusError` if there is no such file.
    """
    path = str(path)
    if os.path.isfile(path):
        yield from (
            _archived(path, path, "", suffixes) if _is_archive(path) else [_local(path, path)]
        )
    elif os.path.isdir(path):
        yield from _in_folder(path, suffixes, on_left_out or partial(_log_left_out, path))
    elif "://" in path or "!" in path:
        location, _, member = path.partition("!")
        local = _fetched(location)
        if _is_archive(location):
            yield from _archived(location, local, member, suffixes)
        elif member:
            raise CorpusError(f"is no archive; allowed are {', '.join(ARCHIVE_SUFFIXES)}", location)
        else:
            yield CorpusFile(location, partial(open, local, "rb"), _plain_folder(location))
    else:
        found = [name for name in sorted(glob.glob(path, recursive=True)) if os.path.isfile(name)]
        if not found:
            raise CorpusError(f"no such file (looked from the folder {os.getcwd()})", path)
        yield from (_local(name, path) for name in found)


@contextmanager
def write_errors(path: str) -> Iterator[None]:
    """
    What cannot be written to `path` becomes a `CorpusError` that names it; where the disk is full,
    with what room there is.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in FULL:
            free = shutil.disk_usage(os.path.dirname(path) or ".").free
            reason += f"; {free:,} bytes are free there, and more are needed"
        raise CorpusError(f"cannot be written ({reason})", path) from error
    except UnicodeEncodeError as error:
        character = error.object[error.start]
        reason = f"cannot be written: {error.encoding} has no {character!r}"
        raise CorpusError(reason, path) from error


def check_folder_of(path: str) -> None:
    """A `CorpusError` for what cannot be written because it would lie in no folder."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise CorpusError(f"cannot be written: there is no folder {folder}", path)


@contextmanager
def atomic_file(path: str) -> Iterator[IO[bytes]]:
    """
    `whole_file` whose errors are `CorpusError`. Compressed if `path` ends in `.gz`, the same bytes
    for the same content.
    """
    path = str(path)
    if os.path.isdir(path):
        raise CorpusError("is a folder; allowed is the name of a file", path)
    check_folder_of(path)
    with write_errors(path), whole_file(path) as plain:
        if path.endswith(".gz"):
            with gzip.GzipFile("", "wb", fileobj=plain, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield plain


def _is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVE_SUFFIXES)


def _local(name: str, path: str) -> CorpusFile:
    return CorpusFile(name, partial(open, name, "rb"), _plain_folder(path))


def _plain_folder(path: str) -> str:
    """The folders of a path that stand before its first wildcard, if it has one."""
    plain = re.split(r"[*?[]", path, maxsplit=1)[0]
    return plain[: plain.rfind("/") + 1]


def _fetched(location: str) -> str:
    if "://" not in location:
        if not os.path.isfile(location):
            raise CorpusError(f"no such file (looked from the folder {os.getcwd()})", location)
        return location
    try:
        return str(cached_path(location))
    except (OSError, ValueError) as error:
        raise CorpusError(f"cannot be fetched ({error})", location) from error


def _wanted(name: str, suffixes: Sequence[str]) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
    return not hidden and name.removesuffix(".gz").endswith(tuple(suffixes) or "")


def _log_left_out(path: str, what: str, count: int) -> None:
    logger.warning("%s: %d", printable(f"{path}: {what}", keep=""), count)


def _in_folder(
    folder: str, suffixes: Sequence[str], on_left_out: Callable[[str, int], None]
) -> Iterator[CorpusFile]:
    names: List[str] = []
    links = 0
    for where, folders, files in os.walk(folder):
        links += sum(os.path.islink(os.path.join(where, name)) for name in folders)
        inside = [os.path.relpath(os.path.join(where, name), folder) for name in files]
        names.extend(name for name in inside if _wanted(name.replace(os.sep, "/"), suffixes))
        other = [
            name
            for name in inside
            if not _wanted(name, suffixes) and _wanted(name.lower(), suffixes)
        ]
        if other:
            what = f"files whose ending is not in small letters, such as {other[0]}, passed over"
            on_left_out(what, len(other))
    if links:
        on_left_out("folders that are links, not followed", links)
    _check_any(names, folder, "folder", suffixes)
    for name in sorted(names):
        path = os.path.join(folder, name)
        yield CorpusFile(path, partial(open, path, "rb"), root=folder)


def _archived(
    location: str, local: str, member: str, suffixes: Sequence[str]
) -> Iterator[CorpusFile]:
    """The members that `member` names, wholly, as their folder or as a pattern; all, if empty."""
    folder = member.rstrip("/") + "/" if member else ""
    found = False
    for name, open_packed in _members(location, local):
        named = name == member or (bool(member) and fnmatchcase(name, member))
        if named or (name.startswith(folder) and _wanted(name, suffixes)):
            found = True
            root = folder if name.startswith(folder) else _plain_folder(member)
            yield CorpusFile(f"{location}!{name}", open_packed, root=f"{location}!{root}")
    if not found and member:
        raise CorpusError(f"has no member {member!r}", location)
    _check_any([location] if found else [], location, "archive", suffixes)


def _members(location: str, local: str) -> Iterator[Tuple[str, Callable[[], Any]]]:
    with _readable(location):
        if location.lower().endswith(".zip"):
            archive = zipfile.ZipFile(local)
            _check_directory(archive)
            members = [each for each in archive.infolist() if not each.is_dir()]
            names = Counter(each.filename for each in members)
            for each in sorted(members, key=lambda each: each.filename):
                if names[each.filename] > 1:
                    raise CorpusError(f"has the member {each.filename!r} twice", location)
                check_ratio(each.file_size, each.compress_size, f"{location}!{each.filename}")
                # Its name is there twice, and one of them may be damaged.
                archive.open(each).close()
                yield each.filename, partial(archive.open, each)
        else:
            with tarfile.open(local) as tar:
                packed, size = os.path.getsize(local), 0
                for entry in tar:
                    if not (entry.isfile() or entry.isdir()):
                        reason = f"has the member {entry.name!r}, which is a link or a device"
                        raise CorpusError(f"{reason}; allowed are files", location)
                    size += entry.size
                    check_ratio(size, packed, location)
                    content = tar.extractfile(entry) if entry.isfile() else None
                    if content is not None:
                        yield entry.name.removeprefix("./"), partial(io.BytesIO, content.read())
                _check_end(tar, size, packed, location)


def _check_directory(archive: zipfile.ZipFile) -> None:
    """Behind its list of members a zip says how many there are, which zipfile does not compare."""
    file: Any = archive.fp
    # 22 bytes and the comment are the last of a zip; from the eleventh on there is the number.
    file.seek(-22 - len(archive.comment), os.SEEK_END)
    end = file.read(22)
    number = int.from_bytes(end[10:12], "little")
    # A zip of more members says it elsewhere.
    if end.startswith(b"PK\5\6") and number not in (0xFFFF, len(archive.infolist())):
        raise zipfile.BadZipFile(f"its list of {number} members is damaged")


def _check_end(tar: tarfile.TarFile, size: int, packed: int, name: str) -> None:
    """
    Where a header is damaged or cut off, tarfile takes it for the end of the archive; it does not
    read on to the sums behind what was compressed.
    """
    file: Any = tar.fileobj
    file.seek(tar.offset)
    block = file.read(tarfile.BLOCKSIZE)
    if block != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it is damaged or cut off")
    while block := file.read(_BLOCK):
        size += len(block)
        check_ratio(size, packed, name)


def _check_any(names: Sequence[str], where: str, kind: str, suffixes: Sequence[str]) -> None:
    if not names:
        looked_for = f" ending in {' or '.join(suffixes)}" if suffixes else ""
        raise CorpusError(f"the {kind} has no file{looked_for}", where)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Says of what cannot be unpacked or read which file it is."""
    try:
        yield
    except (
        gzip.BadGzipFile,
        EOFError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        tarfile.TarError,
        NotImplementedError,  # a compression that zipfile does not know
        RuntimeError,  # a zip with a password
        UnicodeDecodeError,  # a zip with a name that is none
    ) as error:
        # tarfile says in several lines what it has tried.
        reason = str(error).partition("\n")[0].rstrip(":")
        raise CorpusError(f"cannot be unpacked ({reason})", name) from error
    except OSError as error:
        raise CorpusError(f"cannot be read ({error.strerror or error})", name) from error


def _not_encoded(name: str, line: int, error: UnicodeDecodeError) -> CorpusError:
    encoding = "UTF-8" if error.encoding == "utf-8" else error.encoding
    return CorpusError(f"is not {encoding} ({error.reason})", name, line)
