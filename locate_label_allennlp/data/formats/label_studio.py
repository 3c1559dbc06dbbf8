"""Label Studio's tasks: texts with what annotators, or models, found in them."""

import json
from typing import IO, Any, Dict, Iterable, List, Optional, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats.corpus_format import (
    CorpusFormat,
    Place,
    Tally,
    check_choice,
)
from locate_label_allennlp.data.formats.json_items import Item
from locate_label_allennlp.data.formats.jsonl import JsonlFormat
from locate_label_allennlp.data.formats.running_text import Splitting
from locate_label_allennlp.data.formats.written_text import placed_entities, text_and_offsets

_MODEL_VERSION = "locate_label_allennlp"


@CorpusFormat.register("label_studio")
class LabelStudioFormat(JsonlFormat):
    """
    One JSON list of tasks, as Label Studio exports (JSON, JSON-MIN) and imports them; also a task a
    line. `start` and `end` (exclusive) count characters (Unicode code points):

        [{"data": {"text": "Old Tarn slept.", "doc_id": "7"}, "annotations": [{"result": [
            {"id": "0", "from_name": "label", "to_name": "text", "type": "labels",
             "value": {"start": 0, "end": 8, "text": "Old Tarn", "labels": ["PLACE"]}}]}]}]

    Of several annotations of one text the first that was not cancelled is read; results that are
    no spans are counted and logged. An object of another shape is an error (`jsonl` and `auto` tell
    the shape of each).

    **Writing** gives a task a document, with the name of the document in `data`. Predictions have
    the scores of their entities, where these have some, and the lowest of them as their own.
    Discontinuous entities are an error. Entities overlap in Label Studio as they like.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
    results : `str`, optional (default = `"annotations"`)
        Which results of a task are read or written: `"annotations"`, or `"predictions"`, which
        Label Studio shows for correction. With `"annotations"`, tasks that have predictions alone
        are texts without entities, and counted.
    text_field : `str`, optional (default = `"text"`)
        Where in `data` the text is, as the labelling configuration has it (`value="$text"`).
    from_name, to_name : `str`, optional (default = `"label"`, `"text"`)
        The names of `<Labels>` and `<Text>` in the labelling configuration, for writing.
    """

    def __init__(
        self,
        splitting: Optional[Splitting] = None,
        results: str = "annotations",
        text_field: str = "text",
        from_name: str = "label",
        to_name: str = "text",
    ) -> None:
        super().__init__(splitting)
        check_choice("results", results, _RESULTS)
        self._results = results
        self._text_field = text_field
        self._names = {"from_name": from_name, "to_name": to_name}

    @overrides
    def own_form(self, given: Any, place: Place, tally: Tally) -> Optional[Item]:
        item = given if isinstance(given, dict) else {}
        data = item.get("data")
        if isinstance(data, dict):
            beside = sorted((_OF_OTHERS - _OF_TASKS) & item.keys())
            if beside:
                reason = f'a task of Label Studio has no {beside[0]!r} beside its "data"'
                raise CorpusError(reason, *place)
            if self._text_field != "text":
                named = {"text": data[self._text_field]} if self._text_field in data else {}
                others = {key: value for key, value in data.items() if key != self._text_field}
                item = {**item, "data": others | named}
                if not named:
                    reason = f'"data" of Label Studio has no {self._text_field!r}; got {data!r:.80}'
                    raise CorpusError(reason, *place)
            if self._results == "predictions":
                rest = {key: value for key, value in item.items() if key not in _RESULTS}
                item = rest | {"annotations": item.get("predictions") or []}
        elif not isinstance(item.get("text"), str) or (_OF_OTHERS - {"text"}) & item.keys():
            raise CorpusError(
                'a task of Label Studio has an object "data" or, in JSON-MIN, a text "text" and '
                f'its "label"; got {given!r:.80}',
                *place,
            )
        return super().own_form(item, place, tally)

    @overrides
    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        opening = b"[\n"
        for document in documents:
            task = json.dumps(self._task(document), ensure_ascii=False)
            target.write(opening + task.encode())
            opening = b",\n"
        target.write(b"\n]\n" if opening == b",\n" else b"[]\n")

    def _task(self, document: Document) -> Dict[str, Any]:
        text, offsets = text_and_offsets(document)
        results: List[Dict[str, Any]] = []
        for start, end, entity in placed_entities(document, offsets, "Label Studio"):
            value = {"start": start, "end": end, "text": text[start:end], "labels": [entity.type]}
            result: Dict[str, Any] = {
                "id": str(len(results)),
                **self._names,
                "type": "labels",
                "value": value,
            }
            if entity.score is not None:
                result["score"] = entity.score
            results.append(result)
        made: Dict[str, Any] = {"result": results}
        if self._results == "predictions":
            made["model_version"] = _MODEL_VERSION
            if any("score" in result for result in results):
                made["score"] = min(result.get("score", 1.0) for result in results)
        data = {self._text_field: text}
        if document.doc_id is not None:
            data["doc_id"] = document.doc_id
        return {"data": data, self._results: [made]}


_RESULTS: Tuple[str, ...] = ("annotations", "predictions")

_OF_TASKS = {"data", "annotations", "predictions"}

# What tells that an object is none of JSON-MIN and, but for those, no task.
_OF_OTHERS = {"tokens", "sentences", "document", "sentence", "spans", "entities", "text"}
_OF_OTHERS |= {"entity_mentions", "labels", *_OF_TASKS}
