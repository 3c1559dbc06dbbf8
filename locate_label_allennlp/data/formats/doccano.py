"""doccano's JSON lines: texts with labelled spans."""

import json
from typing import IO, Any, ClassVar, Dict, FrozenSet, Iterable

from overrides import overrides

from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats.annotation_tool import AnnotationToolFormat
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat
from locate_label_allennlp.data.formats.written_text import placed_entities, text_and_offsets


@CorpusFormat.register("doccano")
class DoccanoFormat(AnnotationToolFormat):
    """
    One text a line, as doccano exports and imports them (sequence labelling, JSONL). Ends are
    exclusive, and all bounds count characters (Unicode code points):

        {"text": "Old Tarn slept.", "label": [[0, 8, "PLACE"]], "doc_id": "7"}

    With relations a text has `entities`, of which the relations are left out. An object of another
    shape is an error (`jsonl` and `auto` tell the shape of each).

    **Writing** gives a line a document; doccano takes its name for a further column. There is no
    place for scores. Discontinuous entities are an error, and for overlapping ones the project has
    to allow them.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
    """

    allowed: ClassVar[str] = (
        'a line of doccano has a text "text" and its "label", a list of [start, end, type], or '
        '"entities"'
    )
    others: ClassVar[FrozenSet[str]] = frozenset(
        ("tokens", "sentences", "document", "sentence", "spans", "data", "annotations")
    ) | {"entity_mentions"}

    @overrides
    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        for document in documents:
            text, offsets = text_and_offsets(document)
            placed = placed_entities(document, offsets, "doccano")
            label = [[start, end, entity.type] for start, end, entity in placed]
            record: Dict[str, Any] = {"text": text, "label": label}
            if document.doc_id is not None:
                record["doc_id"] = document.doc_id
            target.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
