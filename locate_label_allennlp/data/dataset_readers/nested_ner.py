"""The one dataset reader: any corpus format in, instances out."""

import logging
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Field, Instance, Token, TokenIndexer
from allennlp.data.fields import MetadataField, TensorField, TextField
from overrides import overrides

from locate_label_allennlp.common.tenfold_log import TenfoldLog
from locate_label_allennlp.data.context import words_that_fit
from locate_label_allennlp.data.document import CorpusError, Document, Sentence
from locate_label_allennlp.data.fields import EntitiesField
from locate_label_allennlp.data.formats import AutoFormat, CorpusFormat
from locate_label_allennlp.data.text_splitter import TextSplitter
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer

logger = logging.getLogger(__name__)

Span = Tuple[int, int, str]

_DISCONTINUOUS = ("skip", "envelope", "error")


@DatasetReader.register("nested_ner")
class NestedNerReader(DatasetReader):
    """
    Makes one `Instance` a sentence, with these fields:

    - `tokens`: the sentence's words, if there are `token_indexers`;
    - `context`: its words between those of its neighbours in the document, if there are
      `context_indexers`;
    - `centre`: where the sentence begins in `context`, and how many words it has;
    - `entities`: the gold entities, where the corpus gives them (see `EntitiesField`);
    - `metadata`: `words`, `sent_id`, `source` (file and line), `unreachable` (gold entities that no
      span can be; see `discontinuous`).

    # Parameters

    format : `CorpusFormat`, optional (default = `auto`)
    token_indexers : `Dict[str, TokenIndexer]`, optional
        For what sees the sentence alone: word vectors, characters, parts of speech (`pos_`).
    context_indexers : `Dict[str, TokenIndexer]`, optional
        For what sees the sentence with its neighbours: the contextual encoder.
    context_sentences : `int`, optional (default = `1`)
        How many neighbours on each side, all from the sentence's own document (section 2.1 of the
        paper: 1).
    max_context_wordpieces : `int`, optional (default = `None`)
        How long the sentence with its neighbours may be at most, in wordpieces of the first of the
        `context_indexers`, which must be a `windowed_transformer`. Words far from the sentence are
        left out, never those of the sentence itself; in how many sentences is logged. `None` for no
        limit: the embedder reads long texts in several windows.
    discontinuous : `str`, optional (default = `"skip"`)
        What becomes of mentions in several pieces, which no span is: `"skip"`: not learned from,
        and counted as missed in evaluation; `"envelope"`: taken as the span from their first to
        their last word; `"error"`.
    text_splitter : `TextSplitter`, optional (default = `TextSplitter()`, English by spaCy's rules)
        How a predictor splits raw text for a model trained with this reader, unless told otherwise.
    label_namespace : `str`, optional (default = `"entity_labels"`)
    max_instances : `int`, optional (default = `None`)
        Reads no more sentences than that.
    serialization_dir : `str`, optional
    """

    def __init__(
        self,
        format: Optional[CorpusFormat] = None,
        token_indexers: Optional[Dict[str, TokenIndexer]] = None,
        context_indexers: Optional[Dict[str, TokenIndexer]] = None,
        context_sentences: int = 1,
        max_context_wordpieces: Optional[int] = None,
        discontinuous: str = "skip",
        text_splitter: Optional[TextSplitter] = None,
        label_namespace: str = "entity_labels",
        max_instances: Optional[int] = None,
        serialization_dir: Optional[str] = None,
    ) -> None:
        super().__init__(
            max_instances=max_instances,
            manual_distributed_sharding=True,
            manual_multiprocess_sharding=True,
            serialization_dir=serialization_dir,
        )
        if not token_indexers and not context_indexers:
            raise ConfigurationError("give token_indexers, context_indexers, or both")
        if context_sentences < 0:
            raise ConfigurationError(f"context_sentences is {context_sentences}; allowed is >= 0")
        self._format = format or AutoFormat()
        self._token_indexers = token_indexers or {}
        self._context_indexers = context_indexers or {}
        self._context_sentences = context_sentences
        self._max_context_wordpieces = max_context_wordpieces
        self._cut = TenfoldLog(
            logger,
            "%d sentences so far were shown less context than asked for: with their neighbours "
            "they have more than %d wordpieces",
        )
        self._piece_counter = next(iter(self._context_indexers.values()), None)
        if max_context_wordpieces is not None and not isinstance(
            self._piece_counter, WindowedTransformerIndexer
        ):
            raise ConfigurationError(
                "max_context_wordpieces needs a 'windowed_transformer' as the first of the "
                f"context_indexers; they are {context_indexers}"
            )
        if discontinuous not in _DISCONTINUOUS:
            raise ConfigurationError(
                f"discontinuous is {discontinuous!r}; allowed are {_DISCONTINUOUS}"
            )
        self._discontinuous = discontinuous
        self.text_splitter = text_splitter or TextSplitter()
        self._label_namespace = label_namespace

    @overrides
    def _read(self, file_path: Any) -> Iterator[Instance]:
        places = self._places(str(file_path))
        num_discontinuous = 0
        for document, index in self.shard_iterable(places):
            entities = document.sentences[index].entities
            num_discontinuous += sum(bool(entity.fragments) for entity in entities)
            yield self.sentence_to_instance(document.sentences, index, with_entities=True)
        if num_discontinuous:
            done = "taken as their envelopes"
            if self._discontinuous == "skip":
                done = "not learned from; they count as missed in evaluation"
            logger.warning("%s: %d discontinuous entities %s", file_path, num_discontinuous, done)

    def _places(self, file_path: str) -> Iterator[Tuple[Document, int]]:
        """Every sentence of a corpus, as its document and its number there."""
        is_empty = True
        for document in self._format.read(file_path):
            for index in range(len(document.sentences)):
                is_empty = False
                yield document, index
        if is_empty:
            raise CorpusError("holds no sentences", file_path)

    def document_to_instances(self, document: Document) -> List[Instance]:
        """An instance a sentence, without gold entities: what a predictor needs."""
        return [
            self.text_to_instance(document.sentences, index)
            for index in range(len(document.sentences))
        ]

    @overrides(check_signature=False)
    def text_to_instance(self, sentences: Sequence[Sentence], index: int = 0) -> Instance:
        """
        # Parameters

        sentences : `Sequence[Sentence]`
            The sentences of one document.
        index : `int`, optional (default = `0`)
            Which of them.
        """
        instance = self.sentence_to_instance(sentences, index, with_entities=False)
        self.apply_token_indexers(instance)
        return instance

    def sentence_to_instance(
        self, sentences: Sequence[Sentence], index: int, with_entities: bool
    ) -> Instance:
        """The sentence at `index` with its neighbours; the indexers are not yet applied."""
        sentence = sentences[index]
        fields: Dict[str, Field] = {}
        start = 0
        if self._token_indexers:
            fields["tokens"] = TextField(_tokens(sentence))
        if self._context_indexers:
            context, start = self._context(sentences, index)
            fields["context"] = TextField(context)
        fields["centre"] = TensorField(torch.tensor([start, len(sentence.words)]), dtype=torch.long)
        unreachable: List[Span] = []
        if with_entities:
            reachable, unreachable = self._inclusive(sentence)
            fields["entities"] = EntitiesField(
                reachable, self._label_namespace, sentence.source, unreachable
            )
        fields["metadata"] = MetadataField(
            {
                "words": sentence.words,
                "sent_id": sentence.sent_id,
                "source": sentence.source,
                "unreachable": unreachable,
            }
        )
        return Instance(fields)

    def _context(self, sentences: Sequence[Sentence], index: int) -> Tuple[List[Token], int]:
        """The tokens of a sentence amid its neighbours, and which of them is its first."""
        first = max(0, index - self._context_sentences)
        end = index + self._context_sentences + 1
        before = [token for sentence in sentences[first:index] for token in _tokens(sentence)]
        centre = _tokens(sentences[index])
        after = [token for sentence in sentences[index + 1 : end] for token in _tokens(sentence)]
        if isinstance(self._piece_counter, WindowedTransformerIndexer) and (
            self._max_context_wordpieces is not None
        ):
            count = self._piece_counter.piece_counts
            room = self._max_context_wordpieces - sum(count(centre))
            left, right = words_that_fit(count(before), count(after), room)
            if left < len(before) or right < len(after):
                self._cut.add(1, self._max_context_wordpieces)
            before, after = before[len(before) - left :], after[:right]
        return [*before, *centre, *after], len(before)

    def _inclusive(self, sentence: Sentence) -> Tuple[List[Span], List[Span]]:
        """The entities that a span can be, and those that none can, with inclusive ends."""
        reachable: List[Span] = []
        unreachable: List[Span] = []
        for entity in sentence.entities:
            if entity.fragments and self._discontinuous == "error":
                raise CorpusError(
                    f"{sentence.source}: entity {entity.type!r} is discontinuous (words "
                    f'{list(entity.fragments)}); "discontinuous": "skip" or "envelope" allows it'
                )
            skipped = entity.fragments and self._discontinuous == "skip"
            span = (entity.start, entity.end - 1, entity.type)
            (unreachable if skipped else reachable).append(span)
        return reachable, unreachable

    @overrides
    def apply_token_indexers(self, instance: Instance) -> None:
        for name, indexers in [
            ("tokens", self._token_indexers),
            ("context", self._context_indexers),
        ]:
            if name in instance.fields:
                instance.fields[name]._token_indexers = indexers  # type: ignore


def _tokens(sentence: Sentence) -> List[Token]:
    if sentence.pos is None:
        return [Token(word) for word in sentence.words]
    return [Token(word, pos_=tag) for word, tag in zip(sentence.words, sentence.pos, strict=True)]
