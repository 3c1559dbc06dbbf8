"""The one dataset reader: any corpus format in, instances out."""

import logging
import os
from collections.abc import Mapping
from itertools import chain, count
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Field, Instance, TokenIndexer
from allennlp.data.fields import MetadataField, TensorField
from overrides import overrides

from locate_label_allennlp.common.tenfold_log import TenfoldLog
from locate_label_allennlp.data.context import DocumentWords, Window, neighbours, packed
from locate_label_allennlp.data.corpus.splitting import hold_out
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.fields import BatchedTextField, EntitiesField
from locate_label_allennlp.data.formats import AutoFormat, CorpusFormat
from locate_label_allennlp.data.text_splitter import TextSplitter
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer

logger = logging.getLogger(__name__)


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

    What is read, such as `train_data_path` of a config, is the path of a corpus or a list of paths.
    It may stand under one of two keys:

    - `{"training": PATH}`: to train on it, without what is held out of it;
    - `{"held_out": PATH}`: what is held out of it.

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
    max_training_context_wordpieces : `int`, optional (default = `max_context_wordpieces`)
        The same for what is read under `"training"`.
    held_out : `float`, optional (default = `0.0`)
        The share of the sentences of a corpus that is held out of its training part. These are
        whole documents, the same ones however often the corpus is read (see `hold_out`).
    discontinuous : `str`, optional (default = `"skip"`)
        What becomes of mentions in several pieces, which no span is: `"skip"`: not learned from,
        and counted as missed in evaluation; `"envelope"`: taken as the span from their first to
        their last word; `"fragments"`: the same, and `metadata` has their `fragments` (start and
        exclusive end of each, by the number of the entity), for a model that is given its mentions
        (`mention_typer`); `"error"`.
    text_splitter : `TextSplitter`, optional (default = that of the format)
        How a predictor splits raw text for a model trained with this reader, unless told otherwise.
        Where the format's corpora have their words, `TextSplitter()`: English by spaCy's rules.
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
        max_training_context_wordpieces: Optional[int] = None,
        held_out: float = 0.0,
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
        if not 0 <= held_out < 1:
            raise ConfigurationError(f"held_out is {held_out}; allowed is 0 to less than 1")
        limits = {"max_context_wordpieces": max_context_wordpieces}
        if max_training_context_wordpieces is not None:
            limits["max_training_context_wordpieces"] = max_training_context_wordpieces
        for name, limit in limits.items():
            if context == "window" and (
                limit is None or not 0 <= 2 * min_context_wordpieces < limit
            ):
                raise ConfigurationError(
                    f'for "context": "window", {name} is {limit} and min_context_wordpieces '
                    f"{min_context_wordpieces}; allowed is a maximum of more than twice the minimum"
                )
        self._format = format or AutoFormat()
        self._token_indexers = token_indexers or {}
        self._context_indexers = context_indexers or {}
        self._shares_windows = context == "window" and bool(self._context_indexers)
        self._context_sentences = context_sentences
        self._min_context_wordpieces = min_context_wordpieces
        self._limit = max_context_wordpieces
        self._training_limit = max_training_context_wordpieces or max_context_wordpieces
        self._held_out = held_out
        self._cut = TenfoldLog(
            logger,
            "%d sentences so far were shown less context than asked for: with their neighbours "
            "they have more than %d wordpieces",
        )
        self._window_numbers = count()
        first_indexer = next(iter(self._context_indexers.values()), None)
        self._count_pieces = None
        if any(limits.values()) and first_indexer is not None:
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
        self.text_splitter = text_splitter or self._format.text_splitter or TextSplitter()
        self._label_namespace = label_namespace

    @overrides
    def _read(self, file_path: Any) -> Iterator[Instance]:
        part, paths = _part_and_paths(file_path)
        limit = self._training_limit if part == "training" else self._limit
        for path in paths:
            windows = self._windows(path, self._documents(path, part), limit)
            yield from self._read_windows(path, windows, limit)

    def _read_windows(
        self,
        path: str,
        windows: Iterator[Tuple[DocumentWords, Sequence[Sentence], Window]],
        limit: Optional[int],
    ) -> Iterator[Instance]:
        num_discontinuous = 0
        for words, sentences, window in self.shard_iterable(windows):
            for index in range(window.first_sentence, window.end_sentence):
                num_discontinuous += sum(bool(one.fragments) for one in sentences[index].entities)
            yield from self._instances(words, sentences, window, limit, with_entities=True)
        if num_discontinuous:
            done = "taken as their envelopes"
            if self._discontinuous == "fragments":
                done = "given fragment by fragment"
            elif self._discontinuous == "skip":
                done = "not learned from; they count as missed in evaluation"
            logger.warning("%s: %d discontinuous entities %s", path, num_discontinuous, done)

    def documents(self, file_path: Any) -> Iterator[Document]:
        """Those of a corpus, all of them, whatever `max_instances` is."""
        part, paths = _part_and_paths(file_path)
        return chain.from_iterable(self._documents(path, part) for path in paths)

    def _documents(self, path: str, part: str) -> Iterator[Document]:
        """Those of a corpus, or of one part of it; at least one."""
        given = (document for document in self._format.read(path) if document.sentences)
        first = next(given, None)
        if first is None:
            raise CorpusError("holds no sentences", path)
        documents = chain([first], given)
        if part == "all" or (part == "training" and not self._held_out):
            return documents
        if not self._held_out:
            raise ConfigurationError(
                f"what is held out of {path} is asked for, but the reader's held_out is 0; "
                "allowed is a share of the corpus, such as 0.1"
            )
        rest, held_out = hold_out(documents, self._held_out, path)
        return iter(rest if part == "training" else held_out)

    def _windows(
        self, path: str, documents: Iterator[Document], limit: Optional[int]
    ) -> Iterator[Tuple[DocumentWords, Sequence[Sentence], Window]]:
        """Every window of the documents of a corpus, each in its document."""
        has_entities = False
        for document in documents:
            words = DocumentWords(document.sentences, self._count_pieces)
            has_entities = has_entities or any(each.entities for each in document.sentences)
            for window in self._windows_of(words, limit):
                yield words, document.sentences, window
        if not has_entities:
            logger.warning("%s: holds no entities", path)

    def _windows_of(self, words: DocumentWords, limit: Optional[int]) -> Iterator[Window]:
        if self._shares_windows:
            assert limit is not None
            return packed(words, limit, self._min_context_wordpieces)
        return (
            neighbours(
                words, index, self._context_sentences, limit if self._context_indexers else None
            )
            for index in range(words.num_sentences)
        )

    def document_to_instances(
        self, document: Document, with_entities: bool = False
    ) -> Iterator[Instance]:
        """An instance a sentence, as a predictor needs them; made as they are asked for."""
        words = DocumentWords(document.sentences, self._count_pieces)
        for window in self._windows_of(words, self._limit):
            for instance in self._instances(
                words, document.sentences, window, self._limit, with_entities
            ):
                self.apply_token_indexers(instance)
                yield instance

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
        windows = self._windows_of(words, self._limit)
        window = next(window for window in windows if index < window.end_sentence)
        instances = list(self._instances(words, sentences, window, self._limit, with_entities))
        instance = instances[index - window.first_sentence]
        self.apply_token_indexers(instance)
        return instance

    def _instances(
        self,
        words: DocumentWords,
        sentences: Sequence[Sentence],
        window: Window,
        limit: Optional[int],
        with_entities: bool,
    ) -> Iterator[Instance]:
        """The sentences that are read in one window; the indexers are not yet applied."""
        if window.is_cut:
            self._cut.add(1, limit)
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
            unreachable: List[Entity] = []
            if with_entities:
                reachable, unreachable = self._by_reach(sentence)
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

    def _by_reach(self, sentence: Sentence) -> Tuple[List[Entity], List[Entity]]:
        """The entities that a span can be, and those that none can."""
        reachable: List[Entity] = []
        unreachable: List[Entity] = []
        for entity in sentence.entities:
            if entity.fragments and self._discontinuous == "error":
                raise CorpusError(
                    f"{sentence.source}: entity {entity.type!r} is discontinuous (words "
                    f'{list(entity.fragments)}); "discontinuous": "skip" or "envelope" allows it'
                )
            skipped = entity.fragments and self._discontinuous == "skip"
            (unreachable if skipped else reachable).append(entity)
        return reachable, unreachable

    @overrides
    def apply_token_indexers(self, instance: Instance) -> None:
        for name, indexers in [
            ("tokens", self._token_indexers),
            ("context", self._context_indexers),
        ]:
            if name in instance.fields:
                instance.fields[name]._token_indexers = indexers  # type: ignore


def _part_and_paths(given: Any) -> Tuple[str, List[str]]:
    """What a data path asks for: `all`, `training` or `held_out`, and the corpora."""
    part, paths = "all", given
    if isinstance(given, Mapping):
        if len(given) != 1 or not given.keys() <= {"training", "held_out"}:
            raise ConfigurationError(
                f"a data path has the keys {sorted(given)}; "
                "allowed is one of 'training' and 'held_out'"
            )
        ((part, paths),) = given.items()
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    is_list = isinstance(paths, list) and bool(paths)
    if not is_list or not all(isinstance(path, (str, os.PathLike)) for path in paths):
        raise ConfigurationError(f"a data path is {paths!r}; allowed is a path or a list of paths")
    return part, [str(path) for path in paths]
