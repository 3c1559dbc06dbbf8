"""Tells the format by the file's content."""

from typing import Iterator

from overrides import overrides

from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats.columns import ColumnsFormat
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, numbered_lines
from locate_label_allennlp.data.formats.jsonl import JsonlFormat


@CorpusFormat.register("auto")
class AutoFormat(CorpusFormat):
    """
    Reads a file as JSON lines if its first line that is not empty begins with `{`, as columns (all
    but the first hold labels) if not. So the files of one experiment may be of either kind.
    """

    def __init__(self) -> None:
        self._jsonl = JsonlFormat()
        self._columns = ColumnsFormat()

    @overrides
    def read(self, path: str) -> Iterator[Document]:
        first = next((line for _, line in numbered_lines(path) if line.strip()), "")
        is_jsonl = first.lstrip().startswith("{")
        yield from (self._jsonl if is_jsonl else self._columns).read(path)
