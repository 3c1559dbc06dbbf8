"""From the words of a command line to formats and documents."""

import json
import os
import tempfile
from typing import Any, Dict, Iterable, Iterator, List, Sequence

from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.progress import progress_bar
from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats import CorpusFormat, JsonlFormat


def format_from_text(text: str) -> CorpusFormat:
    """
    # Parameters

    text : `str`
        A registered name, or the JSON that a config has: `{"type": "columns", "pos_column": 1}`.

    # Errors

    `ConfigurationError` if there is no such format, or if it does not take these arguments.
    """
    arguments: Any = {"type": text}
    if text.lstrip().startswith("{"):
        try:
            arguments = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigurationError(
                f"format {text!r} is not JSON: {error.msg} at column {error.colno}"
            ) from error
    name = arguments.get("type", CorpusFormat.default_implementation)
    if name not in CorpusFormat.list_available():
        allowed = ", ".join(CorpusFormat.list_available())
        raise ConfigurationError(f"no format {name!r}; allowed are {allowed}")
    try:
        return CorpusFormat.from_params(Params(arguments))
    except TypeError as error:
        raise ConfigurationError(f"format {text!r}: {error}") from error


def read_corpus(format: CorpusFormat, path: str, may_be_empty: bool = False) -> Iterator[Document]:
    """
    The documents, with a bar that counts sentences once that takes more than a second. A
    `CorpusError` if there is none, unless `may_be_empty`.
    """
    is_empty = True
    with progress_bar(desc=path, unit=" sentences", delay=1, leave=False) as bar:
        for document in format.read(path):
            is_empty = False
            yield document
            bar.update(len(document.sentences))
    if is_empty and not may_be_empty:
        raise CorpusError("has no sentences", path)


def check_free(paths: Iterable[str]) -> None:
    """
    A `ConfigurationError` for the first file that exists. What is wrong with a folder the format
    that is written knows.
    """
    for path in paths:
        if os.path.lexists(path) and not os.path.isdir(path):
            raise ConfigurationError(f"{path} exists; --force overwrites it")


def check_folder(path: str) -> None:
    """A `ConfigurationError` for what exists and is no folder."""
    if os.path.lexists(path) and not os.path.isdir(path):
        raise ConfigurationError(f"{path} is a file; allowed is a folder, which may be new")


def part_path(folder: str, part: str) -> str:
    return os.path.join(folder, f"{part}.jsonl")


def write_parts(parts: Dict[str, List[Document]], folder: str) -> None:
    """Writes `<part>.jsonl` for each part; none takes its place before all are whole."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as staging:
        for part, documents in parts.items():
            JsonlFormat().write(documents, part_path(staging, part))
        for part in parts:
            os.replace(part_path(staging, part), part_path(folder, part))


def column_names(paths: Sequence[str]) -> Dict[str, str]:
    """What each path is called at the head of a column: its last part, if no other has it."""
    last = [os.path.basename(path.rstrip("/")) for path in paths]
    return {
        path: name if last.count(name) == 1 else path
        for path, name in zip(paths, last, strict=True)
    }
