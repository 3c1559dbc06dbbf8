"""Finds everything that is wrong in a corpus file, not only what a reader stops at."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf
from typing import Collection, Dict, Iterator, List, Optional, Set, Tuple

import numpy

from locate_label_allennlp.data.corpus.files import read_corpus
from locate_label_allennlp.data.corpus.statistics import CorpusStatistics
from locate_label_allennlp.data.document import CorpusError, Document, Sentence
from locate_label_allennlp.data.formats import CorpusFormat
from locate_label_allennlp.nn.relations import crosses


@dataclass(frozen=True)
class Problem:
    """
    # Parameters

    place : `str`
        The file or `file:line`.
    reason : `str`
        What was got, and what is allowed.
    is_error : `bool`
        Whether the corpus has to be mended. If not, it is a note: allowed, but worth a look.
    """

    place: str
    reason: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {'error' if self.is_error else 'note'}: {self.reason}"

    @property
    def file(self) -> str:
        return self._file_and_line[0]

    @property
    def line(self) -> float:
        """Infinite if the place is a file."""
        return self._file_and_line[1]

    @property
    def _file_and_line(self) -> Tuple[str, float]:
        file, _, line = self.place.rpartition(":")
        return (file, int(line)) if file and line.isdecimal() else (self.place, inf)


class Validation:
    """
    Reads a corpus file to its end and collects its problems. Errors are those that the format
    finds, entities of types that are not on the list, and a file without sentences. Notes are what
    the format passes over or mends, entities that cross, a document that is taken up again after
    others, sentences or texts without a field of entities, and types that may be slips.

    A format that cannot read on after an error (see `CorpusFormat.on_error`) ends the reading; the
    last problem then says so.

    # Parameters

    format : `CorpusFormat`
    types : `Collection[str]`, optional (default = `None`)
        The types that entities may have; by default any.

    # Attributes

    statistics : `CorpusStatistics`
        Of what could be read of all the files that were checked.
    """

    def __init__(self, format: CorpusFormat, types: Optional[Collection[str]] = None) -> None:
        self._format = format
        self._types = types
        self._first_sources: Dict[str, str] = {}
        self.statistics = CorpusStatistics()

    def problems(self, path: str) -> List[Problem]:
        """
        The problems of a file, or of all files that the path means, in the order of their lines;
        those without a line are last.
        """
        found: List[Problem] = []
        self._format.on_error = lambda error: found.append(_problem(error))
        self._format.on_note = lambda note: found.append(_problem(note, is_error=False))
        before, seen, last = self.statistics.sentences, set[str](), None
        try:
            for document in read_corpus(self._format, path, may_be_empty=True):
                self.statistics.add(document)
                found += self._document_problems(document, last, seen)
                last = document.doc_id
            if self.statistics.sentences == before and not any(each.is_error for each in found):
                found.append(Problem(path, "has no sentences"))
        except CorpusError as error:
            found.append(_problem(error, ending="; reading stopped there"))
        finally:
            self._format.on_error = self._format.on_note = None
        files = {file: index for index, file in enumerate(dict.fromkeys(p.file for p in found))}
        return sorted(_counted(found), key=lambda each: (files[each.file], each.line))

    def type_problems(self) -> Iterator[Problem]:
        """
        Notes on types of all files that were checked, each at its first entity: seen once, or so
        close to another that one of them may be a slip. None where the types are on a list.
        """
        counts = {} if self._types is not None else self.statistics.types
        for kind, number in counts.items():
            if number == 1:
                yield Problem(self._first_sources[kind], f"type {kind!r} is seen once", False)
        for pair in combinations(counts, 2):
            rare, common = sorted(pair, key=counts.__getitem__)
            difference = _difference(rare, common)
            # Letters tell established types apart as well, such as DNA and RNA.
            if difference == "case" or (
                difference == "one letter" and counts[rare] <= max(1, counts[common] / 20)
            ):
                numbers = f"seen {counts[rare]:,} and {counts[common]:,} times"
                reason = f"types {rare!r} and {common!r}, {numbers}, differ by {difference}"
                yield Problem(self._first_sources[rare], reason, False)

    def _document_problems(
        self, document: Document, last: Optional[str], seen: Set[str]
    ) -> Iterator[Problem]:
        name = document.doc_id
        if name is not None and document.sentences:
            if name in seen and name != last:
                reason = f"document {name!r} is taken up again after others"
                yield Problem(document.sentences[0].source, reason, is_error=False)
            seen.add(name)
        for sentence in document.sentences:
            yield from self._sentence_problems(sentence)

    def _sentence_problems(self, sentence: Sentence) -> Iterator[Problem]:
        for entity in sentence.entities:
            self._first_sources.setdefault(entity.type, sentence.source)
            if self._types is not None and entity.type not in self._types:
                yield Problem(
                    sentence.source,
                    f"entity from word {entity.start} to {entity.end} (exclusive) has the type "
                    f"{entity.type!r}; allowed are {', '.join(map(repr, sorted(self._types)))}",
                )
        spans = sorted({each.span for each in sentence.entities if not each.fragments})
        for left, right in numpy.argwhere(crosses(spans, spans)).tolist():
            if left < right:
                crossing = f"{_quoted(sentence, spans[left])} and {_quoted(sentence, spans[right])}"
                yield Problem(sentence.source, f"{crossing} cross", is_error=False)


def _difference(left: str, right: str) -> Optional[str]:
    """How two types differ, if that is little."""
    if left.lower() == right.lower():
        return "case"
    start = _num_shared(left, right)
    left, right = left[start:], right[start:]
    end = _num_shared(left[::-1], right[::-1])
    rest = left[: len(left) - end], right[: len(right) - end]
    is_letter = all(len(part) <= 1 and not part.isdigit() for part in rest)
    return "one letter" if is_letter else None


def _num_shared(left: str, right: str) -> int:
    """With how many characters both begin."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(left), len(right)))


def _counted(problems: List[Problem]) -> Iterator[Problem]:
    """The same of the same place once, with how often it was found."""
    for problem, count in Counter(problems).items():
        times = f" ({count} times)" if count > 1 else ""
        yield replace(problem, reason=problem.reason + times)


def _problem(error: CorpusError, is_error: bool = True, ending: str = "") -> Problem:
    place = str(error.path) if error.line is None else f"{error.path}:{error.line}"
    return Problem(place, error.reason + ending, is_error)


def _quoted(sentence: Sentence, span: Tuple[int, int]) -> str:
    start, end = span
    types = sorted(each.type for each in sentence.entities if each.span == span)
    words = " ".join(sentence.words[start:end])
    return f"{'/'.join(types)} {words!r} (words {start} to {end}, exclusive)"
