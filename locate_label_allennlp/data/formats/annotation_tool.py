"""What the formats of annotation tools have in common that hold a text and spans of characters."""

from typing import Any, ClassVar, FrozenSet, Optional, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_format import Place, Tally
from locate_label_allennlp.data.formats.json_items import Item
from locate_label_allennlp.data.formats.jsonl import JsonlFormat
from locate_label_allennlp.data.formats.running_text import Splitting


class AnnotationToolFormat(JsonlFormat):
    """JSON lines of one tool: an object of another tool's shape is an error."""

    suffixes: ClassVar[Tuple[str, ...]] = (".jsonl", ".json")

    allowed: ClassVar[str]
    """What an object is, for messages."""

    others: ClassVar[FrozenSet[str]]
    """The fields that tell that an object with a text is another tool's."""

    def __init__(self, splitting: Optional[Splitting] = None) -> None:
        super().__init__(splitting)

    @overrides
    def own_form(self, given: Any, place: Place, tally: Tally) -> Optional[Item]:
        item = given if isinstance(given, dict) else {}
        if not isinstance(item.get("text"), str) or self.others & item.keys():
            raise CorpusError(f"{self.allowed}; got {given!r:.80}", *place)
        return super().own_form(item, place, tally)
