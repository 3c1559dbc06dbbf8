"""What the LDC's formats have in common: a text, and beside it its mentions by characters."""

import html
import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Dict, Iterator, List, Optional, Sequence, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats.corpus_files import CorpusFile, corpus_files
from locate_label_allennlp.data.formats.corpus_format import Tally, check_choice, check_encoding
from locate_label_allennlp.data.formats.ldc_source import (
    IN_A_TAG,
    LEFT_OUT,
    SourceText,
    source_text,
)
from locate_label_allennlp.data.formats.ldc_xml import Element, parse_xml
from locate_label_allennlp.data.formats.running_text import Mention, RunningTextFormat, Splitting

HEADERS = (
    *("DATE", "DATETIME", "DATE_TIME", "DOCID", "DOCNO", "DOCTYPE", "ENDTIME", "END_TIME"),
    *("HEADER", "POSTDATE", "SLUG", "TRAILER"),
)
"""Elements that tell of a text and are none."""

_NOT_TEXT = {
    IN_A_TAG: "mentions in tags, such as the authors of posts, left out",
    LEFT_OUT: "mentions in elements that are left out",
}


@dataclass(frozen=True)
class QuotedMention:
    """
    # Parameters

    start, end : `int`
        In the characters that the corpus counts, end exclusive.
    type : `str`
    text : `str`
        What the annotation file says stands there.
    line : `int`
        Of the annotation file.
    """

    start: int
    end: int
    type: str
    text: str
    line: int


