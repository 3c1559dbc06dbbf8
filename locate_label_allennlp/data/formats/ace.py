"""ACE 2004 and 2005 as the LDC releases them."""

from typing import Any, ClassVar, Iterator, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally
from locate_label_allennlp.data.formats.ldc_format import LdcFormat, QuotedMention
from locate_label_allennlp.data.formats.ldc_xml import Element


@CorpusFormat.register("ace")
class AceFormat(LdcFormat):
    """
    ACE 2004 and ACE 2005: pairs of files, `x.sgm` the text and `x.apf.xml` its mentions. `START`
    and `END` (inclusive) count the characters of the text without its tags, a line end as one:

        <entity ID="x-E1" TYPE="GPE"><entity_mention ID="x-E1-1" TYPE="NOM">
          <extent><charseq START="19" END="33">the old harbour</charseq></extent>
          <head><charseq START="27" END="33">harbour</charseq></head>
        </entity_mention></entity>

    The folders of ACE 2005 hold every document several times, in the states of its annotation: give
    a pattern of one of them, `data/English/*/timex2norm/*.apf.xml`. See `LdcFormat` for the other
    parameters.

    # Parameters

    values : `bool`, optional (default = `False`)
        Whether to take the mentions of values too, with their types (`Numeric`, `Crime`); the
        papers leave them out.
    timex : `bool`, optional (default = `False`)
        The same for times, as `TIMEX2`.
    """

    annotation_suffix: ClassVar[str] = ".apf.xml"
    source_suffixes: ClassVar[Tuple[str, ...]] = (".sgm",)
    root: ClassVar[str] = "source_file"
    counts_tags: ClassVar[bool] = False
    twice: ClassVar[str] = (
        "allowed is one state of its annotation, by a pattern such as "
        "'data/English/*/timex2norm/*.apf.xml'"
    )

    def __init__(self, values: bool = False, timex: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._values = values
        self._timex = timex

    @overrides
    def doc_id(self, root: Element) -> str:
        return root.the("document").attribute("DOCID")

    @overrides
    def mentions(self, root: Element, tally: Tally) -> Iterator[QuotedMention]:
        kinds = {"entity": True, "value": self._values, "timex2": self._timex}
        for tag in (tag for tag, is_taken in kinds.items() if is_taken):
            for thing in root.every(tag):
                for mention in thing.every(f"{tag}_mention"):
                    kind = mention.attributes.get("TYPE")
                    if tag == "entity" and not self.is_wanted(kind):
                        continue
                    try:
                        yield self._mention(thing, mention)
                    except CorpusError as error:
                        tally.report(error)

    def _mention(self, thing: Element, mention: Element) -> QuotedMention:
        kind = "TIMEX2" if thing.tag == "timex2" else thing.attribute("TYPE")
        # Entities alone have heads.
        span = self._span if thing.tag == "entity" else "extent"
        words = mention.the(span).the("charseq")
        start, end = words.number("START"), words.number("END") + 1
        return QuotedMention(start, end, kind, words.text, words.line)
