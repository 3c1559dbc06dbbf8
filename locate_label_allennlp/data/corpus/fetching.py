"""Public corpora, fetched from where they are published."""

import hashlib
import shutil
import tomllib
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Dict, Iterator, List, Tuple
from urllib.parse import urlsplit

import requests
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.progress import progress_bar
from locate_label_allennlp.common.whole_files import whole_path
from locate_label_allennlp.data.formats.corpus_files import write_errors

SOURCE = "SOURCE.md"
"""What says, beside the files, where they are from."""

_PARTIAL = ".download"
_TIMEOUT = (10, 60)  # seconds: to connect, and between two blocks
_BLOCK = 2**13  # so much is lost when a download breaks off


@dataclass(frozen=True)
class PublicFile:
    """
    # Parameters

    url : `str`
    sha256 : `str`
        Of the file; of `members` that of the sorted lines `"PATH SUM\\n"`, one a file.
    path : `str`, optional
        Where it is put, below the folder of the corpus.
    member : `str`, optional
        Its name in the zip archive that is at `url`, in whichever folder.
    members : `str`, optional
        The folder of that archive from which all files are taken, as far as they lie in `parts`.
    parts : `Tuple[str, ...]`, optional
    """

    url: str
    sha256: str
    path: str = ""
    member: str = ""
    members: str = ""
    parts: Tuple[str, ...] = ()


@dataclass(frozen=True)
class PublicCorpus:
    """
    # Parameters

    title, licence, cite : `str`
    folder : `str`
        Where the configs of `training_config/` look for it.
    next : `List[str]`
        What to do with it.
    files : `List[PublicFile]`
    """

    title: str
    licence: str
    cite: str
    folder: str
    next: List[str]
    files: List[PublicFile]


@cache
def public_corpora() -> Dict[str, PublicCorpus]:
    """All of them by name, as `public_corpora.toml` has them."""
    text = files(__package__).joinpath("public_corpora.toml").read_text("utf-8")
    return {
        name: PublicCorpus(
            **{**entry, "files": [_public_file(each) for each in entry["files"]]},
        )
        for name, entry in tomllib.loads(text).items()
    }


def _public_file(entry: Dict[str, object]) -> PublicFile:
    parts: object = entry.get("parts", ())
    return PublicFile(**{**entry, "parts": tuple(parts)})  # type: ignore[arg-type]


