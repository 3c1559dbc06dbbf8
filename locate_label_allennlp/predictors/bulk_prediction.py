"""Predictions, written as they are made."""

from typing import Callable, Iterable, Iterator, Optional, Tuple

from allennlp.common.util import JsonDict

from locate_label_allennlp.data.dataset_readers import NestedNerReader
from locate_label_allennlp.data.document import Document, Sentence
from locate_label_allennlp.predictors.grouping import groups
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor


def write_predictions(
    predictor: NestedNerPredictor,
    inputs: Iterable[Tuple[JsonDict, Document]],
    write: Callable[[str], None],
    batch_size: Optional[int] = None,
    with_gold: bool = False,
) -> None:
    """
    # Parameters

    predictor : `NestedNerPredictor`
    inputs : `Iterable[Tuple[Dict[str, Any], Document]]`
        Each as it was given, and its sentences.
    write : `Callable[[str], None]`
        Is given the lines of a batch, which it writes.
    batch_size : `int`, optional
        How many inputs to hand to the predictor at once, as in `groups`.
    with_gold : `bool`, optional (default = `False`)
        Whether a model that needs them is given the documents' own entities.

    # Errors

    `CorpusError` from `inputs`; what came before is written.
    """
    for batch in groups(inputs, batch_size):
        outputs = predictor.predict_documents(batch, with_gold)
        write("".join(map(predictor.dump_line, outputs)))


def read_corpus(reader: NestedNerReader, path: str) -> Iterator[Tuple[JsonDict, Document]]:
    """
    The documents of a corpus, as far as the reader's `max_instances` goes, each with what is
    written of it beside its entities.
    """
    left = reader.max_instances
    for document in reader.documents(path):
        sentences = document.sentences[:left]
        yield _record(document, sentences), Document(sentences, document.doc_id, document.text)
        if left is not None:
            left -= len(sentences)
            if not left:
                break


def _record(document: Document, sentences: Iterable[Sentence]) -> JsonDict:
    names = {"doc_id": document.doc_id, "text": document.text}
    return {
        **{name: value for name, value in names.items() if value is not None},
        "sentences": [_sentence_record(sentence) for sentence in sentences],
    }


def _sentence_record(sentence: Sentence) -> JsonDict:
    fields = {
        "sent_id": sentence.sent_id,
        "tokens": sentence.words,
        "offsets": sentence.offsets,
        "pos": sentence.pos,
    }
    return {name: value for name, value in fields.items() if value is not None}
