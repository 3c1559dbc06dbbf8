"""Takes the XML of the GENIA corpora apart."""

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Dict, List, Optional, Sequence, Set, Tuple
from xml.parsers import expat

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_format import Tally
from locate_label_allennlp.data.formats.running_text import Mention

Span = Tuple[int, int]

# With many more, trying which of them a term has would take long.
MOST_FRAGMENTS = 12

DEEPEST = 100
"""Elements within each other."""

_ABSTRACTS = ("PubmedArticle", "article")
_NAMES = ("PMID", "bibliomisc")
_TERMS = ("term", "cons")
_OPERATORS = re.compile(
    r"\(|\)|\b(?:AND|OR|AND/OR|BUT_NOT|AND_NOT|AS_WELL_AS|VERSUS|TO|THAN)\b(?=\s)"
)


@dataclass
class Abstract:
    """`sentences` and `mentions` lie in `text`, by characters."""

    name: Optional[str] = None
    text: str = ""
    sentences: List[Span] = field(default_factory=list)
    mentions: List[Mention] = field(default_factory=list)


@dataclass
class _Element:
    tag: str
    attributes: Dict[str, str]
    start: int
    line: int
    # How many parts of the text come before it.
    part: int
    # Of a coordination: its fragments, and the text of each.
    fragments: List[Tuple[Span, str]] = field(default_factory=list)


class GeniaParser:
    """
    # Parameters

    path : `str`
        For messages.
    tally : `Tally`
    benchmark_terms, coordinations : `bool`
        See `GeniaXmlFormat`.
    """

    def __init__(self, path: str, tally: Tally, benchmark_terms: bool, coordinations: bool) -> None:
        self._path = path
        self._tally = tally
        self._benchmark_terms = benchmark_terms
        self._coordinations = coordinations
        self._abstracts: List[Abstract] = []
        self._open: List[_Element] = []
        self._text: List[str] = []
        self._length = 0
        self._name: Optional[List[str]] = None
        self._in_sentence = False
        self._parser = expat.ParserCreate()

    def parse(self, content: bytes) -> List[Abstract]:
        parser = self._parser
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.SkippedEntityHandler = self._on_unknown
        self._abstracts = [Abstract()]
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            reason = f"is not XML ({expat.ErrorString(error.code)})"
            raise CorpusError(reason, self._path, error.lineno) from error
        except (ValueError, LookupError) as error:
            if isinstance(error, CorpusError):
                raise
            raise CorpusError(f"cannot be decoded ({error})", self._path) from error
        self._finish()
        if not self._abstracts:
            raise CorpusError("has no element 'sentence'; allowed is the XML of GENIA", self._path)
        return self._abstracts

    def _on_start(self, tag: str, attributes: Dict[str, str]) -> None:
        if self._in_sentence and tag in ("sentence", *_ABSTRACTS):
            line = self._parser.CurrentLineNumber
            raise CorpusError(f"element {tag!r} lies in a sentence", self._path, line)
        if tag in _ABSTRACTS:
            self._finish()
            self._abstracts.append(Abstract())
        elif tag in _NAMES and not self._in_sentence:
            self._name = []
        elif tag == "sentence" and self._name is not None:
            line = self._parser.CurrentLineNumber
            raise CorpusError("element 'sentence' lies in the name of its text", self._path, line)
        elif tag == "sentence":
            self._in_sentence = True
        if self._in_sentence:
            line = self._parser.CurrentLineNumber
            if len(self._open) == DEEPEST:
                raise CorpusError(f"has elements in more than {DEEPEST} others", self._path, line)
            self._open.append(_Element(tag, attributes, self._length, line, len(self._text)))
        elif tag in _TERMS:
            place = (self._path, self._parser.CurrentLineNumber)
            self._tally.add("terms outside of sentences, left out", place)

    def _on_text(self, text: str) -> None:
        if self._name is not None:
            self._name.append(text)
        elif self._in_sentence:
            self._text.append(text)
            self._length += len(text)

    def _on_unknown(self, name: str, is_parameter: bool) -> None:
        line = self._parser.CurrentLineNumber
        raise CorpusError(f"character reference &{name}; is not known", self._path, line)

    def _on_end(self, tag: str) -> None:
        if tag in _NAMES and self._name is not None:
            self._abstracts[-1].name = "".join(self._name).strip() or None
            self._name = None
        if not self._in_sentence:
            return
        element = self._open.pop()
        span = (element.start, self._length)
        if tag == "frag":
            owner = next((each for each in reversed(self._open) if each.tag == "cons"), None)
            if owner is not None:
                owner.fragments.append((span, "".join(self._text[element.part :])))
        elif tag in _TERMS:
            self._add_term(element, span)
        elif tag != "sentence" and "sem" in element.attributes:
            place = (self._path, element.line)
            self._tally.add("elements with a meaning ('sem') that are no terms, left out", place)
        if tag == "sentence":
            self._abstracts[-1].sentences.append(span)
            self._text.append("\n")
            self._length += 1
            self._in_sentence = bool(self._open)

    def _add_term(self, element: _Element, span: Span) -> None:
        meaning, lex = element.attributes.get("sem", ""), element.attributes.get("lex")
        if meaning.startswith("("):
            if self._coordinations:
                self._add_coordination(element, meaning, lex or "")
            return
        kind = entity_type(meaning)
        if kind is None or (lex is None and self._benchmark_terms):
            return
        if span[0] == span[1]:
            self._tally.add("terms without text, left out", (self._path, element.line))
        else:
            self._abstracts[-1].mentions.append(Mention((span,), kind, element.line))

    def _add_coordination(self, element: _Element, meaning: str, lex: str) -> None:
        kinds = _OPERATORS.sub(" ", meaning).split()
        names = _OPERATORS.sub(" ", lex).split()
        fragments = [(span, _forms(text)) for span, text in element.fragments if text.strip()]
        for meaning_of_one, name in zip_longest(kinds, names, fillvalue=""):
            kind = entity_type(meaning_of_one)
            if kind is None:
                continue
            is_told = len(fragments) <= MOST_FRAGMENTS
            used = _fragments_of(_letters(name), fragments) if is_told else None
            if used:
                self._abstracts[-1].mentions.append(Mention(tuple(used), kind, element.line))
            else:
                what = "terms of coordinations whose fragments are not told, left out"
                self._tally.add(what, (self._path, element.line))

    def _finish(self) -> None:
        """The abstract so far is whole; one without sentences is none."""
        abstract = self._abstracts[-1]
        abstract.text = "".join(self._text)
        if not abstract.sentences:
            self._abstracts.pop()
        self._text, self._length = [], 0


