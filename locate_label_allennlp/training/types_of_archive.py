"""What becomes of the types of an archive that a training goes on from."""

import logging
from collections import Counter, defaultdict
from typing import Any, Dict, Iterable, List

from allennlp.data import DataLoader, Vocabulary

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.data.fields import EntitiesField

logger = logging.getLogger(__name__)

_ARCHIVED = "labels_of_archive"


def remember_labels(vocabulary: Vocabulary) -> None:
    """Notes on a vocabulary which labels it has of an archive, before it is extended."""
    labels = {
        name: list(vocabulary.get_token_to_index_vocabulary(name))
        for name in list(vocabulary._token_to_index)
        if name.endswith("labels")
    }
    setattr(vocabulary, _ARCHIVED, labels)


def log_types(vocabulary: Vocabulary, loader: DataLoader, path: Any) -> None:
    """
    Logs which types of the archive a training goes on with, and which are new. If the corpus has no
    entity of some, that is a warning: they stay in the model, but are unlearned. Nothing is said of
    a vocabulary that is of no archive.

    # Parameters

    vocabulary : `Vocabulary`
        That of the training, extended.
    loader : `DataLoader`
        Of the training corpus.
    path : `Any`
        Where the corpus is: what the reader is given.
    """
    archived: Dict[str, List[str]] = getattr(vocabulary, _ARCHIVED, {})
    if not archived:
        return
    counts: Dict[str, Dict[str, int]] = defaultdict(Counter)
    for instance in loader.iter_instances():
        for field in instance.fields.values():
            if isinstance(field, EntitiesField):
                field.count_vocab_items(counts)
    corpus = path.get("training", path) if isinstance(path, dict) else path
    for namespace, found in counts.items():
        known = archived.get(namespace, [])
        types = vocabulary.get_token_to_index_vocabulary(namespace)
        kept = [each for each in known if each in found]
        new = [each for each in types if each not in known]
        logger.info("types of the archive: %s; new: %s", _listed(kept), _listed(new))
        gone = [each for each in known if each not in found]
        if gone:
            logger.warning(
                "%s: has no entity of %s, which the archive knows: the model unlearns what the "
                "training corpus never has; sentences of the first corpus in TRAIN keep it",
                printable(str(corpus), keep=""),
                _listed(gone),
            )


def _listed(types: Iterable[str]) -> str:
    return ", ".join(printable(each, keep="") for each in types) or "none"