class LdcFormat(RunningTextFormat):
    """
    The path is a release or a part of it: a folder, an archive, a pattern, or one annotation file.
    The text of an annotation file is looked for beside it, then anywhere in what the path means,
    by its name. Sentences end at tags and blank lines, and where `splitting` says.

    Each mention's text is compared with the one at its offsets (white space aside), and one that
    differs is an error. References such as `&amp;` count as all their characters or as one, and
    line ends of two bytes as one character or as two, whichever agrees.

    # Parameters

    span : `str`, optional (default = `"extent"`)
        `"extent"`: a mention's words are all of it, as in the papers on nested entities; `"head"`:
        its head alone.
    mentions : `List[str]`, optional (default = all)
        Which kinds of mentions to take: `NAM` (names), `NOM` (nominal ones), `PRO` (pronouns) and
        others, as the corpus calls them.
    left_out : `List[str]`, optional
        Elements of the source text whose content is not read. Mentions in them are left out,
        counted and logged.
    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
    encoding : `str`, optional (default = `"utf-8"`)
        Of the source texts.
    """

    annotation_suffix: ClassVar[str]
    source_suffixes: ClassVar[Tuple[str, ...]]
    """The longer ones first."""

    root: ClassVar[str]
    """The outermost element of annotation files."""

    counts_tags: ClassVar[bool]
    """Whether offsets count the characters of the source's tags."""

    twice: ClassVar[str] = "allowed is once"
    """What to do where a document is in the release several times."""

    def __init__(
        self,
        span: str = "extent",
        mentions: Optional[Sequence[str]] = None,
        left_out: Sequence[str] = HEADERS,
        splitting: Optional[Splitting] = None,
        encoding: str = "utf-8",
    ) -> None:
        super().__init__(splitting)
        check_choice("span", span, ("extent", "head"))
        check_encoding(encoding)
        self._span = span
        self._kinds = None if mentions is None else set(mentions)
        self._left_out = {name.upper() for name in left_out}
        self._encoding = encoding

    def doc_id(self, root: Element) -> str:
        """The name of the document of an annotation file."""
        raise NotImplementedError

    def mentions(self, root: Element, tally: Tally) -> Iterator[QuotedMention]:
        """The mentions of an annotation file that are to be read."""
        raise NotImplementedError

    def is_wanted(self, kind: Optional[str]) -> bool:
        """Whether mentions of a kind are to be read."""
        return self._kinds is None or kind in self._kinds

    @overrides
    def read(self, path: str) -> Iterator[Document]:
        tally = Tally(path, self.on_error, self.on_note)
        suffixes = (self.annotation_suffix, *self.source_suffixes)
        files = [
            file for file in corpus_files(path, suffixes) if file.plain_name.endswith(suffixes)
        ]
        annotations = [each for each in files if self._is_annotation(each)]
        if not annotations:
            reason = f"has no annotation file; allowed are those ending in {self.annotation_suffix}"
            raise CorpusError(reason, path)
        sources: Dict[str, List[CorpusFile]] = {}
        for file in files:
            if not self._is_annotation(file):
                sources.setdefault(self._stem(file), []).append(file)
        names: Dict[str, str] = {}
        used = set()
        for annotation in annotations:
            try:
                source = self._source(annotation, sources)
                used.add(source.name)
                root = parse_xml(annotation.read_bytes(), annotation.name, self.root)
                name = self.doc_id(root)
                other = names.setdefault(name, annotation.name)
                if other != annotation.name:
                    reason = f"document {name!r} is there twice, also as {other}; {self.twice}"
                    raise CorpusError(reason, annotation.name, root.line)
                document = self._document(root, name, annotation, source, tally)
            except CorpusError as error:
                tally.report(error)
                continue
            yield document
        for file in files:
            if file.name not in used and not self._is_annotation(file):
                tally.add("texts without an annotation file, passed over", (file.name, None))
        tally.say()

    def _is_annotation(self, file: CorpusFile) -> bool:
        return file.plain_name.endswith(self.annotation_suffix)

    def _stem(self, file: CorpusFile) -> str:
        name = os.path.basename(file.plain_name)
        suffixes = (self.annotation_suffix, *self.source_suffixes)
        return name.removesuffix(next(each for each in suffixes if name.endswith(each)))

    def _source(self, annotation: CorpusFile, sources: Dict[str, List[CorpusFile]]) -> CorpusFile:
        """The text of an annotation file: in its folder, or anywhere if there is one alone."""
        stem, folder = self._stem(annotation), os.path.dirname(annotation.name)
        found = sources.get(stem, [])
        beside = [each for each in found if os.path.dirname(each.name) == folder]
        if not found:
            path = annotation.plain_name.removesuffix(self.annotation_suffix)
            for name in (path + suffix for suffix in self.source_suffixes):
                with suppress(CorpusError):
                    beside += [*corpus_files(name)]
                with suppress(CorpusError):
                    beside += [*corpus_files(name + ".gz")]
        chosen = beside or found
        if len(chosen) != 1:
            allowed = ", ".join(stem + suffix for suffix in self.source_suffixes)
            got = " and ".join(each.name for each in chosen) or "none"
            reason = f"its text is {got}; allowed is one of {allowed}, in its folder or in the path"
            raise CorpusError(reason, annotation.name)
        return chosen[0]

    def _document(
        self, root: Element, name: str, annotation: CorpusFile, source: CorpusFile, tally: Tally
    ) -> Document:
        quoted = list(self.mentions(root, tally))
        text = self._counted_as_quoted(source.read_text(self._encoding), source.name, quoted)
        mentions: List[Mention] = []
        for each in quoted:
            reason = _difference(each, text, source.name)
            if reason is not None:
                tally.report(CorpusError(reason, annotation.name, each.line))
                continue
            start, end = text.found(each.start, each.end)
            if start < 0:
                what = f"{each.type} {' '.join(each.text.split())!r}"
                tally.add(_NOT_TEXT[start], (annotation.name, each.line), example=what)
            else:
                mentions.append(Mention(((start, end),), each.type, each.line))
        sentences = [
            [(start + left, start + right) for left, right in words]
            for start, end in text.stretches
            for words in self._splitting.text_splitter.spans(text.text[start:end])
        ]
        return self._splitting.document(
            text.text,
            mentions,
            annotation.name,
            tally,
            doc_id=name,
            sentences=sentences,
            text_path=source.name,
        )

    def _counted_as_quoted(
        self, raw: str, path: str, quoted: Sequence[QuotedMention]
    ) -> SourceText:
        """Counted so that most of the mentions agree with the text."""
        differing: Dict[int, SourceText] = {}
        one_line_end = raw.replace("\r\n", "\n")
        contents = dict.fromkeys([one_line_end, raw])
        for content, counts_references in product(contents, (True, False)):
            text = source_text(content, path, self._left_out, self.counts_tags, counts_references)
            number = sum(_difference(each, text, path) is not None for each in quoted)
            differing.setdefault(number, text)
            if number == 0:
                break
        return differing[min(differing)]


def _difference(mention: QuotedMention, text: SourceText, path: str) -> Optional[str]:
    """What is wrong with the offsets of a mention."""
    start, end = mention.start, mention.end
    if not 0 <= start < end <= len(text.counted):
        return (
            f"entity {mention.type!r} from character {start} to {end} (exclusive) lies outside the "
            f"text; allowed is 0 <= start < end <= {len(text.counted)}"
        )
    found = text.counted[start:end]
    # Between tags the text has what stands around them.
    if _letters(mention.text) in (
        _letters(found),
        _letters(text.text[slice(*text.found(start, end))]),
    ):
        return None
    return (
        f"entity {mention.type!r} is {' '.join(mention.text.split())!r:.80}, but {path} has "
        f"{' '.join(found.split())!r:.80} at the characters {start} to {end} (exclusive)"
    )


def _letters(text: str) -> str:
    return "".join(html.unescape(text).split())
