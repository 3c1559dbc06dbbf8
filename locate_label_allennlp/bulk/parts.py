"""The inputs of a bulk prediction, cut into parts that are predicted one by one."""

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import IO, Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from allennlp.common.util import JsonDict

from locate_label_allennlp.bulk.libraries import library
from locate_label_allennlp.data.document import CorpusError, Document, ErrorHandler
from locate_label_allennlp.data.formats.corpus_files import CorpusFile, corpus_files
from locate_label_allennlp.predictors.inputs import SUFFIXES, is_whole_text, read_inputs
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

PARQUET = ".parquet"

TEXTS = 2**20
"""Bytes of whole texts, after which a part ends."""


@dataclass(frozen=True)
class Piece:
    """
    Inputs that stand one after the other in a file.

    # Parameters

    given : `str`
        The path that was given.
    name : `str`
        The file below it; see `CorpusFile`.
    first : `int`
        The number of the first line or row, from 0.
    count : `int`
        How many; a whole text is one.
    offset : `int`
        Where the first line begins, in bytes; -1 in a file that can only be read from its
        beginning.
    """

    given: str
    name: str
    first: int
    count: int
    offset: int = -1


@dataclass(frozen=True)
class Part:
    """What is predicted at once, and written into one file."""

    number: int
    pieces: Tuple[Piece, ...]

    @classmethod
    def from_json(cls, text: str) -> "Part":
        """The inverse of `json.dumps(asdict(part))`."""
        content = json.loads(text)
        return cls(content["number"], tuple(Piece(**piece) for piece in content["pieces"]))

    @property
    def count(self) -> int:
        return sum(piece.count for piece in self.pieces)


@dataclass(frozen=True)
class FilePiece(CorpusFile):
    """The lines of a file that belong to a piece, with their numbers in the file."""

    piece: Piece = Piece("", "", 0, 0)

    def lines(
        self, encoding: str = "utf-8", on_error: Optional[ErrorHandler] = None
    ) -> Iterator[Tuple[int, str]]:
        piece = self.piece
        before, skipped = (piece.first, 0) if piece.offset >= 0 else (0, piece.first)
        shifted = None if on_error is None else _shifted(on_error, before, skipped)
        lines = super().lines(encoding, shifted)
        for number, line in islice(lines, skipped, skipped + piece.count):
            yield number + before, line


def _piece_of(file: CorpusFile, piece: Piece) -> FilePiece:
    begun: Callable[[], Any] = file.open_packed
    if piece.offset >= 0:
        begun = partial(_open_at, file.name, piece.offset)
    return FilePiece(file.name, begun, file.root, piece)


def _open_at(path: str, offset: int) -> IO[bytes]:
    file = open(path, "rb")  # noqa: SIM115 - whoever reads it closes it
    file.seek(offset)
    return file


def _shifted(on_error: ErrorHandler, before: int, skipped: int) -> ErrorHandler:
    """Lines that are `skipped` are those of another piece, and so are their errors."""

    def shifted(error: CorpusError) -> None:
        line = error.line or 0
        if line > skipped:
            on_error(CorpusError(error.reason, error.path, line + before))

    return shifted


def input_files(path: str) -> List[CorpusFile]:
    """Those that a path means, Parquet files among them."""
    return list(corpus_files(path, (*SUFFIXES, PARQUET)))


def cut(paths: Sequence[str], size: int, whole_files: Optional[bool] = None) -> Iterator[Part]:
    """
    # Parameters

    paths : `Sequence[str]`
        Files, folders, patterns or archives, in whose order the parts are.
    size : `int`
        Inputs in a part; the last one has what is left. Whole texts are fewer if they are long.
    whole_files : `bool`, optional
        Whether a file is one text; by default that is so for `.txt`.

    # Returns

    `Iterator[Part]`
        Every input is in exactly one of them.
    """
    number, left, num_bytes = 0, size, 0
    pieces: List[Piece] = []
    for path in paths:
        for file in input_files(path):
            is_text = not file.name.endswith(PARQUET) and is_whole_text(file, whole_files)
            for piece in _pieces(path, file, size, left, is_text):
                pieces.append(piece)
                left -= piece.count
                if is_text and os.path.isfile(file.name):
                    num_bytes += os.path.getsize(file.name)
                if not left or num_bytes > TEXTS:
                    yield Part(number, tuple(pieces))
                    number, left, num_bytes, pieces = number + 1, size, 0, []
    if pieces:
        yield Part(number, tuple(pieces))


