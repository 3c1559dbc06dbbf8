"""Divides a corpus into parts, such as train, dev and test, without dividing a document."""

import hashlib
import json
import logging
import random
from dataclasses import replace
from math import isclose
from typing import Dict, Iterable, List, Sequence, Tuple

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.corpus.statistics import corpus_statistics, share
from locate_label_allennlp.data.corpus.statistics_table import aligned
from locate_label_allennlp.data.document import CorpusError, Document

logger = logging.getLogger(__name__)


def parsed_parts(text: str) -> Dict[str, float]:
    """
    # Parameters

    text : `str`
        Names and shares, such as `train=0.8,dev=0.1,test=0.1`.

    # Returns

    `Dict[str, float]`
        At least two parts, of shares above 0 that sum to 1.

    # Errors

    `ConfigurationError`
    """
    parts: Dict[str, float] = {}
    for item in text.split(","):
        name, _, share = item.strip().partition("=")
        if not name or not all(each.isalnum() or each in "-_." for each in name) or name[0] == ".":
            raise ConfigurationError(
                f"part {item!r} has the name {name!r}; allowed are letters, digits, '-', '_', '.'"
            )
        if name in parts:
            raise ConfigurationError(f"part {name!r} is there twice; a name is given once")
        try:
            parts[name] = float(share)
        except ValueError as error:
            raise ConfigurationError(
                f"part {item!r}; allowed is a name and a share, such as train=0.8"
            ) from error
        if not 0 < parts[name] < 1:
            raise ConfigurationError(f"part {item!r}; allowed are shares between 0 and 1")
    if not isclose(sum(parts.values()), 1):
        total = round(sum(parts.values()), 6)
        raise ConfigurationError(f"the shares of {text!r} sum to {total}; they have to sum to 1")
    return parts


def split_documents(
    documents: Iterable[Document], parts: Dict[str, float], seed: int
) -> Dict[str, List[Document]]:
    """
    Deals the documents out in an order drawn by the seed, each to the part that is furthest behind
    its share of the sentences.

    # Parameters

    documents : `Iterable[Document]`
        Those with the same `doc_id`, wherever they stand, go to the same part; one without is a
        document of its own.
    parts : `Dict[str, float]`
        The share of the sentences of each part.
    seed : `int`
        The same seed and the same corpus give the same parts.

    # Returns

    `Dict[str, List[Document]]`
        By name; within a part in the order given. No part is empty.

    # Errors

    `ConfigurationError` if there are fewer documents than parts.
    """
    ordered = list(documents)
    whole = _whole_documents(ordered)
    if len(whole) < len(parts):
        raise ConfigurationError(
            f"the corpus has {len(whole)} documents for {len(parts)} parts, and no document is "
            "split in two; give its documents (doc_id, -DOCSTART-), or, if its sentences do not "
            'follow each other, a format that says so ({"type": "columns", "one_document": false})'
        )
    random.Random(seed).shuffle(whole)
    sizes = [sum(len(ordered[index].sentences) for index in indices) for indices in whole]
    behind = {name: share * sum(sizes) for name, share in parts.items()}
    chosen: Dict[str, List[int]] = {name: [] for name in parts}
    for number, (indices, size) in enumerate(zip(whole, sizes, strict=True)):
        empty = [name for name, members in chosen.items() if not members]
        # The last documents are for parts that have none yet.
        candidates = empty if len(whole) - number <= len(empty) else list(parts)
        name = max(candidates, key=behind.__getitem__)
        chosen[name].extend(indices)
        behind[name] -= size
    return {name: [ordered[index] for index in sorted(chosen[name])] for name in parts}


def hold_out(
    documents: Iterable[Document], held_out: float, path: str, seed: int = 13
) -> Tuple[List[Document], List[Document]]:
    """
    Parts a corpus in two, and logs how. Documents stay whole (see `split_documents`), unless no
    choice of them comes near the share, as where there is only one: then the last sentences of the
    corpus are held out.

    # Parameters

    documents : `Iterable[Document]`
    held_out : `float`
        The share of the sentences.
    path : `str`
        Where the documents are from, for messages.
    seed : `int`, optional (default = `13`)

    # Returns

    `Tuple[List[Document], List[Document]]`
        The rest, and what is held out; neither is empty.

    # Raises

    `CorpusError` if there is only one sentence.
    """
    given = list(documents)
    total = _num_sentences(given)
    if total < 2:
        raise CorpusError("has one sentence, of which none can be held out", path)
    if len(_whole_documents(given)) > 1:
        shares = {"rest": 1 - held_out, "held out": held_out}
        rest, chosen = split_documents(given, shares, seed).values()
        if held_out / 2 <= _num_sentences(chosen) / total <= held_out * 2:
            logger.warning(
                "%s: %d of %d documents (%d of %d sentences) are held out for validation",
                path,
                len(_whole_documents(chosen)),
                len(_whole_documents(given)),
                _num_sentences(chosen),
                total,
            )
            return rest, chosen
    number = min(max(round(held_out * total), 1), total - 1)
    logger.warning(
        "%s: the last %d of %d sentences are held out for validation: the corpus has too few "
        "documents (%d) of like length to hold out whole ones",
        path,
        number,
        total,
        len(_whole_documents(given)),
    )
    return _parted(given, total - number)


def _num_sentences(documents: Iterable[Document]) -> int:
    return sum(len(document.sentences) for document in documents)


def _parted(documents: Iterable[Document], number: int) -> Tuple[List[Document], List[Document]]:
    """The first so many sentences and the others, in their documents."""
    before: List[Document] = []
    after: List[Document] = []
    for document in documents:
        first, second = document.sentences[:number], document.sentences[number:]
        before += [replace(document, sentences=first)] if first else []
        after += [replace(document, sentences=second)] if second else []
        number -= len(first)
    return before, after


def _whole_documents(documents: Sequence[Document]) -> List[List[int]]:
    """The indices of the documents that belong together."""
    together: Dict[object, List[int]] = {}
    for index, document in enumerate(documents):
        key: Tuple[object, ...] = (index,) if document.doc_id is None else ("id", document.doc_id)
        together.setdefault(key, []).append(index)
    return list(together.values())


def fingerprint(documents: Iterable[Document]) -> str:
    """
    Sixteen hexadecimal digits of the SHA-256 of all sentences in order, words and entities. Equal
    for the same sentences in whatever format they are kept.
    """
    digest = hashlib.sha256()
    for document in documents:
        for sentence in document.sentences:
            entities = [
                [each.start, each.end, each.type, list(each.fragments)]
                for each in sentence.entities
            ]
            line = json.dumps([sentence.words, entities], separators=(",", ":"))
            digest.update(f"{line}\n".encode())
    return digest.hexdigest()[:16]


def parts_table(parts: Dict[str, List[Document]]) -> str:
    """A line a part: its counts, its share of the sentences, and its fingerprint."""
    counted = {name: corpus_statistics(documents) for name, documents in parts.items()}
    total = sum(part.sentences for part in counted.values())
    lines = [["", "documents", "sentences", "share", "entities", "fingerprint"]]
    for name, part in counted.items():
        percent = f"{share(part.sentences, total):.1%}"
        numbers = [f"{part.documents:,}", f"{part.sentences:,}", percent, f"{part.entities:,}"]
        lines.append([name, *numbers, fingerprint(parts[name])])
    return aligned(lines)
