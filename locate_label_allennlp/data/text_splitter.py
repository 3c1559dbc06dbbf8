"""Raw text into sentences of words, with the place of every word."""

import re
from itertools import pairwise
from typing import Any, List, Tuple

import spacy
from allennlp.common import FromParams
from allennlp.common.checks import ConfigurationError
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]
from spacy.tokens import Doc

from locate_label_allennlp.data.document import Document, Sentence
from locate_label_allennlp.patches.trust import is_restricted

Spans = List[Tuple[int, int]]
"""Where words stand in a text: first character, and one past the last."""

NEW_WORDS = 50_000
"""How many of them spaCy keeps, about 0.5 kB each."""

# What stands without a blank for so long is given to spaCy in parts: it takes off one punctuation
# mark after the other, and every time looks at all that is left.
_LONG_RUN = re.compile(r"\S{1000,}")
_PART = 100

WORDS = ("spacy", "whitespace", "characters")

# Chinese full stop, exclamation mark and question mark.
_STOPS = "\u3002\uff01\uff1f!?"
_CHARACTER_SENTENCE = re.compile(rf"[^\n{_STOPS}]+[{_STOPS}]*|[{_STOPS}]+")


class TextSplitter(FromParams):
    """
    White space is no word, and every other character belongs to one.

    # Parameters

    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, `xx` for any other: its rules alone are used, and nothing is
        downloaded. Or an installed spaCy pipeline by its name or folder, whose sentences are taken;
        an archive that is not trusted may name no folder.
    words : `str`, optional (default = `"spacy"`)
        `"spacy"`: by the language's rules. `"whitespace"`: a line is a sentence, and what stands
        between blanks is a word. `"characters"`: every character but white space is a word; a
        sentence ends with its line or with `!`, `?` or their Chinese forms or the Chinese full
        stop.
    """

    def __init__(self, language: str = "en", words: str = "spacy") -> None:
        if words not in WORDS:
            raise ConfigurationError(f"words is {words!r}; allowed are {', '.join(WORDS)}")
        self.language = language
        self.words = words
        self.is_archived = is_restricted()
        self._made: Any = None
        self._most_words = 0

    def spans(self, text: str) -> List[Spans]:
        """Where the words of each sentence stand; no sentence is empty."""
        if self.words == "spacy":
            found = [
                [(token.idx, token.idx + len(token)) for token in sentence if not token.is_space]
                for sentence in self._pipeline(self._doc(text)).sents
            ]
        else:
            by_line = self.words == "whitespace"
            sentence_end = re.compile(r"[^\n]+") if by_line else _CHARACTER_SENTENCE
            word = re.compile(r"\S+" if by_line else r"\S")
            found = [
                [match.span() for match in word.finditer(text, *part.span())]
                for part in sentence_end.finditer(text)
            ]
        return [spans for spans in found if spans]

    def _doc(self, text: str) -> Any:
        """What a pipeline takes: the text or, if it is told by rules in parts, its words."""
        tokenizer = self._pipeline.tokenizer
        cuts = [
            place
            for run in _LONG_RUN.finditer(text)
            for place in range(run.start(), run.end() + 1, _PART)
        ]
        if not cuts or not isinstance(tokenizer, Tokenizer):
            return text
        parts = map(tokenizer, (text[slice(*part)] for part in pairwise([0, *cuts, len(text)])))
        tokens: List[Any] = [token for part in parts for token in part]
        return Doc(
            self._pipeline.vocab,
            words=[token.text for token in tokens],
            spaces=[bool(token.whitespace_) for token in tokens],
        )

    def split(self, text: str) -> Document:
        """
        # Returns

        `Document`
            With `text` and, for every word, `text[start:end] == word`. Without sentences if the
            text is only white space.
        """
        sentences = (
            Sentence(tuple(text[start:end] for start, end in spans), offsets=tuple(spans))
            for spans in self.spans(text)
        )
        return Document(tuple(sentences), text=text)

    @property
    def _pipeline(self) -> Any:
        """
        Made anew when it has met many new words: spaCy keeps every word, and there is no end of
        them in a process that goes on for days.
        """
        if self._made is None or len(self._made.vocab) > self._most_words:
            self._made = self._make_pipeline()
            self._most_words = len(self._made.vocab) + NEW_WORDS
        return self._made

    def _make_pipeline(self) -> Any:
        try:
            pipeline = spacy.blank(self.language)
        except ImportError:
            pipeline = self._installed_pipeline()
        if not any(name in pipeline.pipe_names for name in ("parser", "senter", "sentencizer")):
            pipeline.add_pipe("sentencizer")
        # The parts used need little memory, however long the text.
        pipeline.max_length = 10**9
        return pipeline

    def _installed_pipeline(self) -> Any:
        if self.is_archived and self.language not in spacy.util.get_installed_models():
            raise ConfigurationError(
                f"language is {self.language!r}; allowed in an archive is a language code of spaCy "
                "or the name of an installed spaCy pipeline"
            )
        try:
            return spacy.load(self.language, exclude=["ner", "lemmatizer", "attribute_ruler"])
        except OSError as error:
            raise ConfigurationError(
                f"language is {self.language!r}; allowed is a language code of spaCy, such as "
                "'en', 'de', 'zh' or 'xx', or an installed spaCy pipeline"
            ) from error
