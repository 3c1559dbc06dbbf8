"""The one dataset reader: any corpus format in, instances out."""

import logging
import os
from itertools import count
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Field, Instance, TokenIndexer
from allennlp.data.fields import MetadataField, TensorField
from overrides import overrides

from locate_label_allennlp.common.tenfold_log import TenfoldLog
from locate_label_allennlp.data.context import DocumentWords, Window, neighbours, packed
from locate_label_allennlp.data.document import CorpusError, Document, Sentence
from locate_label_allennlp.data.fields import BatchedTextField, EntitiesField
from locate_label_allennlp.data.formats import AutoFormat, CorpusFormat
from locate_label_allennlp.data.text_splitter import TextSplitter
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer

logger = logging.getLogger(__name__)

Span = Tuple[int, int, str]

_CONTEXTS = ("neighbours", "window")
_DISCONTINUOUS = ("skip", "envelope", "fragments", "error")


@DatasetReader.register("nested_ner")
class NestedNerReader(DatasetReader):
    """
    Makes one `Instance` a sentence, with these fields:

    - `tokens`: the sentence's words, if there are `token_indexers`;
    - `context`: its words between others of its document, if there are `context_indexers`;
    - `centre`: where the sentence begins in `context`, and how many words it has;
    - `entities`: the gold entities, where the corpus gives them (see `EntitiesField`);
    - `metadata`: `words`, `sent_id`, `source` (file and line), `unreachable` (gold entities that no
      span can be; see `discontinuous`).

    # Parameters

    format : `CorpusFormat`, optional (default = `auto`)
    token_indexers : `Dict[str, TokenIndexer]`, optional
        For what sees the sentence alone: word vectors, characters, parts of speech (`pos_`).
    context_indexers : `Dict[str, TokenIndexer]`, optional
        For what sees the sentence amid others of its document: the contextual encoder.
    context : `str`, optional (default = `"neighbours"`)
        `"neighbours"`: every sentence has a context of its own, itself between its neighbours, so
        that a word is encoded once for each sentence it is seen with. `"window"`: consecutive
        sentences share one, and words are encoded about once, which is faster; use it with the
        batch sampler `token_budget`, which keeps these sentences together.
    context_sentences : `int`, optional (default = `1`)
        For `"neighbours"`: how many on each side (section 2.1 of the paper: 1).
    min_context_wordpieces : `int`, optional (default = `32`)
        For `"window"`: how much of its document a sentence is seen with on each side at least, in
        wordpieces. Neighbouring windows share so much.
    max_context_wordpieces : `int`, optional (default = `None`)
        How long a context may be at most, in wordpieces of the first of the `context_indexers`,
        which must be a `windowed_transformer`. Words far from the sentence are left out, never
        those of the sentence itself; in how many sentences is logged. `None`, for `"neighbours"`
        only, for no limit: the embedder reads long texts in several windows.
    discontinuous : `str`, optional (default = `"skip"`)
        What becomes of mentions in several pieces, which no span is: `"skip"`: not learned from,
        and counted as missed in evaluation; `"envelope"`: taken as the span from their first to
        their last word; `"fragments"`: the same, and `metadata` has their `pieces` (start and
        exclusive end of each, by the number of the entity), for a model that is given its mentions
        (`mention_typer`); `"error"`.
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
        context: str = "neighbours",
        context_sentences: int = 1,
        min_context_wordpieces: int = 32,
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
        if context not in _CONTEXTS:
            raise ConfigurationError(f"context is {context!r}; allowed are {_CONTEXTS}")
        if context_sentences < 0:
            raise ConfigurationError(f"context_sentences is {context_sentences}; allowed is >= 0")
        if context == "window" and (
            max_context_wordpieces is None
            or not 0 <= 2 * min_context_wordpieces < max_context_wordpieces
        ):
            raise ConfigurationError(
                f'for "context": "window", max_context_wordpieces is {max_context_wordpieces} and '
                f"min_context_wordpieces {min_context_wordpieces}; allowed is a maximum of more "
                "than twice the minimum"
            )
        self._format = format or AutoFormat()
        self._token_indexers = token_indexers or {}
        self._context_indexers = context_indexers or {}
        self._shares_windows = context == "window" and bool(self._context_indexers)
        self._context_sentences = context_sentences
        self._min_context_wordpieces = min_context_wordpieces
        self._max_context_wordpieces = max_context_wordpieces
        self._cut = TenfoldLog(
            logger,
            "%d sentences so far were shown less context than asked for: with their neighbours "
            "they have more than %d wordpieces",
        )
        self._window_numbers = count()
        first_indexer = next(iter(self._context_indexers.values()), None)
        self._count_pieces = None
        if max_context_wordpieces is not None and first_indexer is not None:
            if not isinstance(first_indexer, WindowedTransformerIndexer):
                raise ConfigurationError(
                    "max_context_wordpieces needs a 'windowed_transformer' as the first of the "
                    f"context_indexers; they are {context_indexers}"
                )
            self._count_pieces = first_indexer.piece_counts
        if discontinuous not in _DISCONTINUOUS:
            raise ConfigurationError(
                f"discontinuous is {discontinuous!r}; allowed are {_DISCONTINUOUS}"
            )
        self._discontinuous = discontinuous
        self.text_splitter = text_splitter or TextSplitter()
        self._label_namespace = label_namespace

    @overrides
    def _read(self, file_path: Any) -> Iterator[Instance]:
        num_discontinuous = 0
        for words, sentences, window in self.shard_iterable(self._windows(str(file_path))):
            for index in range(window.first_sentence, window.end_sentence):
                num_discontinuous += sum(bool(one.fragments) for one in sentences[index].entities)
            yield from self._instances(words, sentences, window, with_entities=True)
        if num_discontinuous:
            done = "taken as their envelopes"
            if self._discontinuous == "fragments":
                done = "given fragment by fragment"
            elif self._discontinuous == "skip":
                done = "not learned from; they count as missed in evaluation"
            logger.warning("%s: %d discontinuous entities %s", file_path, num_discontinuous, done)

    def _windows(
        self, file_path: str
    ) -> Iterator[Tuple[DocumentWords, Sequence[Sentence], Window]]:
        """Every window of a corpus, in its document."""
        is_empty = True
        for document in self._format.read(file_path):
            words = DocumentWords(document.sentences, self._count_pieces)
            for window in self._windows_of(words):
                is_empty = False
                yield words, document.sentences, window
        if is_empty:
            raise CorpusError("holds no sentences", file_path)

    def _windows_of(self, words: DocumentWords) -> Iterator[Window]:
        if self._shares_windows:
            assert self._max_context_wordpieces is not None
            return packed(words, self._max_context_wordpieces, self._min_context_wordpieces)
        limit = self._max_context_wordpieces if self._context_indexers else None
        return (
            neighbours(words, index, self._context_sentences, limit)
            for index in range(words.num_sentences)
        )

    def document_to_instances(self, document: Document) -> List[Instance]:
        """An instance a sentence, without gold entities: what a predictor needs."""
        words = DocumentWords(document.sentences, self._count_pieces)
        instances = [
            instance
            for window in self._windows_of(words)
            for instance in self._instances(words, document.sentences, window, with_entities=False)
        ]
        for instance in instances:
            self.apply_token_indexers(instance)
        return instances

    @overrides(check_signature=False)
    def text_to_instance(
        self, sentences: Sequence[Sentence], index: int = 0, with_entities: bool = False
    ) -> Instance:
        """
        # Parameters

        sentences : `Sequence[Sentence]`
            The sentences of one document.
        index : `int`, optional (default = `0`)
            Which of them.
        with_entities : `bool`, optional (default = `False`)
            Whether to give its gold entities, too.
        """
        words = DocumentWords(sentences, self._count_pieces)
        window = next(window for window in self._windows_of(words) if index < window.end_sentence)
        instances = list(self._instances(words, sentences, window, with_entities))
        instance = instances[index - window.first_sentence]
        self.apply_token_indexers(instance)
        return instance

    def _instances(
        self,
        words: DocumentWords,
        sentences: Sequence[Sentence],
        window: Window,
        with_entities: bool,
    ) -> Iterator[Instance]:
        """The sentences that are read in one window; the indexers are not yet applied."""
        if window.is_cut and self._max_context_wordpieces is not None:
            self._cut.add(1, self._max_context_wordpieces)
        context: Optional[BatchedTextField] = None
        if self._context_indexers:
            # The process makes it unique among all workers of a data loader.
            key = (os.getpid(), next(self._window_numbers)) if self._shares_windows else None
            context = BatchedTextField(words.between(window.first_word, window.end_word), key=key)
        for index in range(window.first_sentence, window.end_sentence):
            sentence = sentences[index]
            fields: Dict[str, Field] = {}
            start = 0
            if self._token_indexers:
                fields["tokens"] = BatchedTextField(words.tokens(index))
            if context is not None:
                fields["context"] = context
                start = words.starts[index] - window.first_word
            fields["centre"] = TensorField(
                torch.tensor([start, len(sentence.words)]), dtype=torch.long
            )
            unreachable: List[Span] = []
            if with_entities:
                reachable, unreachable = self._inclusive(sentence)
                fields["entities"] = EntitiesField(
                    reachable, self._label_namespace, sentence.source, unreachable
                )
            metadata: Dict[str, Any] = {
                "words": sentence.words,
                "sent_id": sentence.sent_id,
                "source": sentence.source,
                "unreachable": unreachable,
            }
            if with_entities and self._discontinuous == "fragments":
                metadata["fragments"] = {
                    number: entity.fragments
                    for number, entity in enumerate(sentence.entities)
                    if entity.fragments
                }
            fields["metadata"] = MetadataField(metadata)
            yield Instance(fields)

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
