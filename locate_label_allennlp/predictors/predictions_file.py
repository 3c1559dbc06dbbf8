"""A file of predictions that is there whole, or goes on where it was broken off."""

import json
import logging
import os
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any, Iterable, Iterator, Tuple

from allennlp.common.util import JsonDict

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats.corpus_files import atomic_file, write_errors
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

logger = logging.getLogger(__name__)

Input = Tuple[JsonDict, Document]

SUFFIX = ".partial"
"""What is added to the name of a file that has not all of its predictions yet."""


class PredictionsFile:
    """
    Takes lines, one an input, and keeps them beside `path` under its name and `.partial`; see
    `predictions_file`.
    """

    def __init__(self, path: str, partial: IO[bytes], num_lines: int, last: bytes) -> None:
        self._path = path
        self._partial = partial
        self._num_lines = num_lines
        self._last = last

    def write(self, text: str) -> None:
        """Whole lines, which a kill right after it does not lose."""
        with write_errors(self._path + SUFFIX):
            self._partial.write(text.encode())
            self._partial.flush()
        self._num_lines += text.count("\n")

    def missing(self, inputs: Iterable[Input], predictor: NestedNerPredictor) -> Iterator[Input]:
        """
        The inputs that have no line yet.

        # Raises

        `CorpusError` if the last line is not that of its input.
        """
        remaining = iter(inputs)
        if self._num_lines:
            known = list(islice(remaining, self._num_lines - 1, self._num_lines))
            line = json.loads(self._last)
            expected = json.loads(predictor.dump_line(predictor.echo(*known[0]))) if known else {}
            if any(line[name] != expected.get(name) for name in line if name != "entities"):
                raise CorpusError(
                    "is of other inputs, of which --resume cannot go on; without it the file is "
                    "written anew",
                    self._path + SUFFIX,
                    self._num_lines,
                )
        return remaining

    def describe(self) -> str:
        size = os.path.getsize(self._path + SUFFIX)
        return f"{self._path}{SUFFIX} has {self._num_lines:,} predictions ({size:,} bytes)"


@contextmanager
def predictions_file(path: str, resume: bool = False) -> Iterator[PredictionsFile]:
    """
    What is written takes the place of `path` when all of it is there, compressed if `path` ends in
    `.gz`. After an error or a kill it stays beside it, as whole lines of `PATH.partial`.

    # Parameters

    resume : `bool`, optional (default = `False`)
        Whether to go on with such a file, if there is one.

    # Raises

    `CorpusError` for what cannot be written.
    """
    partial = path + SUFFIX
    with write_errors(partial), open(partial, "ab+" if resume else "wb+") as target:
        size, num_lines, last = _whole_lines(target)
        target.truncate(size)
        file = PredictionsFile(path, target, num_lines, last)
        try:
            yield file
        except BaseException:
            logger.warning("%s; with --resume the same command goes on", file.describe())
            raise
        os.fsync(target.fileno())
    if path.endswith(".gz"):
        with open(partial, "rb") as source, atomic_file(path) as packed:
            while block := source.read(2**20):
                packed.write(block)
        os.remove(partial)
    else:
        with write_errors(path):
            os.replace(partial, path)


def _whole_lines(file: Any) -> Tuple[int, int, bytes]:
    """Bytes and number of the whole lines of a file, and the last of them."""
    size, num_lines, last = 0, 0, b""
    file.seek(0)
    for line in file:
        if line.endswith(b"\n"):
            size, num_lines, last = size + len(line), num_lines + 1, line
    return size, num_lines, last
