"""One word a line, its labels in columns."""

from typing import IO, ClassVar, Iterable, Iterator, List, Optional, Sequence, Tuple

from allennlp.common.checks import ConfigurationError
from overrides import overrides

from locate_label_allennlp.data.document import (
    CorpusError,
    Document,
    Entity,
    Sentence,
    checked_sentence,
)
from locate_label_allennlp.data.formats.column_labels import (
    MENDED,
    SCHEMES,
    allowed_labels,
    continues,
    entities_of,
    parsed_label,
)
from locate_label_allennlp.data.formats.column_writer import DOCUMENT, write_columns
from locate_label_allennlp.data.formats.corpus_files import CorpusFile
from locate_label_allennlp.data.formats.corpus_format import (
    CorpusFormat,
    Tally,
    check_choice,
    check_encoding,
)

Row = Tuple[int, List[str]]


@CorpusFormat.register("columns")
class ColumnsFormat(CorpusFormat):
    """
    One word a line, a blank line between sentences, columns parted by tabs (by single blanks where
    a line has no tab). Each label column holds one sequence (`B-type`, `I-type`, `O`), so a nested
    corpus has a column a level, the inner or the outer level first, or a column a type: the columns
    are read independently, and their order makes no difference.

        Old     B-PLACE B-ORG
        Tarn    I-PLACE I-ORG
        museum  O       I-ORG

    A line `-DOCSTART-` begins a document. An `I-` that continues nothing begins an entity; how
    often that was needed is logged.

    | corpus | arguments |
    |---|---|
    | CoNLL-2003 | `"pos_column": 1, "label_columns": [3]` |
    | GermEval 2014 (`.tsv`) | `"number_column": 0, "word_column": 1, "comment": "#"` |
    | Weibo | `"strip_position_digits": true` |
    | HAREM as columns | `"scheme": "bare"` |
    | ANERcorp | `"sentence_end": ".", "bad_lines": "skip"` |

    **Writing** gives the word, its part of speech if `pos_column` is 1 (`_` where there is none)
    and IOB2 columns, inner entities first, as many as the deepest sentence needs; documents are
    headed by `-DOCSTART-`. All documents are kept in memory for that.

    # Parameters

    word_column : `int`, optional (default = `0`)
    label_columns : `List[int]`, optional (default = every column that has no other use)
    pos_column : `int`, optional (default = `None`)
    number_column : `int`, optional (default = `None`)
        A column to pass over: the number of the word.
    scheme : `str`, optional (default = `"iob"`)
        `"iob"`: IOB2, and IOB1 if its entities that begin with `I-` may be counted as mended.
        `"iob1"`: the same without counting them. `"bioes"`: also `E-`/`L-` for the last word of an
        entity, `S-`/`U-` for its only one, `M-` for those between (BIOUL, BMES). `"bare"`: types
        without prefix, where neighbours of one type are one entity.
    one_document : `bool`, optional (default = `True`)
        Whether the sentences of a file (or between two `-DOCSTART-` lines) follow each other in one
        text, so that each is context for its neighbours. `False` for shuffled sentences.
    strip_position_digits : `bool`, optional (default = `False`)
        Whether to take the last digit off every word: the Weibo corpus glues to each character its
        position in its word.
    comment : `str`, optional (default = `None`)
        Lines that begin so are passed over. By default none: a word may begin with `#`.
    sentence_end : `str`, optional (default = `None`)
        A word that ends a sentence, for files without blank lines: after one or several of it in a
        row the next sentence begins, unless an entity goes on.
    bad_lines : `str`, optional (default = `"error"`)
        A line with another number of columns than the first, or with an empty word: `"error"`, or
        `"skip"` it; how many were skipped is logged.
    encoding : `str`, optional (default = `"utf-8"`)
    """

    writable: ClassVar[bool] = True

    def __init__(
        self,
        word_column: int = 0,
        label_columns: Optional[Sequence[int]] = None,
        pos_column: Optional[int] = None,
        number_column: Optional[int] = None,
        scheme: str = "iob",
        one_document: bool = True,
        strip_position_digits: bool = False,
        comment: Optional[str] = None,
        sentence_end: Optional[str] = None,
        bad_lines: str = "error",
        encoding: str = "utf-8",
    ) -> None:
        columns = {
            "word_column": word_column,
            "pos_column": pos_column,
            "number_column": number_column,
        }
        for name, column in columns.items():
            if column is not None and column < 0:
                raise ConfigurationError(f"{name} is {column}; columns are counted from 0")
        if any(column < 0 for column in label_columns or []):
            raise ConfigurationError(f"label_columns is {label_columns}; columns count from 0")
        check_choice("scheme", scheme, SCHEMES)
        check_choice("bad_lines", bad_lines, ("error", "skip"))
        check_encoding(encoding)
        if comment == "":
            raise ConfigurationError("comment is ''; allowed is a text that is not empty")
        self._word_column = word_column
        self._label_columns = None if label_columns is None else list(label_columns)
        self._pos_column = pos_column
        self._other_columns = {column for column in columns.values() if column is not None}
        self._scheme = scheme
        self._one_document = one_document
        self._strip_position_digits = strip_position_digits
        self._comment = comment
        self._sentence_end = sentence_end
        self._skips = bad_lines == "skip"
        self._encoding = encoding

    @overrides
    def read_file(self, file: CorpusFile, tally: Tally) -> Iterator[Document]:
        document: List[Sentence] = []
        for rows, is_last in self._sentences(file, tally):
            if rows:
                document.append(self._sentence(rows, file.name, tally))
            if document and (is_last or not self._one_document):
                yield Document(tuple(document))
                document = []

    def _sentences(self, file: CorpusFile, tally: Tally) -> Iterator[Tuple[List[Row], bool]]:
        """The rows of one sentence after the other, and whether its document ends there."""
        rows: List[Row] = []
        width = 0
        for number, line in file.lines(self._encoding, tally.on_error):
            if self._comment is not None and line.startswith(self._comment):
                continue
            if line.startswith(DOCUMENT) or not line.strip():
                yield rows, bool(line.strip())
                rows = []
                continue
            cells = _cells(line)
            if not width:
                width = len(cells)
                self._check_width(width, file.name, number)
            if self._is_bad(cells, width, (file.name, number), tally):
                continue
            if rows and self._ends_between(rows[-1][1], cells):
                yield rows, False
                rows = []
            rows.append((number, cells))
        yield rows, True

    def _ends_between(self, before: List[str], cells: List[str]) -> bool:
        """Whether a sentence ends after `before` because of its word; not inside an entity."""
        word = self._word_column
        if self._sentence_end is None or not before[word] == self._sentence_end != cells[word]:
            return False
        labels = [
            [parsed_label(row[column], self._scheme) or ("", "") for row in (before, cells)]
            for column in self._labelled(len(cells))
        ]
        return not any(continues(*pair) for pair in labels)

    def _labelled(self, width: int) -> List[int]:
        if self._label_columns is not None:
            return self._label_columns
        return [column for column in range(width) if column not in self._other_columns]

    def _is_bad(self, cells: List[str], width: int, place: Tuple[str, int], tally: Tally) -> bool:
        if len(cells) != width:
            if self._skips:
                tally.add("lines with another number of columns, skipped", place)
            else:
                reason = f"{len(cells)} columns where the lines before have {width}"
                tally.report(CorpusError(reason, *place))
            return True
        if self._skips and not cells[self._word_column].strip():
            tally.add("lines with an empty word, skipped", place)
            return True
        return False

    def _check_width(self, width: int, path: str, number: int) -> None:
        needed = max([*self._other_columns, *(self._label_columns or [])]) + 1
        if width < needed:
            raise CorpusError(
                f"{width} columns, but the format is told to use {needed}", path, number
            )

    def _sentence(self, rows: List[Row], path: str, tally: Tally) -> Sentence:
        columns = list(zip(*(cells for _, cells in rows), strict=True))
        numbers = [number for number, _ in rows]
        # The same entity in two columns is no mistake.
        entities = {
            entity
            for column in self._labelled(len(columns))
            for entity in self._entities(columns[column], numbers, path, tally)
        }
        words = list(columns[self._word_column])
        if self._strip_position_digits:
            pairs = zip(words, numbers, strict=True)
            words = [_stripped(word, (path, number), tally) for word, number in pairs]
        return checked_sentence(
            words,
            list(entities),
            path,
            numbers[0],
            pos=None if self._pos_column is None else list(columns[self._pos_column]),
            on_error=tally.on_error,
        )

    def _entities(
        self, column: Sequence[str], numbers: Sequence[int], path: str, tally: Tally
    ) -> Iterator[Entity]:
        labels = []
        for label, number in zip(column, numbers, strict=True):
            parsed = parsed_label(label, self._scheme)
            if parsed is None:
                reason = f"label {label!r}; allowed are {allowed_labels(self._scheme)}"
                tally.report(CorpusError(reason, path, number))
            labels.append(parsed or ("", ""))

        def mended(index: int) -> None:
            tally.add(MENDED[self._scheme], (path, numbers[index]))

        return entities_of(labels, self._scheme, mended)

    @overrides
    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        if self._word_column != 0 or self._pos_column not in (None, 1):
            raise CorpusError("columns are written with word_column 0 and pos_column 1 or none")
        write_columns(documents, target, self._encoding, bool(self._pos_column), self._comment)


def _cells(line: str) -> List[str]:
    """A tab at the end of a line begins no column."""
    return line.rstrip("\t").split("\t") if "\t" in line else line.rstrip(" ").split(" ")


def _stripped(word: str, place: Tuple[str, int], tally: Tally) -> str:
    if len(word) < 2 or not word[-1].isdigit():
        tally.report(CorpusError(f"word {word!r} does not end in a position digit", *place))
        return word
    return word[:-1]
