"""Tells the format by the file's content."""

import os
from itertools import islice
from typing import ClassVar, Iterable, Iterator

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats.ace import AceFormat
from locate_label_allennlp.data.formats.brat import BratFormat
from locate_label_allennlp.data.formats.columns import ColumnsFormat
from locate_label_allennlp.data.formats.corpus_files import CorpusFile, corpus_files
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally
from locate_label_allennlp.data.formats.genia_xml import GeniaXmlFormat
from locate_label_allennlp.data.formats.json_items import is_json_object
from locate_label_allennlp.data.formats.jsonl import JsonlFormat
from locate_label_allennlp.data.formats.rich_ere import RichEreFormat
from locate_label_allennlp.data.formats.running_text import RunningTextFormat
from locate_label_allennlp.data.formats.spacy_docs import SpacyFormat

COLUMN_ENDINGS = (".iob2", ".conll", ".tsv", ".bio")
_CORPUS_ENDINGS = (*JsonlFormat.suffixes, *SpacyFormat.suffixes, *COLUMN_ENDINGS, ".xml")
_LINES_LOOKED_AT = 10
_XML = ("<?xml", "<Annotation", "<!DOCTYPE")


@CorpusFormat.register("auto")
class AutoFormat(RunningTextFormat):
    """
    Tells the format of each file, so that the files of one experiment may be of several kinds. What
    decides is the first line that is not empty:

    - `{`, or a `[` that is followed by `{`, by `]` or by nothing: `jsonl`;
    - `<?xml`, `<!DOCTYPE` or `<Annotation`: `genia_xml`;
    - anything else: `columns` (all but the first hold labels).

    A `.spacy` file is `spacy`, a path with `.ann` files, or with the ending `.ann`, is `brat`, one
    with `.apf.xml` files is `ace`, and one with `.rich_ere.xml` files `rich_ere`. Each is read with
    its default arguments, but for `splitting`; name the format to give it others.

    **Writing** goes by the ending: `.jsonl`, `.jsonlines`, `.json`, `.ndjson`; `.iob2`, `.conll`,
    `.tsv`, `.bio`; `.spacy`. The first two may be followed by `.gz`.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
        For the formats whose corpora hold running text.
    """

    writable: ClassVar[bool] = True

    @overrides
    def read(self, path: str) -> Iterator[Document]:
        path = str(path)
        is_one = path.endswith((".ann", ".ann.gz"))
        names = (
            [] if is_one else [file.plain_name for file in corpus_files(path, on_left_out=_unsaid)]
        )
        for kind in (AceFormat, RichEreFormat):
            if any(name.endswith(kind.annotation_suffix) for name in names):
                yield from self._read_as(kind(splitting=self._splitting), path)
                return
        if not is_one and not any(name.endswith(".ann") for name in names):
            yield from super().read(path)
            return
        others = [name for name in names if name.endswith(_CORPUS_ENDINGS)]
        if others:
            raise CorpusError(
                f"has .ann files, of brat, and others such as {others[0]}; allowed is one kind, or "
                "the name of the format whose files are to be read",
                path,
            )
        yield from self._read_as(BratFormat(self._splitting), path)

    def _read_as(self, format: CorpusFormat, path: str) -> Iterator[Document]:
        format.on_error, format.on_note = self.on_error, self.on_note
        return format.read(path)

    @overrides
    def read_file(self, file: CorpusFile, tally: Tally) -> Iterator[Document]:
        yield from self._format_of(file).read_file(file, tally)

    def _format_of(self, file: CorpusFile) -> CorpusFormat:
        if file.plain_name.endswith(".spacy"):
            return SpacyFormat()
        lines = (line.strip() for _, line in file.lines(on_error=lambda error: None))
        first, *following = list(islice(filter(None, lines), _LINES_LOOKED_AT)) or [""]
        after = first[1:].lstrip()
        if first.startswith("{") or (first.startswith("[") and after[:1] in ("", "{", "]")):
            return JsonlFormat(self._splitting)
        if any(map(is_json_object, following)):
            # A first line that is damaged, which is said when it is read.
            return JsonlFormat(self._splitting)
        if first.startswith(_XML):
            return GeniaXmlFormat(splitting=self._splitting)
        return ColumnsFormat()

    @overrides
    def write(self, documents: Iterable[Document], path: str) -> None:
        _written_format(str(path)).write(documents, path)


def _unsaid(what: str, count: int) -> None:
    """It is said when the files are read."""


def _written_format(path: str) -> CorpusFormat:
    ending = os.path.splitext(path.removesuffix(".gz"))[1]
    if ending in JsonlFormat.suffixes:
        return JsonlFormat()
    if ending in COLUMN_ENDINGS:
        return ColumnsFormat()
    if ending == ".spacy":
        return SpacyFormat()
    raise CorpusError("the ending does not tell the format to write; name the format", path)
