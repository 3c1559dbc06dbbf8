"""What every corpus format has in common."""

import codecs
import logging
from typing import IO, Any, ClassVar, Dict, Iterable, Iterator, Optional, Tuple

from allennlp.common import Registrable
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError, Document, ErrorHandler, Sentence
from locate_label_allennlp.data.formats.corpus_files import CorpusFile, atomic_file, corpus_files
from locate_label_allennlp.data.text_splitter import TextSplitter

logger = logging.getLogger(__name__)

Place = Tuple[str, int]
"""File and line."""


class Tally:
    """
    Counts what had to be left out or mended in a corpus, to say it once at the end.

    # Parameters

    path : `str`
    on_error : `Callable[[CorpusError], None]`, optional
        Hears of errors, after which reading goes on; by default they are raised.
    on_note : `Callable[[CorpusError], None]`, optional
        Hears of each thing at once; nothing is logged then.
    """

    def __init__(
        self,
        path: str,
        on_error: Optional[ErrorHandler] = None,
        on_note: Optional[ErrorHandler] = None,
    ) -> None:
        self.on_error = on_error
        self._on_note = on_note
        self._path = path
        self._counts: Dict[str, int] = {}

    def report(self, error: CorpusError) -> None:
        """If this returns, what is wrong is to be left out."""
        if self.on_error is None:
            raise error
        self.on_error(error)

    def add(
        self,
        what: str,
        place: Optional[Tuple[str, Optional[int]]] = None,
        count: int = 1,
        example: Optional[str] = None,
    ) -> None:
        """`example` is told to those who hear of each thing, and is not in the count."""
        if not count:
            return
        if self._on_note is not None:
            told = what if example is None else f"{what}: {example}"
            self._on_note(CorpusError(told, *(place or (self._path, None))))
        self._counts[what] = self._counts.get(what, 0) + count

    def add_twice(self, given: int, sentence: Sentence, place: Place) -> None:
        """For entities that were given to `sentence` and are not among its own."""
        if self.on_error is None:
            self.add("entities given twice, kept once", place, count=given - len(sentence.entities))

    def add_left_out(self, what: str, count: int) -> None:
        """For what has no place but the path."""
        self.add(what, count=count)

    def say(self) -> None:
        if self._on_note is None:
            for what, count in self._counts.items():
                logger.warning("%s: %s: %d", self._path, what, count)


class CorpusFormat(Registrable):
    """
    Reads the files of one format into `Document`s, and writes some. Registered by name, chosen in
    a config as `"format": "auto"` or, with arguments, as
    `"format": {"type": "columns", "pos_column": 1}`.

    A subclass says how one file is read (`read_file`) and, if it can be (`writable`), written
    (`write_file`).

    # Attributes

    on_error : `Callable[[CorpusError], None]`, optional (default = `None`)
        Hears of errors instead of their being raised, wherever a format can leave out what is wrong
        and read on: a line, an entity. What it cannot read beyond is raised all the same.
    on_note : `Callable[[CorpusError], None]`, optional (default = `None`)
        Hears of each thing that was mended or left out, instead of one count in the log.
    """

    default_implementation = "auto"

    suffixes: ClassVar[Tuple[str, ...]] = ()
    """The endings of the files that are taken from a folder or an archive; all, if empty."""

    writable: ClassVar[bool] = False

    on_error: Optional[ErrorHandler] = None
    on_note: Optional[ErrorHandler] = None

    @property
    def text_splitter(self) -> Optional[TextSplitter]:
        """What splits the running text of its corpora; `None` where these have their words."""
        return None

    def read(self, path: str) -> Iterator[Document]:
        """
        # Parameters

        path : `str`
            A file, a folder, a pattern, an archive or a member of one (`archive.zip!train.tsv`),
            plain or `.gz`; see `corpus_files`.

        # Returns

        `Iterator[Document]`
            In the order of the files, read as they are asked for.

        # Errors

        `CorpusError`, with file and line, for whatever the format does not allow.
        """
        tally = Tally(path, self.on_error, self.on_note)
        for file in corpus_files(path, self.suffixes, tally.add_left_out):
            yield from self.read_file(file, tally)
        tally.say()

    def read_file(self, file: CorpusFile, tally: Tally) -> Iterator[Document]:
        """The documents of one file. What is left out or mended is counted in `tally`."""
        raise NotImplementedError

    def write(self, documents: Iterable[Document], path: str) -> None:
        """
        Writes beside `path` and then takes its place, so that no half of a file is ever seen.

        # Errors

        `CorpusError` if this format cannot be written, or cannot hold one of the documents.
        """
        self.check_writable()
        with atomic_file(path) as target:
            self.write_file(documents, target)

    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        raise NotImplementedError

    def check_writable(self) -> None:
        if not self.writable:
            formats = {name: CorpusFormat.by_name(name) for name in CorpusFormat.list_available()}
            own = [name for name, kind in formats.items() if kind is type(self)]
            allowed: Any = [
                name for name, kind in formats.items() if getattr(kind, "writable", False)
            ]
            raise CorpusError(
                f"format {(own or [type(self).__name__])[0]!r} cannot be written; "
                f"allowed are {', '.join(sorted(allowed))}"
            )


def check_choice(name: str, given: str, allowed: Iterable[str]) -> None:
    """For constructors: a setting that is one of some names."""
    if given not in allowed:
        names = ", ".join(repr(choice) for choice in allowed)
        raise ConfigurationError(f"{name} is {given!r}; allowed are {names}")


def check_encoding(encoding: str) -> None:
    """For constructors: an encoding that Python knows and that can be read line by line."""
    try:
        by_line = "\n".encode(encoding) == b"\n" and bool(codecs.lookup(encoding))
    except LookupError:
        by_line = False
    if not by_line:
        raise ConfigurationError(
            f"encoding is {encoding!r}; allowed are those of Python in which a line end is one "
            "byte, such as utf-8, iso-8859-1, cp1252, gb18030"
        )
