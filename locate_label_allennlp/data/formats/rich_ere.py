"""Rich ERE as the LDC releases it, of which KBP 2017 is made."""

from typing import Any, ClassVar, Iterator, Sequence, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally
from locate_label_allennlp.data.formats.ldc_format import HEADERS, LdcFormat, QuotedMention
from locate_label_allennlp.data.formats.ldc_xml import Element


@CorpusFormat.register("rich_ere")
class RichEreFormat(LdcFormat):
    """
    Rich ERE, of which KBP 2017 is made: pairs of files, `x.rich_ere.xml` the mentions and, often in
    another folder, `x.xml`, `x.txt`, `x.cmp.txt`, `x.mp.txt`, `x.mpdf.xml` or `x.sgm` the text.
    `offset` and `length` count the characters of the file, its tags among them:

        <entity id="ent-1" type="GPE" specificity="specific">
          <entity_mention id="m-1" noun_type="NOM" source="x" offset="45" length="15">
            <mention_text>the old harbour</mention_text>
            <nom_head source="x" offset="53" length="7">harbour</nom_head>
          </entity_mention>
        </entity>

    A mention in a tag, such as the author of a post, is no part of the text: it is left out,
    counted and logged. The text that a post quotes has no mentions and is not read (`left_out` has
    `quote`). See `LdcFormat` for the other parameters.

    # Parameters

    fillers : `bool`, optional (default = `False`)
        Whether to take the fillers too, with their types (`title`, `weapon`).
    """

    annotation_suffix: ClassVar[str] = ".rich_ere.xml"
    source_suffixes: ClassVar[Tuple[str, ...]] = (
        *(".cmp.txt", ".mp.txt", ".mpdf.xml"),
        *(".txt", ".xml", ".sgm"),
    )
    root: ClassVar[str] = "deft_ere"
    counts_tags: ClassVar[bool] = True

    def __init__(
        self,
        fillers: bool = False,
        left_out: Sequence[str] = (*HEADERS, "QUOTE"),
        **kwargs: Any,
    ) -> None:
        super().__init__(left_out=left_out, **kwargs)
        self._fillers = fillers

    @overrides
    def doc_id(self, root: Element) -> str:
        return root.attribute("doc_id")

    @overrides
    def mentions(self, root: Element, tally: Tally) -> Iterator[QuotedMention]:
        for entity in root.every("entity"):
            for mention in entity.every("entity_mention"):
                if not self.is_wanted(mention.attributes.get("noun_type")):
                    continue
                try:
                    words = mention.child("nom_head") if self._span == "head" else None
                    text = mention.the("mention_text") if words is None else words
                    yield _mention(words or mention, entity.attribute("type"), text.text)
                except CorpusError as error:
                    tally.report(error)
        for filler in root.every("filler") if self._fillers else ():
            try:
                yield _mention(filler, filler.attribute("type"), filler.text)
            except CorpusError as error:
                tally.report(error)


def _mention(words: Element, kind: str, text: str) -> QuotedMention:
    start = words.number("offset")
    return QuotedMention(start, start + words.number("length"), kind, text, words.line)
