"""One module a file format; each reads its files into `Document`s, and most write them."""

from locate_label_allennlp.data.formats.ace import AceFormat
from locate_label_allennlp.data.formats.auto import AutoFormat
from locate_label_allennlp.data.formats.brat import BratFormat
from locate_label_allennlp.data.formats.columns import ColumnsFormat
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat
from locate_label_allennlp.data.formats.doccano import DoccanoFormat
from locate_label_allennlp.data.formats.genia_xml import GeniaXmlFormat
from locate_label_allennlp.data.formats.jsonl import JsonlFormat
from locate_label_allennlp.data.formats.label_studio import LabelStudioFormat
from locate_label_allennlp.data.formats.prodigy import ProdigyFormat
from locate_label_allennlp.data.formats.rich_ere import RichEreFormat
from locate_label_allennlp.data.formats.running_text import Splitting
from locate_label_allennlp.data.formats.spacy_docs import SpacyFormat

__all__ = [
    "AceFormat",
    "AutoFormat",
    "BratFormat",
    "ColumnsFormat",
    "CorpusFormat",
    "DoccanoFormat",
    "GeniaXmlFormat",
    "JsonlFormat",
    "LabelStudioFormat",
    "ProdigyFormat",
    "RichEreFormat",
    "SpacyFormat",
    "Splitting",
]
