"""One word a line, its labels in columns."""

from itertools import product
from typing import IO, ClassVar, Iterable, Iterator, List, Optional, Sequence, Tuple

from allennlp.common.checks import ConfigurationError
from overrides import overrides

from locate_label_allennlp.data.document import (
    CorpusError,
    Document,
    Sentence,
    checked_sentence,
)
from locate_label_allennlp.data.formats.column_labels import (
    MENDED,
    OUTSIDE,
    SCHEMES,
    Label,
    allowed_labels,
    continues,
    entities_of,
    levels,
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


class Widths:
    """
    How many label columns the lines of a file have: the same number each, padded with `O`, or each
    as many as it has labels (and one `O` if it has none). No line of the latter kind ends in an `O`
    that is not its only label; so a line of another number is a mistake if any line does.
    """

    def __init__(self) -> None:
        self.first: Optional[int] = None
        self.is_ragged = False
        self._is_padded = False

    def fits(self, width: int, labels: Sequence[str], all_are_labels: bool) -> bool:
        """Of the next line: its number of columns, and its labels."""
        self.first = width if self.first is None else self.first
        is_padded = len(labels) > 1 and labels[-1] == "O"
        if width == self.first and not (is_padded and self.is_ragged):
            self._is_padded = self._is_padded or is_padded
            return True
        if self._is_padded or is_padded or not labels or not all_are_labels:
            return False
        self.is_ragged = True
        return True


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

    A line may also have no more label columns than it has labels, in any order, and a single `O` if
    it has none: a label that continues an entity is told by its type. A file is either so or has
    the same number of columns in every line.

        Old     B-PLACE B-ORG
        Tarn    I-PLACE I-ORG
        museum  I-ORG
        slept   O

    A line `-DOCSTART-` begins a document. An `I-` that continues nothing begins an entity; how
    often that was needed is logged.

    | corpus | arguments |
    |---|---|
    | CoNLL-2003 | `"pos_column": 1, "label_columns": [3]` |
    | GermEval 2014 (iob2) | `"one_document": false` |
    | GermEval 2014 (`.tsv`) | the same and `"number_column": 0, "word_column": 1, "comment": "#"` |
    | Weibo | `"strip_position_digits": true, "one_document": false` |
    | HAREM as columns | `"scheme": "bare", "one_document": false` |
    | ANERcorp | `"sentence_end": ".", "bad_lines": "skip", "one_document": false` |

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
        A line with another number of columns than it should have, or with an empty word:
        `"error"`, or `"skip"` it; how many were skipped is logged.
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
        widths = Widths()
        for rows, is_last in self._sentences(file, widths, tally):
            if rows:
                document.append(self._sentence(rows, widths.is_ragged, file.name, tally))
            if document and (is_last or not self._one_document):
                yield Document(tuple(document))
                document = []

    def _sentences(
        self, file: CorpusFile, widths: Widths, tally: Tally
    ) -> Iterator[Tuple[List[Row], bool]]:
        """The rows of one sentence after the other, and whether its document ends there."""
        rows: List[Row] = []
        for number, line in file.lines(self._encoding, tally.on_error):
            if self._comment is not None and line.startswith(self._comment):
                continue
            if line.startswith(DOCUMENT):
                self._check_document_line(line, (file.name, number), tally)
            if line.startswith(DOCUMENT) or not line.strip():
                yield rows, bool(line.strip())
                rows = []
                continue
            cells = _cells(line)
            if widths.first is None:
                self._check_width(len(cells), (file.name, number), tally)
            if self._is_bad(cells, widths, (file.name, number), tally):
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
        last, first = (
            [parsed_label(row[column], self._scheme) or OUTSIDE for column in self._labelled(row)]
            for row in (before, cells)
        )
        pairs = zip(last, first, strict=True) if len(last) == len(first) else product(last, first)
        return not any(continues(*pair) for pair in pairs)

    def _labelled(self, cells: List[str]) -> List[int]:
        """The columns of a line that hold labels."""
        if self._label_columns is not None:
            return self._label_columns
        return [column for column in range(len(cells)) if column not in self._other_columns]

    def _is_bad(
        self, cells: List[str], widths: Widths, place: Tuple[str, int], tally: Tally
    ) -> bool:
        if not widths.fits(len(cells), *self._ragged_labels(cells)):
            if self._skips:
                tally.add("lines with another number of columns, skipped", place)
            else:
                what = "differing numbers" if widths.is_ragged else str(widths.first)
                reason = f"{len(cells)} columns where the lines before have {what}"
                if widths.is_ragged and cells[-1] == "O":
                    reason += "; in such files an 'O' is the only label of its line"
                tally.report(CorpusError(reason, *place))
            return True
        if self._skips and not cells[self._word_column].strip():
            tally.add("lines with an empty word, skipped", place)
            return True
        return False

    def _ragged_labels(self, cells: List[str]) -> Tuple[List[str], bool]:
        """
        The labels of a line, and whether that is what they are; none if lines have to be as wide as
        the first, because columns are told by their number, or because any text is a type.
        """
        if self._label_columns is not None or self._scheme == "bare":
            return [], False
        if len(cells) <= max(self._other_columns):
            return [], False
        labels = [cells[column] for column in self._labelled(cells)]
        return labels, all(parsed_label(label, self._scheme) for label in labels)

    def _check_document_line(self, line: str, place: Tuple[str, int], tally: Tally) -> None:
        """Notes a line that heads a document and has labels or another word all the same."""
        first, *labels = _cells(line)
        labelled = [parsed_label(label, self._scheme) for label in labels]
        if first != DOCUMENT or any(label not in (None, OUTSIDE) for label in labelled):
            tally.add(f"lines that begin with {DOCUMENT} and have more, not read as words", place)

    def _check_width(self, width: int, place: Tuple[str, int], tally: Tally) -> None:
        needed = max([*self._other_columns, *(self._label_columns or [])]) + 1
        if width < needed:
            raise CorpusError(f"{width} columns, but the format is told to use {needed}", *place)
        if self._label_columns is None and width <= len(self._other_columns):
            tally.add("files without a column of labels, read without entities", place)

    def _sentence(self, rows: List[Row], is_ragged: bool, path: str, tally: Tally) -> Sentence:
        numbers = [number for number, _ in rows]
        labels = [self._labels(cells, (path, number), tally) for number, cells in rows]
        columns = levels(labels) if is_ragged else list(zip(*labels, strict=True))

        def mended(index: int) -> None:
            tally.add(MENDED[self._scheme], (path, numbers[index]))

        # The same entity in two columns is no mistake.
        entities = {
            entity for column in columns for entity in entities_of(column, self._scheme, mended)
        }
        words = [cells[self._word_column] for _, cells in rows]
        if self._strip_position_digits:
            pairs = zip(words, numbers, strict=True)
            words = [_stripped(word, (path, number), tally) for word, number in pairs]
        tags = None if self._pos_column is None else [cells[self._pos_column] for _, cells in rows]
        return checked_sentence(
            words, list(entities), path, numbers[0], pos=tags, on_error=tally.on_error
        )

    def _labels(self, cells: List[str], place: Tuple[str, int], tally: Tally) -> List[Label]:
        labels = []
        for column in self._labelled(cells):
            parsed = parsed_label(cells[column], self._scheme)
            if parsed is None:
                reason = f"label {cells[column]!r}; allowed are {allowed_labels(self._scheme)}"
                tally.report(CorpusError(reason, *place))
            labels.append(parsed or OUTSIDE)
        return labels

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