def fetch(corpus: PublicCorpus, folder: Path, mirror: str = "") -> List[Path]:
    """
    Puts the files of a corpus into a folder, with `SOURCE.md`. What is there already and has the
    right sum is kept; a download that was broken off goes on where it was.

    # Parameters

    corpus : `PublicCorpus`
    folder : `Path`
    mirror : `str`, optional
        Where to fetch from instead: of an address, `https://` is replaced by `MIRROR/`.

    # Returns

    `List[Path]`
        The files.

    # Raises

    `ConfigurationError` for what cannot be fetched, or is not what it should be; no file is left
    then that has another sum.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: List[Path] = []
    for url in dict.fromkeys(file.url for file in corpus.files):
        wanted = [file for file in corpus.files if file.url == url]
        if not all(_is_there(file, folder) for file in wanted):
            download = folder / f".{urlsplit(url).path.rpartition('/')[2]}{_PARTIAL}"
            address = f"{mirror.rstrip('/')}/{url.removeprefix('https://')}" if mirror else url
            with write_errors(str(download)):
                _download(address, download)
            try:
                for file in wanted:
                    _put(file, download, folder, address)
            finally:
                download.unlink(missing_ok=True)
        paths += [path for file in wanted for path in _paths(file, folder)]
    with whole_path(folder / SOURCE) as partial:
        partial.write_text(_source(corpus), encoding="utf-8")
    return paths


def _download(url: str, target: Path) -> None:
    """The whole of `url`; what `target` has of it already is not fetched again."""
    begun = target.stat().st_size if target.exists() else 0
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    # Else sizes would be those of what is sent compressed.
    headers["Accept-Encoding"] = "identity"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return  # All of it is there.
            if not response.ok:
                raise ConfigurationError(f"{url}: {response.status_code} {response.reason}")
            goes_on = response.status_code == requests.codes.partial_content
            left = int(response.headers.get("Content-Length", 0))
            begun = begun if goes_on else 0
            with (
                open(target, "ab" if goes_on else "wb") as file,
                progress_bar(
                    desc=url.rpartition("/")[2],
                    initial=begun,
                    total=begun + left or None,
                    unit="B",
                    unit_scale=True,
                ) as bar,
            ):
                fetched = 0
                for block in response.iter_content(_BLOCK):
                    file.write(block)
                    fetched += len(block)
                    bar.update(len(block))
            if left and fetched < left:
                raise requests.ConnectionError(f"{fetched:,} of {left:,} bytes came")
    except requests.RequestException as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"{url}: {reason}; the same command goes on") from error


def _put(file: PublicFile, download: Path, folder: Path, url: str) -> None:
    """Checks a file, and puts it where it belongs."""
    if not file.member and not file.members:
        _check(_sum(download), file, url)
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        with whole_path(folder / file.path) as partial:
            shutil.copyfile(download, partial)
        return
    try:
        with zipfile.ZipFile(download) as archive:
            names = _members(file, archive)
            contents = {path: archive.read(name) for path, name in names.items()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ConfigurationError(f"{url}: is no whole zip archive ({error})") from error
    sums = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    _check(_sum_of_sums(sums) if file.members else sums.get(file.path, "nothing"), file, url)
    present = {path.relative_to(folder).as_posix() for path in _paths(file, folder)}
    for path in sorted(present - contents.keys()):
        if not Path(path).name.startswith("."):
            raise ConfigurationError(
                f"{folder / path}: is no file of the corpus; allowed is a folder without it"
            )
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with whole_path(folder / path) as partial:
            partial.write_bytes(content)


def _members(file: PublicFile, archive: zipfile.ZipFile) -> Dict[str, str]:
    """The members of an archive that are wanted, by the paths they are put to."""
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if file.member:
        found = [name for name in names if name.rpartition("/")[2] == file.member]
        return dict.fromkeys([file.path], found[0]) if found else {}
    below = {name.removeprefix(f"{file.members}/"): name for name in names}
    return {
        path: name
        for path, name in below.items()
        if path != name and path.count("/") == 1 and path.partition("/")[0] in file.parts
    }


def _check(found: str, file: PublicFile, url: str) -> None:
    if found != file.sha256:
        raise ConfigurationError(
            f"{url}: the sum (SHA-256) of {file.path or file.members} is {found}; allowed is "
            f"{file.sha256}"
        )


def _is_there(file: PublicFile, folder: Path) -> bool:
    if not file.members:
        path = folder / file.path
        return path.is_file() and _sum(path) == file.sha256
    sums = {path.relative_to(folder).as_posix(): _sum(path) for path in _paths(file, folder)}
    return _sum_of_sums(sums) == file.sha256


def _paths(file: PublicFile, folder: Path) -> Iterator[Path]:
    if not file.members:
        yield folder / file.path
        return
    for part in file.parts:
        yield from sorted(path for path in (folder / part).glob("*") if path.is_file())


def _sum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum_of_sums(sums: Dict[str, str]) -> str:
    lines = sorted(f"{path} {each}\n" for path, each in sums.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _source(corpus: PublicCorpus) -> str:
    lines = [f"# {corpus.title}", "", f"Licence: {corpus.licence}", "", f"Cite: {corpus.cite}", ""]
    lines += ["| file | SHA-256 | from |", "|---|---|---|"]
    for file in corpus.files:
        name = file.path or ", ".join(f"{part}/" for part in file.parts)
        lines.append(f"| {name} | {file.sha256} | <{file.url}> |")
    return "\n".join(lines) + "\n"
