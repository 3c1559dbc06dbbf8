"""The component `locate_label` of spaCy pipelines, which spaCy finds by itself."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy
import spacy.util
import srsly
from spacy.language import Language
from spacy.pipeline import Pipe, Sentencizer
from spacy.pipeline.spancat import spancat_score
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

if TYPE_CHECKING:
    from locate_label_allennlp.data.document import Document
    from locate_label_allennlp.predictors.entity_finder import EntityFinder

POS = ("pos", "tag")
"""What a model that was trained with parts of speech may take for them."""

DEFAULTS: Dict[str, Any] = {
    "model": None,
    "device": None,
    "precision": None,
    "threshold": None,
    "overlap": "nested",
    "spans_key": "sc",
    "set_ents": False,
    "pos": None,
    "local_files_only": False,
}


@Language.factory(
    "locate_label",
    default_config=DEFAULTS,
    assigns=["doc.spans"],
    default_score_weights={"spans_sc_f": 1.0, "spans_sc_p": 0.0, "spans_sc_r": 0.0},
)
def make_locate_label(
    nlp: Language,
    name: str,
    model: Optional[str],
    device: Union[int, str, None],
    precision: Optional[str],
    threshold: Union[float, Dict[str, float], None],
    overlap: str,
    spans_key: str,
    set_ents: bool,
    pos: Optional[str],
    local_files_only: bool,
) -> "LocateLabelPipe":
    """What `nlp.add_pipe("locate_label", config={...})` calls."""
    options = {
        "device": device,
        "precision": precision,
        "threshold": threshold,
        "overlap": overlap,
        "local_files_only": local_files_only,
    }
    return LocateLabelPipe(model, name, options, spans_key, set_ents, pos)


class LocateLabelPipe(Pipe):
    """
    Fills `doc.spans` with the nested entities that a model finds in the words and sentences of a
    `Doc`. The scores are in `doc.spans[spans_key].attrs["scores"]`, in the order of the spans.

    The model is loaded when it is first needed, or with the pipeline that it was stored in.

    # Parameters

    model : `str`, optional
        See `locate_label_allennlp.load`. None for one that `from_disk` or `from_bytes` brings.
    name : `str`
        That of the component in its pipeline.
    options : `Dict[str, Any]`
        Further arguments of `locate_label_allennlp.load`.
    spans_key : `str`, optional (default = `"sc"`)
    set_ents : `bool`, optional (default = `False`)
        Whether `doc.ents` are replaced by the outermost entities.
    pos : `str`, optional (default = `None`)
        What a model that was trained with parts of speech is given: the tokens' `"pos"` (of
        Universal Dependencies) or `"tag"`. By default, and where no component has told them, all
        are unknown.
    """

    def __init__(
        self,
        model: Optional[str],
        name: str,
        options: Dict[str, Any],
        spans_key: str = "sc",
        set_ents: bool = False,
        pos: Optional[str] = None,
    ) -> None:
        if pos is not None and pos not in POS:
            raise ValueError(f"pos is {pos!r}; allowed are {', '.join(POS)}, or None")
        self.name = name
        self._source = os.path.abspath(model) if model and os.path.exists(model) else model
        self._options = options
        self._spans_key = spans_key
        self._set_ents = set_ents
        self._pos = pos
        self._finder: Optional[EntityFinder] = None
        # Of a model that came as bytes; lasts as long as the component.
        self._folder: Optional[TemporaryDirectory[str]] = None
        self._sentencizer = Sentencizer()
        self._process = os.getpid()

    @property
    def finder(self) -> "EntityFinder":
        """The model, which is loaded if it is not yet."""
        if self._finder is None:
            import locate_label_allennlp

            if self._source is None:
                raise ValueError(
                    f"the component {self.name!r} has no model; allowed is "
                    'nlp.add_pipe("locate_label", config={"model": PATH}), or a stored pipeline'
                )
            self._finder = locate_label_allennlp.load(self._source, **self._options)
        return self._finder

    @property
    def labels(self) -> Tuple[str, ...]:
        """The types of the model; none before it is loaded."""
        return () if self._finder is None else tuple(self._finder.types)

    def initialize(
        self,
        get_examples: Any,
        *,
        nlp: Optional[Language] = None,
    ) -> None:
        """Loads the model; there is nothing to train."""
        self.finder  # noqa: B018

    def __call__(self, doc: Doc) -> Doc:
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """The documents, `batch_size` of them at a time; their sentences share batches."""
        error_handler = self.get_error_handler()
        for docs in spacy.util.minibatch(stream, size=batch_size):
            try:
                self._annotate(docs)
            except Exception as error:  # spaCy's handler decides
                error_handler(self.name, self, docs, error)
                continue
            yield from docs

    def score(self, examples: Iterable[Example], **kwargs: Any) -> Dict[str, Any]:
        """Precision, recall and F1 of the spans, and with `set_ents` of `doc.ents`."""
        examples = list(examples)
        scores = spancat_score(examples, **{"spans_key": self._spans_key, **kwargs})
        return {**scores, **get_ner_prf(examples)} if self._set_ents else scores

    def _annotate(self, docs: Sequence[Doc]) -> None:
        from locate_label_allennlp.decoders.overlap import without_overlap

        if os.getpid() != self._process:
            _calculate_alone()
        finder = self.finder
        documents, places = zip(*map(self._document, docs), strict=True)
        found = finder.predictor.found_in_sentences(documents)
        for doc, of_sentences in zip(docs, places, strict=True):
            spans: List[Span] = []
            scores: List[Any] = []
            outermost: List[Span] = []
            for tokens in of_sentences:
                entities = next(found)
                spans += [_span(doc, tokens, entity) for entity in entities]
                scores += [entity.score for entity in entities]
                outer = without_overlap(entities, "outermost")
                outermost += [_span(doc, tokens, entity) for entity in outer]
            doc.spans[self._spans_key] = SpanGroup(
                doc,
                name=self._spans_key,
                attrs={"scores": numpy.array(scores, dtype=numpy.float64)},
                spans=spans,
            )
            if self._set_ents:
                doc.set_ents(outermost, default="outside")

    def _document(self, doc: Doc) -> Tuple["Document", List[List[int]]]:
        """
        The words of each sentence, and which tokens they are. White space is no word. Where no
        component has found sentences, punctuation tells them, and `doc` is left without.
        """
        from locate_label_allennlp.data.document import Document, Sentence

        if doc.has_annotation("SENT_START"):
            starts = [bool(token.is_sent_start) for token in doc]
        else:
            (starts,) = self._sentencizer.predict([doc])
        of_sentences: List[List[int]] = []
        for token, is_start in zip(doc, starts, strict=True):
            if is_start or not of_sentences:
                of_sentences.append([])
            if not token.is_space:
                of_sentences[-1].append(token.i)
        of_sentences = [tokens for tokens in of_sentences if tokens]
        has_pos = self._pos is not None and doc.has_annotation(self._pos.upper())
        sentences = tuple(
            Sentence(
                tuple(doc[index].text for index in tokens),
                pos=tuple(getattr(doc[i], f"{self._pos}_") for i in tokens) if has_pos else None,
            )
            for tokens in of_sentences
        )
        return Document(sentences), of_sentences

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        """Stores the model in the folder `path`."""
        from locate_label_allennlp.predictors.loading import local_path
        from locate_label_allennlp.predictors.stored_model import store_model

        self.finder  # noqa: B018  # what cannot be loaded is not stored
        store_model(local_path(self._source or ""), Path(path))

    def from_disk(
        self, path: Union[str, Path], *, exclude: Iterable[str] = ()
    ) -> "LocateLabelPipe":
        """Loads the model that `to_disk` has stored."""
        from locate_label_allennlp.predictors.stored_model import stored_model

        self._source = os.path.abspath(stored_model(Path(path)))
        self._finder = None
        self.finder  # noqa: B018
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The files that `to_disk` would write."""
        from locate_label_allennlp.predictors.stored_model import files_of

        with TemporaryDirectory() as folder:
            self.to_disk(folder)
            content: bytes = srsly.msgpack_dumps(files_of(Path(folder)))
            return content

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "LocateLabelPipe":
        """Loads the model that `to_bytes` has made bytes of."""
        from locate_label_allennlp.predictors.stored_model import write_files

        self._folder = TemporaryDirectory()
        write_files(srsly.msgpack_loads(bytes_data), Path(self._folder.name))
        return self.from_disk(self._folder.name)

    def __reduce__(self) -> Any:
        # For a process of `nlp.pipe` that is not forked; it loads the model itself.
        settings = (self._spans_key, self._set_ents, self._pos)
        return LocateLabelPipe, (self._source, self.name, self._options, *settings)


def _span(doc: Doc, tokens: List[int], entity: Any) -> Span:
    return Span(doc, tokens[entity.start], tokens[entity.end - 1] + 1, label=entity.type)


def _calculate_alone() -> None:
    """
    With one thread, for a process of `nlp.pipe(n_process=...)`: it is forked, has none of the
    threads of its parent, and would wait for them for ever.
    """
    import torch

    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
