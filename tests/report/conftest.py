"""What tests of the report share: traces made by hand, and those of a small model."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.building import build_report
from locate_label_allennlp.report.traces import SeedTrace, Trace

TYPES = ["A", "B"]
STEPS = 32
WORDS = ("the", "port", "of", "Old", "Tarn", "left", "the", "big", "blue", "ship")

# With these, all stages and many errors are to be seen.
OVERRIDES = {
    "model.decoder.score_threshold": 0.5,
    "model.filter_threshold": 0.4,
    "model.seed_lengths": [1, 2, 3],
    "model.metric": {"verbose": True},
}


@pytest.fixture(scope="session")
def make_trace() -> Callable[..., Trace]:
    """
    Makes a trace. `candidates` are `(start, inclusive end, probabilities)`; what the decoder
    chooses from follows from them.
    """

    def make(
        gold: Sequence[Entity] = (),
        candidates: Sequence[Tuple[int, int, List[float]]] = (),
        predicted: Sequence[Entity] = (),
        seeds: "SeedTrace | None" = None,
        words: Sequence[str] = WORDS,
    ) -> Trace:
        scored = []
        for start, end, row in candidates:
            label = max(range(len(row)), key=row.__getitem__)
            if label:
                scored.append(Entity(start, end + 1, TYPES[label - 1], score=row[label]))
        return Trace(
            words,
            "corpus.jsonl:1",
            sorted(gold, key=lambda entity: entity.key),
            torch.tensor([row[:2] for row in candidates], dtype=torch.long).view(-1, 2),
            torch.tensor([row[2] for row in candidates]).view(-1, len(TYPES) + 1),
            scored,
            list(predicted),
            seeds,
        )

    return make


class Experiment(NamedTuple):
    """A model that has learned something, but not much, and the batches of a small corpus."""

    model: Any
    batches: List[Dict[str, Any]]


@pytest.fixture(scope="session")
def experiment(
    fixtures: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Experiment]:
    discontinuous = tmp_path_factory.mktemp("corpus") / "fragments.jsonl"
    entities = [
        {"start": 0, "end": 2, "type": "PLACE"},
        {"start": 0, "end": 4, "fragments": [[0, 1], [2, 4]], "type": "ORG"},
    ]
    discontinuous.write_text(json.dumps({"tokens": WORDS, "entities": entities}), "utf-8")

    @cache
    def trained(config: str, overrides: str, with_discontinuous: bool) -> Any:
        params = Params.from_file(str(fixtures / "configs" / config), overrides)
        reader = DatasetReader.from_params(params["dataset_reader"])
        instances = list(reader.read(str(fixtures / "formats" / "nested.jsonl")))
        if with_discontinuous:
            instances += reader.read(str(discontinuous))
        for instance in instances:
            reader.apply_token_indexers(instance)
        vocab = Vocabulary.from_instances(instances)
        torch.manual_seed(4)
        model = Model.from_params(vocab=vocab, params=params["model"])
        train_a_little(model, in_batches(instances, vocab, 4))
        return model, instances

    def build(
        config: str = "tiny.jsonnet",
        overrides: Dict[str, Any] = OVERRIDES,
        batch_size: int = 4,
        with_discontinuous: bool = False,
    ) -> Experiment:
        model, instances = trained(config, json.dumps(overrides), with_discontinuous)
        return Experiment(deepcopy(model), in_batches(instances, model.vocab, batch_size))

    return build


def in_batches(
    instances: List[Instance], vocab: Vocabulary, batch_size: int
) -> List[Dict[str, Any]]:
    batches = []
    for first in range(0, len(instances), batch_size):
        batch = Batch(instances[first : first + batch_size])
        batch.index_instances(vocab)
        batches.append(batch.as_tensor_dict())
    return batches


def train_a_little(model: Any, batches: List[Dict[str, Any]]) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(STEPS):
        optimizer.zero_grad()
        model.train()(**batches[step % len(batches)])["loss"].backward()
        optimizer.step()
    model.eval().get_metrics(reset=True)


@pytest.fixture(scope="session")
def report(experiment: Callable[..., Experiment]) -> Dict[str, Any]:
    model, batches = experiment(with_discontinuous=True)
    return build_report(model, batches, "model.tar.gz", "corpus.jsonl", max_examples=2)
