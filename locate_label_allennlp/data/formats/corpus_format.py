"""What every corpus format has in common."""

import gzip
import logging
import os
import zlib
from typing import Any, Iterator, Tuple

from allennlp.common import Registrable
from allennlp.common.file_utils import cached_path

from locate_label_allennlp.data.document import CorpusError, Document

logger = logging.getLogger(__name__)


class CorpusFormat(Registrable):
    """
    Reads the files of one format into `Document`s. Registered by name, chosen in a config as
    `"format": "auto"` or, with arguments, `"format": {"type": "columns", "pos_column": 1}`.
    """

    default_implementation = "auto"

    def read(self, path: str) -> Iterator[Document]:
        """
        # Parameters

        path : `str`
            A file, plain or `.gz`, or a URL that AllenNLP can cache.

        # Returns

        `Iterator[Document]`
            In the order of the file, read as they are asked for.

        # Errors

        `CorpusError`, with file and line, for whatever the format does not allow.
        """
        raise NotImplementedError


def numbered_lines(path: str) -> Iterator[Tuple[int, str]]:
    """The lines of a text file without their ends, counted from 1; UTF-8, with or without a BOM."""
    if "://" not in str(path) and not os.path.isfile(path):
        raise CorpusError(f"no such file (looked from the folder {os.getcwd()})", path)
    open_bytes: Any = gzip.open if str(path).endswith(".gz") else open
    number = 0
    try:
        with open_bytes(cached_path(path), "rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise CorpusError(f"is not UTF-8 ({error.reason})", path, number) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(f"cannot be unpacked ({error})", path) from error


class Tally:
    """Counts what had to be left out or mended in one file, to say it once at the end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._counts: dict[str, int] = {}

    def add(self, what: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1

    def say(self) -> None:
        for what, count in self._counts.items():
            logger.warning("%s: %s: %d", self._path, what, count)
