"""What the tests of the LDC's formats share."""

from typing import Any, List, Tuple

from locate_label_allennlp.data.document import Document


def surfaces(document: Document) -> List[Tuple[str, str]]:
    """Type and words of every entity."""
    return [
        (entity.type, " ".join(sentence.words[entity.start : entity.end]))
        for sentence in document.sentences
        for entity in sentence.entities
    ]


def errors(format: Any, path: str) -> Tuple[List[Document], List[str]]:
    """What a format reads on, and what it says, when errors do not end it."""
    said: List[Any] = []
    format.on_error = said.append
    return list(format.read(path)), [str(error) for error in said]
