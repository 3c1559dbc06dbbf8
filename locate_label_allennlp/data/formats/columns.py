"""One word a line, its labels in columns."""

from typing import Iterator, List, Optional, Sequence, Tuple

from allennlp.common.checks import ConfigurationError
from overrides import overrides

from locate_label_allennlp.data.document import (
    CorpusError,
    Document,
    Entity,
    Sentence,
    checked_sentence,
)
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally, numbered_lines

Row = Tuple[int, List[str]]


@CorpusFormat.register("columns")
class ColumnsFormat(CorpusFormat):
    """
    One word a line, a blank line between sentences, columns parted by tabs (by single blanks where
    a line has no tab). Each label column holds one IOB2 sequence (`B-type`, `I-type`, `O`), so a
    nested corpus has a column a level, the inner or the outer level first: the columns are read
    independently, and their order makes no difference.

        NF      B-protein       B-DNA
        binding O       I-DNA
        site    O       I-DNA

    A line `-DOCSTART-` begins a document. An `I-` that continues nothing begins an entity; how
    often that was needed is logged.

    # Parameters

    word_column : `int`, optional (default = `0`)
    label_columns : `List[int]`, optional (default = every column but the word's and the POS's)
    pos_column : `int`, optional (default = `None`)
    one_document : `bool`, optional (default = `True`)
        Whether the sentences of a file (or between two `-DOCSTART-` lines) follow each other in one
        text, so that each is context for its neighbours. `False` for shuffled sentences.
    strip_position_digits : `bool`, optional (default = `False`)
        Whether to take the last digit off every word: the Weibo corpus glues to each character its
        position in its word.
    """

    def __init__(
        self,
        word_column: int = 0,
        label_columns: Optional[Sequence[int]] = None,
        pos_column: Optional[int] = None,
        one_document: bool = True,
        strip_position_digits: bool = False,
    ) -> None:
        for name, column in [("word_column", word_column), ("pos_column", pos_column)]:
            if column is not None and column < 0:
                raise ConfigurationError(f"{name} is {column}; columns are counted from 0")
        self._word_column = word_column
        self._label_columns = None if label_columns is None else list(label_columns)
        self._pos_column = pos_column
        self._one_document = one_document
        self._strip_position_digits = strip_position_digits

    @overrides
    def read(self, path: str) -> Iterator[Document]:
        tally = Tally(path)
        document: List[Sentence] = []
        rows: List[Row] = []
        width: Optional[int] = None
        for number, line in numbered_lines(path):
            if line.startswith("-DOCSTART-") or not line.strip():
                document.extend(self._sentence(rows, path, tally))
                rows = []
                if document and (line.strip() or not self._one_document):
                    yield Document(tuple(document))
                    document = []
                continue
            cells = _cells(line)
            if width is None:
                width = len(cells)
                self._check_width(width, path, number)
            if len(cells) != width:
                raise CorpusError(
                    f"{len(cells)} columns where the lines before have {width}", path, number
                )
            rows.append((number, cells))
        document.extend(self._sentence(rows, path, tally))
        if document:
            yield Document(tuple(document))
        tally.say()

    def _check_width(self, width: int, path: str, number: int) -> None:
        needed = max([self._word_column, self._pos_column or 0, *(self._label_columns or [])]) + 1
        if width < needed:
            raise CorpusError(
                f"{width} columns, but the format is told to use {needed}", path, number
            )

    def _sentence(self, rows: List[Row], path: str, tally: Tally) -> List[Sentence]:
        """The one sentence that the rows make; none if there are no rows."""
        if not rows:
            return []
        columns = list(zip(*(cells for _, cells in rows), strict=True))
        numbers = [number for number, _ in rows]
        labelled = self._label_columns
        if labelled is None:
            others = {self._word_column, self._pos_column}
            labelled = [column for column in range(len(columns)) if column not in others]
        entities = [
            entity
            for column in labelled
            for entity in _iob2_entities(columns[column], numbers, path, tally)
        ]
        words = list(columns[self._word_column])
        if self._strip_position_digits:
            words = [self._stripped(*pair, path) for pair in zip(words, numbers, strict=True)]
        return [
            checked_sentence(
                words,
                entities,
                path,
                numbers[0],
                pos=None if self._pos_column is None else list(columns[self._pos_column]),
            )
        ]

    @staticmethod
    def _stripped(word: str, number: int, path: str) -> str:
        if len(word) < 2 or not word[-1].isdigit():
            raise CorpusError(f"word {word!r} does not end in a position digit", path, number)
        return word[:-1]


def _cells(line: str) -> List[str]:
    """A tab at the end of a line begins no column."""
    return line.rstrip("\t").split("\t") if "\t" in line else line.rstrip(" ").split(" ")


def _iob2_entities(
    labels: Sequence[str], numbers: Sequence[int], path: str, tally: Tally
) -> Iterator[Entity]:
    start, kind = 0, None
    for index, label in enumerate([*labels, "O"]):
        prefix, _, name = label.partition("-")
        if label != "O" and (prefix not in ("B", "I") or not name):
            raise CorpusError(
                f"label {label!r}; allowed are 'O', 'B-type' and 'I-type'", path, numbers[index]
            )
        continues = prefix == "I" and name == kind
        if kind is not None and not continues:
            yield Entity(start, index, kind)
            kind = None
        if label != "O" and not continues:
            if prefix == "I":
                tally.add("entities that begin with 'I-', taken as 'B-'")
            start, kind = index, name
