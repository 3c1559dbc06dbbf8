"""What is predicted on: lines, or whole files, of raw text or JSON."""

import logging
import os
import sys
from contextlib import nullcontext, suppress
from typing import Any, Iterator, List, Optional, Sequence, Tuple, Union

from allennlp.common.util import JsonDict

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.data.document import CorpusError, Document, ErrorHandler
from locate_label_allennlp.data.formats.corpus_files import CorpusFile, corpus_files
from locate_label_allennlp.data.formats.json_items import is_json_object
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

logger = logging.getLogger(__name__)

STDIN = "stdin"
TEXT_SUFFIX = ".txt"
SUFFIXES = (TEXT_SUFFIX, ".jsonl", ".jsonlines", ".ndjson")
"""The endings (`.gz` aside) of what is taken from a folder or an archive."""


def input_files(path: str) -> List[CorpusFile]:
    """Those that a path means (see `corpus_files`); `-` is standard input."""
    if path == "-":
        return [CorpusFile(STDIN, lambda: nullcontext(sys.stdin.buffer))]
    return list(corpus_files(path, SUFFIXES))


def read_inputs(
    predictor: NestedNerPredictor,
    files: Sequence[CorpusFile],
    whole_files: Optional[bool] = None,
    on_error: Optional[ErrorHandler] = None,
) -> Iterator[Tuple[JsonDict, Document]]:
    """
    # Parameters

    predictor : `NestedNerPredictor`
    files : `Sequence[CorpusFile]`
    whole_files : `bool`, optional
        Whether a file is one raw text, with `doc_id`, its name below the folder it was found in,
        without the ending. Else each of its lines is an input. By default that is so for files
        whose name ends in `.txt`.
    on_error : `Callable[[CorpusError], None]`, optional
        Is given the error of an input that is not allowed, which is passed over then.

    # Returns

    `Iterator[Tuple[JsonDict, Document]]`
        Each input, and the sentences in it, read as they are asked for.

    # Errors

    `CorpusError`, with file and line, for one that is not allowed.
    """
    for file in files:
        is_whole = is_whole_text(file, whole_files)
        is_empty = True
        for number, read in _texts(file, is_whole):
            is_empty = is_whole and read == ""
            try:
                if isinstance(read, CorpusError):
                    raise read
                if is_whole:
                    item = _raw_text(file, read, check=whole_files is None)
                else:
                    item = predictor.load_line(read)
                # A blank line keeps its place.
                document = predictor.document(item) if read.strip() else Document((), text=read)
            except CorpusError as error:
                placed = error if error is read else CorpusError(error.reason, file.name, number)
                if on_error is None:
                    raise placed from error
                on_error(placed)
                continue
            yield item, document
        if is_empty:
            logger.warning("%s is empty", printable(file.name, keep=""))


def count_inputs(files: Sequence[CorpusFile], whole_files: Optional[bool] = None) -> Optional[int]:
    """How many there are, for a progress bar; None where they cannot be read twice."""
    if any(file.name == STDIN for file in files):
        return None
    with suppress(CorpusError):
        return sum(
            1
            if is_whole_text(file, whole_files)
            else sum(1 for _ in file.lines(on_error=_pass_over))
            for file in files
        )
    return None


def is_whole_text(file: CorpusFile, whole_files: Optional[bool]) -> bool:
    """Whether a file is one raw text; see `read_inputs`."""
    return file.plain_name.endswith(TEXT_SUFFIX) if whole_files is None else whole_files


def _texts(file: CorpusFile, is_whole: bool) -> Iterator[Tuple[int, Union[str, CorpusError]]]:
    """With their lines; instead of one that cannot be read, its error."""
    if is_whole:
        try:
            yield 1, file.read_text()
        except CorpusError as error:
            yield 1, error
        return
    errors: List[CorpusError] = []
    for number, line in file.lines(on_error=errors.append):
        yield number, errors.pop() if errors else line


def _raw_text(file: CorpusFile, text: str, check: bool) -> JsonDict:
    if check and is_json_object(text.lstrip().partition("\n")[0]):
        raise CorpusError(
            f"holds JSON, but a file {TEXT_SUFFIX} is one raw text; allowed is to say "
            "what it is: --lines or --whole-files"
        )
    if file.name == STDIN:
        return {"text": text}
    name = os.path.splitext(file.plain_name.removeprefix(file.root))[0]
    return {"doc_id": name.replace(os.sep, "/").strip("/"), "text": text}


def _pass_over(error: Any) -> None:
    pass