def _pieces(given: str, file: CorpusFile, size: int, left: int, is_text: bool) -> Iterator[Piece]:
    """Of a file; the first has as many inputs as are `left` of the part that is begun."""
    if is_text:
        yield Piece(given, file.name, 0, 1)
        return
    begin, offset, count = 0, -1, 0
    for count, position in enumerate(_positions(file), start=1):
        if count - begin == 1:
            offset = position
        if count - begin == left:
            yield Piece(given, file.name, begin, left, offset)
            begin, left = count, size
    if count > begin:
        yield Piece(given, file.name, begin, count - begin, offset)


def _positions(file: CorpusFile) -> Iterator[int]:
    """Where each line begins; -1 for each where they cannot be gone to."""
    if file.name.endswith(PARQUET):
        with _parquet(file) as table:
            yield from (-1 for _ in range(table.metadata.num_rows))
    elif os.path.isfile(file.name) and not file.name.endswith(".gz"):
        position = 0
        with open(file.name, "rb") as content:
            for line in content:
                yield position
                position += len(line)
    else:
        yield from (-1 for _ in file.lines(on_error=lambda error: None))


def read_part(
    part: Part,
    predictor: NestedNerPredictor,
    whole_files: Optional[bool],
    on_error: ErrorHandler,
) -> Iterator[Tuple[str, JsonDict, Document]]:
    """The inputs of a part as they come back, their sentences, and the file of each."""
    files: Dict[str, Dict[str, CorpusFile]] = {}
    for piece in part.pieces:
        if piece.given not in files:
            files[piece.given] = {file.name: file for file in input_files(piece.given)}
        file = files[piece.given].get(piece.name)
        if file is None:
            raise CorpusError("is not there any more", piece.name)
        if piece.name.endswith(PARQUET):
            inputs = _read_rows(file, piece, predictor, on_error)
        else:
            # A whole text is read whole, whatever its number of lines.
            inputs = read_inputs(predictor, [_piece_of(file, piece)], whole_files, on_error)
        for item, document in inputs:
            yield piece.name, item, document


def _read_rows(
    file: CorpusFile, piece: Piece, predictor: NestedNerPredictor, on_error: ErrorHandler
) -> Iterator[Tuple[JsonDict, Document]]:
    for number, row in enumerate(_rows(file, piece)):
        item = {name: value for name, value in row.items() if value is not None}
        try:
            _check_json(item)
            document = predictor.document(item)
        except CorpusError as error:
            on_error(CorpusError(error.reason, piece.name, piece.first + number + 1))
            continue
        yield item, document


def _rows(file: CorpusFile, piece: Piece) -> Iterator[JsonDict]:
    position, end = 0, piece.first + piece.count
    with _parquet(file) as table:
        for batch in table.iter_batches():
            if position >= end:
                break
            begin = min(max(piece.first - position, 0), batch.num_rows)
            yield from batch.slice(begin, end - position - begin).to_pylist()
            position += batch.num_rows


def _check_json(item: JsonDict) -> None:
    for name, value in item.items():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise CorpusError(f"the column {name!r} holds what JSON has not ({error})") from error


@contextmanager
def _parquet(file: CorpusFile) -> Iterator[Any]:
    """
    A Parquet file, which may be a member of an archive.

    # Raises

    `CorpusError` if it cannot be read.
    """
    arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
    try:
        with file.open_packed() as packed:
            yield parquet.ParquetFile(packed)
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise CorpusError(f"cannot be read as Parquet ({reason})", file.name) from error
