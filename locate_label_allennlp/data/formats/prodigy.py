"""Prodigy's JSON lines: texts with spans, and their words."""

import json
from typing import IO, Any, ClassVar, Dict, FrozenSet, Iterable, List

from overrides import overrides

from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats.annotation_tool import AnnotationToolFormat
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat
from locate_label_allennlp.data.formats.json_shapes import SENTENCE_START
from locate_label_allennlp.data.formats.written_text import (
    Spans,
    placed_entities,
    text_and_offsets,
)


@CorpusFormat.register("prodigy")
class ProdigyFormat(AnnotationToolFormat):
    """
    One task a line, as `prodigy db-out` writes and the recipes `ner.manual`, `spans.manual` and
    `db-in` read them. Ends are exclusive and count characters (Unicode code points), but
    `token_end` is inclusive:

        {"text": "Old Tarn.", "tokens": [
            {"text": "Old", "start": 0, "end": 3, "id": 0, "ws": true, "sent_start": true}, ...],
         "spans": [{"start": 0, "end": 8, "label": "PLACE", "token_start": 0, "token_end": 1}]}

    The tokens are the words, those of white space left out; `sent_start`, which is ours, begins a
    sentence, and without any the text is one. A text without tokens is split. Tasks that were
    rejected or ignored are passed over and counted. An object of another shape is an error (`jsonl`
    and `auto` tell the shape of each).

    **Writing** gives a task a document, with its name in `doc_id`, and the scores of entities that
    have some. Discontinuous entities are an error; overlapping ones need `spans.manual`.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
        For texts without tokens.
    """

    allowed: ClassVar[str] = 'a task of Prodigy has a text "text" and its "spans"'
    others: ClassVar[FrozenSet[str]] = frozenset(
        ("sentences", "document", "sentence", "data", "annotations", "entities", "labels")
    ) | {"entity_mentions"}

    @overrides
    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        for document in documents:
            target.write(json.dumps(_task(document), ensure_ascii=False).encode() + b"\n")


def _task(document: Document) -> Dict[str, Any]:
    text, offsets = text_and_offsets(document)
    tokens = _tokens(text, offsets)
    first = {token["start"]: token["id"] for token in tokens}
    last = {token["end"]: token["id"] for token in tokens}
    spans = []
    for start, end, entity in placed_entities(document, offsets, "Prodigy"):
        span = {"start": start, "end": end, "label": entity.type}
        span |= {"token_start": first[start], "token_end": last[end]}
        spans.append(span if entity.score is None else span | {"score": entity.score})
    # Without words there is nothing but the text.
    task = {"text": text, **({"tokens": tokens} if document.sentences else {}), "spans": spans}
    return task if document.doc_id is None else task | {"doc_id": document.doc_id}


def _tokens(text: str, offsets: List[Spans]) -> List[Dict[str, Any]]:
    """The words and, as spaCy has them, the white space beyond a blank between two of them."""
    tokens: List[Dict[str, Any]] = []

    def add(start: int, end: int, **others: bool) -> None:
        token = {"text": text[start:end], "start": start, "end": end, "id": len(tokens)}
        tokens.append(token | {"ws": text[end : end + 1] == " "} | others)

    position = 0
    for spans in offsets:
        for index, (start, end) in enumerate(spans):
            gap = position + bool(tokens and tokens[-1]["ws"])
            if gap < start and text[gap:start].isspace():
                add(gap, start)
            add(start, end, **({} if index else {SENTENCE_START: True}))
            position = end
    return tokens
