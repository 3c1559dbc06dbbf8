"""Raw text into sentences of words, with the place of every word."""

from typing import List, Tuple

import spacy

from locate_label_allennlp.data.document import Document, Sentence


class TextSplitter:
    """
    Splits text with the rules that spaCy ships for a language; nothing is downloaded. White space
    is no word, and every other character belongs to one.

    # Parameters

    language : `str`, optional (default = `"en"`)
        spaCy's code of the language; `xx` for any other.
    """

    def __init__(self, language: str = "en") -> None:
        self._pipeline = spacy.blank(language)
        self._pipeline.add_pipe("sentencizer")
        # The parts used need no memory to speak of, however long the text.
        self._pipeline.max_length = 10**9

    def split(self, text: str) -> Document:
        """
        # Returns

        `Document`
            With `text` and, for every word, `text[start:end] == word`. Without sentences if the
            text is only white space.
        """
        sentences: List[Sentence] = []
        for span in self._pipeline(text).sents:
            words = [token for token in span if not token.is_space]
            if words:
                offsets: Tuple[Tuple[int, int], ...] = tuple(
                    (token.idx, token.idx + len(token)) for token in words
                )
                sentences.append(Sentence(tuple(token.text for token in words), offsets=offsets))
        return Document(tuple(sentences), text=text)
