"""spaCy's own corpora: the `.spacy` files of a `DocBin`."""

import zlib
from contextlib import contextmanager
from typing import IO, ClassVar, Dict, Iterable, Iterator, List, Optional, Tuple, Union

import spacy
from overrides import overrides
from spacy.tokens import Doc, DocBin, Span

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats.corpus_files import CorpusFile, check_ratio
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally
from locate_label_allennlp.data.formats.running_text import Mention, Splitting
from locate_label_allennlp.data.formats.written_text import check_contiguous


@CorpusFormat.register("spacy")
class SpacyFormat(CorpusFormat):
    """
    The documents of a `DocBin` (`.spacy`), as `spacy train` reads them, with the entities of
    `doc.spans[spans_key]` or, where a document has no such group, of `doc.ents`.

        DocBin(docs=[doc]).to_disk("train.spacy")

    Sentences are the document's own; if it has none, spaCy's sentencizer makes them. Where an
    entity lies in two sentences, these are joined; words of white space are left out, and entities
    lose them at their ends.

    **Writing** puts all entities into `doc.spans[spans_key]`, and into `doc.ents` those of
    documents whose entities do not overlap; the names of documents into
    `doc.user_data["doc_id"]`. Discontinuous entities are an error.

    # Parameters

    spans_key : `str`, optional (default = `"sc"`)
        The default of spaCy's `spancat`.
    """

    suffixes: ClassVar[Tuple[str, ...]] = (".spacy",)
    writable: ClassVar[bool] = True

    def __init__(self, spans_key: str = "sc") -> None:
        self._spans_key = spans_key
        self._pipeline = spacy.blank("xx")
        self._sentencizer = self._pipeline.add_pipe("sentencizer")
        self._splitting = Splitting("xx")

    @overrides
    def read_file(self, file: CorpusFile, tally: Tally) -> Iterator[Document]:
        content = file.read_bytes()
        with _whole(file.name):
            _check_unpacked(content, file.name)
            docs = list(DocBin().from_bytes(content).get_docs(self._pipeline.vocab))
        for number, doc in enumerate(docs, start=1):
            with _whole(file.name, number):
                document = self._document(doc, file.name, number, tally)
            yield document

    def _document(self, doc: Doc, path: str, number: int, tally: Tally) -> Document:
        if not doc.has_annotation("SENT_START"):
            doc = self._sentencizer(doc)
        sentences = []
        for sentence in doc.sents:
            words = [token for token in sentence if not token.is_space]
            if words:
                sentences.append([(word.idx, word.idx + len(word)) for word in words])
        given = doc.spans.get(self._spans_key, doc.ents)
        others = sorted(key for key, spans in doc.spans.items() if key != self._spans_key and spans)
        if others:
            what = f"documents with spans in groups that are not read, such as {others[0]!r}"
            tally.add(f"{what}; spans_key is {self._spans_key!r}", (path, number))
        if not given and doc.ents:
            what = f"documents with an empty group {self._spans_key!r}, whose doc.ents are not read"
            tally.add(what, (path, number))
        elif given is not doc.ents:
            kept = {(span.start, span.end, span.label) for span in given}
            count = sum((span.start, span.end, span.label) not in kept for span in doc.ents)
            what = f"entities of doc.ents that are not in the group {self._spans_key!r}, not read"
            tally.add(what, (path, number), count=count)
        mentions = [
            Mention(((span.start_char, span.end_char),), span.label_, number) for span in given
        ]
        for mention in mentions:
            if not mention.type:
                raise CorpusError(f"an entity at {mention.fragments[0]} has no type", path, number)
        doc_id = doc.user_data.get("doc_id")
        return self._splitting.document(
            doc.text,
            mentions,
            path,
            tally,
            doc_id=None if doc_id is None else str(doc_id),
            sentences=sentences,
            line=number,
        )

    @overrides
    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        docs = DocBin(store_user_data=True)
        for document in documents:
            docs.add(self._doc(document))
        target.write(docs.to_bytes())

    def _doc(self, document: Document) -> Doc:
        words: List[str] = []
        spaces: List[bool] = []
        starts: List[Union[bool, int, None]] = []
        places: List[Dict[int, int]] = []
        position = 0
        for sentence in document.sentences:
            place: Dict[int, int] = {}
            offsets = sentence.offsets if document.text is not None else None
            for index, word in enumerate(sentence.words):
                if offsets is not None and document.text is not None:
                    _add_gap(document.text[position : offsets[index][0]], words, spaces, starts)
                    position = offsets[index][1]
                place[index] = len(words)
                words.append(word)
                spaces.append(offsets is None)
                starts.append(index == 0)
            places.append(place)
        if document.text is not None:
            _add_gap(document.text[position:], words, spaces, starts)
        doc = Doc(self._pipeline.vocab, words=words, spaces=spaces, sent_starts=starts)
        doc.spans[self._spans_key] = spans = self._spans(doc, document, places)
        taken = [index for span in spans for index in range(span.start, span.end)]
        if len(taken) == len(set(taken)):
            doc.ents = spans
        if document.doc_id is not None:
            doc.user_data["doc_id"] = document.doc_id
        return doc

    @staticmethod
    def _spans(doc: Doc, document: Document, places: List[Dict[int, int]]) -> List[Span]:
        spans = []
        for sentence, place in zip(document.sentences, places, strict=True):
            for entity in sentence.entities:
                check_contiguous(entity, "spaCy", sentence.source)
                start, end = place[entity.start], place[entity.end - 1] + 1
                spans.append(Span(doc, start, end, label=entity.type))
        return spans


@contextmanager
def _whole(path: str, number: Optional[int] = None) -> Iterator[None]:
    try:
        yield
    except CorpusError:
        raise
    except Exception as error:
        # Whatever zlib, msgpack, numpy and spaCy raise at what is none.
        reason = f"is no DocBin of spaCy ({type(error).__name__}: {error})"
        raise CorpusError(" ".join(reason.split()), path, number) from error


def _check_unpacked(content: bytes, path: str) -> None:
    """What a `DocBin` holds, packed by zlib, has to be in bounds before spaCy unpacks it."""
    unpacker, rest, size = zlib.decompressobj(), content, 0
    while rest:
        size += len(unpacker.decompress(rest, 2**20))
        check_ratio(size, len(content), path)
        rest = unpacker.unconsumed_tail


def _add_gap(
    gap: str, words: List[str], spaces: List[bool], starts: List[Union[bool, int, None]]
) -> None:
    """What stands between two words: a blank of the first, and the rest as a word of its own."""
    if gap.startswith(" ") and words:
        spaces[-1] = True
        gap = gap[1:]
    if gap:
        words.append(gap)
        spaces.append(False)
        starts.append(False)