def entity_type(meaning: str) -> Optional[str]:
    """The benchmark's type of a class of the ontology; none for most."""
    name = meaning.removeprefix("G#").lower()
    for prefix, kind in [("protein_", "protein"), ("dna_", "DNA"), ("rna_", "RNA")]:
        if name.startswith(prefix):
            return kind
    cells = {
        "cell_natural": "cell_type",
        "cell_type": "cell_type",
        "cell_cultured": "cell_line",
        "cell_line": "cell_line",
    }
    return cells.get(name)


def _fragments_of(
    name: str, fragments: Sequence[Tuple[Span, Sequence[str]]]
) -> Optional[List[Span]]:
    """
    Those that make up the letters of a `lex`, one after the other; none if they cannot. What
    cannot be made from some letter and fragment on is not tried again: the time is that of the
    letters times the fragments.

    # Parameters

    name : `str`
    fragments : `Sequence[Tuple[Tuple[int, int], Sequence[str]]]`
        Each with the forms in which it may stand in a name.
    """
    hopeless: Set[Tuple[int, int]] = set()

    def rest(letter: int, first: int) -> Optional[List[Span]]:
        if letter == len(name):
            return []
        if (letter, first) in hopeless:
            return None
        for index in range(first, len(fragments)):
            span, forms = fragments[index]
            for form in forms:
                if form and name.startswith(form, letter):
                    others = rest(letter + len(form), index + 1)
                    if others is not None:
                        return [span, *others]
        hopeless.add((letter, first))
        return None

    return rest(0, 0)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _forms(text: str) -> List[str]:
    """`lex` has terms in the singular, and without abbreviations in brackets."""
    endings = [("", ""), ("s", ""), ("ies", "y"), ("es", "")]
    return [
        letters.removesuffix(plural) + singular
        for letters in (_letters(text), _letters(re.sub(r"\(.*?\)", "", text)))
        for plural, singular in endings
        if letters.endswith(plural)
    ]
