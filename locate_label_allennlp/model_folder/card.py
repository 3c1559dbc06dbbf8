"""The card of a model: what it is, what it can do and what not, in Markdown with front matter."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from allennlp.models import Archive
from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from locate_label_allennlp.commands.info import installed_version
from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.common.progress import progress_bar
from locate_label_allennlp.data.corpus.statistics import CorpusStatistics
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.training.results_table import (
    cells,
    other_lines,
    readable,
    score_groups,
)

LIBRARY = "locate-label-allennlp"
TASK = "token-classification"
VERSIONS = (LIBRARY, "allennlp", "torch", "transformers", "spacy", "safetensors")

CORPORA = {
    "train_data_path": "training",
    "validation_data_path": "development",
    "test_data_path": "test",
}
_EVALUATED = {
    "": "",
    "test_": "test_data_path",
    "best_validation_": "validation_data_path",
}
"""By the prefix of a training's metrics, the corpus that they are of."""

# What marks something in Markdown, and HTML.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#&~$])")

# Of a config what says how a model was trained, by what the card calls it: the first that is there.
_SETTINGS = {
    "system": ("model.type",),
    "decoder": ("model.decoder.type",),
    "optimizer": ("trainer.optimizer.type",),
    "learning rate": ("trainer.optimizer.lr",),
    "learning rate schedule": ("trainer.learning_rate_scheduler.type",),
    "weight decay": ("trainer.optimizer.weight_decay",),
    "epochs, at most": ("trainer.num_epochs",),
    "patience": ("trainer.patience",),
    "norm of gradients, at most": ("trainer.grad_norm",),
    "sentences in a batch": ("data_loader.batch_size", "data_loader.batch_sampler.batch_size"),
    "wordpieces in a batch": ("data_loader.batch_sampler.budget",),
    "context": ("dataset_reader.context", "dataset_reader.context_sentences"),
    "precision": ("model.precision",),
    "seed": ("pytorch_seed",),
}


@dataclass(frozen=True)
class Facts:
    """
    What an archive does not know of itself.

    # Parameters

    name : `str`, optional (default = `""`)
        Of the model; that of its folder.
    license : `str`, optional (default = `""`)
    languages : `Tuple[str, ...]`, optional (default = `()`)
        Codes, such as `en`; that of the config.
    base_models : `Tuple[str, ...]`, optional (default = `()`)
        The hub's names of the encoders; those of the config that are no folders.
    metrics : `Dict[str, Any]`, optional
        Those of its training.
    counts : `Dict[str, Dict[str, int]]`, optional
        What its corpora hold, by their keys in the config.
    """

    name: str = ""
    license: str = ""
    languages: Tuple[str, ...] = ()
    base_models: Tuple[str, ...] = ()
    metrics: Dict[str, Any] = field(default_factory=dict)
    counts: Dict[str, Dict[str, int]] = field(default_factory=dict)


class Corpus(NamedTuple):
    """A corpus that a model was trained or chosen with, or is measured on."""

    role: str
    name: str
    counts: Optional[Dict[str, int]]


class Results(NamedTuple):
    """
    Scores in percent, a row a group of entities, what else was measured, and of which corpus; the
    scores of all entities together also as fractions.
    """

    corpus: str
    rows: List[Tuple[str, ...]]
    lines: List[str]
    micro: Dict[str, float]


def model_card(
    archive: Archive,
    facts: Facts,
    corpus: Optional[str] = None,
    cuda_device: int = -1,
) -> str:
    """
    # Parameters

    archive : `Archive`
    facts : `Facts`
    corpus : `str`, optional
        To evaluate the model on; else the metrics of its training are shown.
    cuda_device : `int`, optional (default = `-1`)
        Where the model is.
    """
    config = archive.config.as_dict(quiet=True)
    corpora = [*_corpora(config, facts.counts)]
    if corpus is None:
        results = _of_training(facts.metrics, corpora)
    else:
        metrics, counts = evaluate(archive, corpus, cuda_device)
        corpora.append(Corpus("evaluation", _name(corpus), counts))
        results = _results(_name(corpus), metrics)
    encoders = list(facts.base_models) or sorted(set(encoders_of(config)))
    languages = facts.languages or _languages(config)
    data = ModelCardData(
        language=list(languages) or None,
        license=facts.license or None,
        library_name=LIBRARY,
        pipeline_tag=TASK,
        tags=[LIBRARY, "nested-ner", "named-entity-recognition", str(config["model"]["type"])],
        base_model=list(facts.base_models) or None,
        model_name=printable(facts.name or LIBRARY, keep=""),
        eval_results=_model_index(results),
    )
    model: Any = archive.model
    is_detecting = isinstance(model, NestedNerModel)
    return (
        _environment()
        .get_template("card.md.jinja")
        .render(
            front_matter=data.to_yaml(),
            facts=facts,
            languages=languages,
            encoders=encoders,
            types=[model.labels[index] for index in sorted(model.labels)],
            thresholds=model.thresholds if is_detecting else {},
            calibration=model.calibration if is_detecting else None,
            corpora=corpora,
            results=results,
            settings={
                name: value
                for name, paths in _SETTINGS.items()
                if (value := _found(config, *paths)) is not None
            },
            parameters=sum(each.numel() for each in model.parameters()),
            versions={name: installed_version(name) for name in VERSIONS},
            trained_with=archive.meta.version if archive.meta else None,
            max_words=getattr(model, "_max_words", None),
        )
    )


