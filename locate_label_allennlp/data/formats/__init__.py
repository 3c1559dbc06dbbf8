"""One module a file format; each reads its files into `Document`s."""

from locate_label_allennlp.data.formats.auto import AutoFormat
from locate_label_allennlp.data.formats.columns import ColumnsFormat
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat
from locate_label_allennlp.data.formats.jsonl import JsonlFormat

__all__ = ["AutoFormat", "ColumnsFormat", "CorpusFormat", "JsonlFormat"]