def evaluate(
    archive: Archive, path: str, cuda_device: int
) -> Tuple[Dict[str, Any], Dict[str, int]]:
    """
    The metrics of a model with those of each group of entities, and what was counted of the corpus.

    # Errors

    `CorpusError` if there are no sentences in it.
    """
    import torch

    from locate_label_allennlp.report.batches import corpus_batches

    model: Any = archive.model.eval()
    counts = corpus_counts(archive.validation_dataset_reader, path)
    with torch.inference_mode():
        for batch in corpus_batches(archive, path, None, cuda_device):
            model(**batch)
    metrics = model.group_metrics() if hasattr(model, "group_metrics") else {}
    return {**metrics, **model.get_metrics(reset=True)}, counts


def corpus_counts(reader: Any, path: Any) -> Dict[str, int]:
    """How many documents, sentences, words and entities a reader finds in a corpus."""
    counted = CorpusStatistics()
    documents = reader.documents(path)
    for document in progress_bar(
        documents, desc="counting", unit=" documents", delay=1, leave=False
    ):
        counted.add(document)
    if not counted.sentences:
        raise CorpusError("has no sentences", str(path))
    return {
        "documents": counted.documents,
        "sentences": counted.sentences,
        "words": counted.tokens,
        "entities": counted.entities,
    }


def _corpora(config: Dict[str, Any], counts: Dict[str, Dict[str, int]]) -> Iterator[Corpus]:
    for key, role in CORPORA.items():
        paths = config.get(key)
        if paths:
            yield Corpus(role, _name(paths), counts.get(key))


def _name(paths: Any) -> str:
    if isinstance(paths, dict):
        part, inner = next(iter(paths.items()))
        return f"{_name(inner)} ({part.replace('_', ' ')} part)"
    if isinstance(paths, list):
        return ", ".join(map(_name, paths))
    return os.path.basename(os.path.normpath(str(paths)))


def _of_training(metrics: Dict[str, Any], corpora: List[Corpus]) -> Optional[Results]:
    """Those of the test set, or else on the development set in the best epoch."""
    roles = {role: name for role, name, _ in corpora}
    for prefix, key in _EVALUATED.items():
        if not {f"{prefix}micro_f1", f"{prefix}oracle_span_f1"} & metrics.keys():
            continue
        of_corpus = {
            name.removeprefix(prefix): value
            for name, value in metrics.items()
            if name.startswith(prefix)
        }
        role = CORPORA.get(key, "")
        corpus = f"{roles.get(role, '')} ({role})" if role else "a corpus of its own"
        return _results(corpus, of_corpus)
    return None


def _results(corpus: str, metrics: Dict[str, Any]) -> Results:
    measured = {
        name: value
        for name, value in metrics.items()
        if name.endswith("_recall") or name.startswith("oracle_")
    }
    micro = {
        name: round(metrics[f"micro_{name}"], 4)
        for name in ("precision", "recall", "f1")
        if f"micro_{name}" in metrics
    }
    return Results(corpus, [*_rows(metrics)], [*other_lines(measured)], micro)


def _model_index(results: Optional[Results]) -> Optional[List[EvalResult]]:
    """The scores as the model hub shows them; `None` if there are none."""
    if results is None or not results.micro:
        return None
    return [
        EvalResult(TASK, results.corpus, results.corpus, metric_type=name, metric_value=value)
        for name, value in results.micro.items()
    ]


def _rows(metrics: Dict[str, Any]) -> Iterator[Tuple[str, ...]]:
    """In the order of the table of `allennlp evaluate`."""
    if "micro_f1" not in metrics:
        return
    groups = score_groups(metrics)
    first = ["all entities", "mean of types", "boundaries"]
    for name in [*first, *(name for name in groups if name not in first)]:
        if name in groups:
            kind = name.partition("/")[0]
            readable_name = readable(name)
            label = {"type": "type", "length": "length"}.get(kind, "")
            yield (f"{label} {readable_name}".strip(), *cells(groups[name]))


def encoders_of(value: Any) -> Iterator[str]:
    """The encoders that a config names, each as often as it does."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "model_name" and isinstance(inner, str):
                yield inner
            else:
                yield from encoders_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from encoders_of(inner)


def _languages(config: Dict[str, Any]) -> Tuple[str, ...]:
    """What raw text is split for, where that is the code of one language."""
    splitting = ("text_splitter.language", "format.splitting.language")
    language = _found(config, *(f"dataset_reader.{part}" for part in splitting))
    is_code = isinstance(language, str) and re.fullmatch(r"[a-z]{2,3}", language)
    return (language,) if is_code and language != "xx" else ()


def _found(config: Any, *paths: str) -> Any:
    """What stands at the first of these places that the config has."""
    for path in paths:
        value = config
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def _plain(value: Any) -> str:
    """As text that Markdown, a table and a terminal take for text."""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
    return _MARKUP.sub(r"\\\1", printable(value, keep=""))


def _environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, whose markup `plain` escapes
    )
    environment.filters["plain"] = _plain
    return environment
