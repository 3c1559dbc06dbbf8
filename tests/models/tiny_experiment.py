"""What the tests of models build and train."""

import json
import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import torch
from allennlp.common import Params
from allennlp.common.testing import ModelTestCase
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model

from locate_label_allennlp.data.document import Entity, Sentence
from tests.allennlp_command import run_allennlp

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "fixtures" / "configs"
SWITCHES = [
    "category_embedding",
    "spatial_modulation",
    "gated_update",
    "location_iteration",
    "logit_iteration",
]
"""What a `Regressor` can do without."""


class Experiment:
    """
    A reader, its corpus, a vocabulary and a model, built as `allennlp train` does; not yet trained.

    # Parameters

    config : `str`
        A name in fixtures/configs.
    overrides : `Dict[str, Any]`, optional
        Of the config, by dotted names.
    **model : `Any`
        Overrides of the config's `model`.
    """

    def __init__(
        self, config: str, overrides: Optional[Dict[str, Any]] = None, **model: Any
    ) -> None:
        changed = {**(overrides or {}), **{f"model.{key}": value for key, value in model.items()}}
        self.params = Params.from_file(CONFIGS / f"{config}.jsonnet", json.dumps(changed))
        self.reader: Any = DatasetReader.from_params(self.params["dataset_reader"].duplicate())
        self.corpus = list(self.reader.read(self.params["train_data_path"]))
        self.vocab = Vocabulary.from_instances(self.corpus)
        torch.manual_seed(0)
        self.model: Any = Model.from_params(
            vocab=self.vocab, params=self.params["model"].duplicate()
        )

    def batch(self, instances: Sequence[Instance]) -> Dict[str, Any]:
        for instance in instances:
            self.reader.apply_token_indexers(instance)
        batch = Batch(instances)
        batch.index_instances(self.vocab)
        return batch.as_tensor_dict()

    def instances(self, sentences: Sequence[Sentence]) -> List[Instance]:
        """With gold entities, each sentence a document of its own."""
        return [self.reader.text_to_instance([one], 0, True) for one in sentences]


def check_gradients(
    experiment: Experiment, batch: Dict[str, Any], all_parameters: bool = False
) -> torch.Tensor:
    """
    All that a training step computes is finite, and `all_parameters` take part in it, as training
    in several processes needs it. Returns the loss.
    """
    experiment.model.train()
    loss = experiment.model(**batch)["loss"]
    loss.backward()
    assert loss.isfinite()
    for name, parameter in experiment.model.named_parameters():
        if all_parameters or parameter.grad is not None:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    experiment.model.eval()
    assert experiment.model(**batch)["loss"].isfinite()
    assert all(math.isfinite(value) for value in experiment.model.get_metrics(True).values())
    return loss


def rounded(model: Model, inputs: Any, output: Dict[str, Any]) -> Dict[str, Any]:
    """A forward hook: scores to five digits, since a batch's size changes the order of sums."""
    entities = [
        [entity.with_score(round(entity.score, 5)) for entity in predicted]
        for predicted in output["entities"]
    ]
    return {**output, "entities": entities}


class ModelTests(ModelTestCase):
    """AllenNLP's own tests of a model; a subclass gives the name of its config."""

    config: str

    def setup_method(self) -> None:
        super().setup_method()
        path = CONFIGS / f"{self.config}.jsonnet"
        self.set_up_model(path, Params.from_file(path)["train_data_path"])

    def every_span_is_an_entity(self) -> None:
        raise NotImplementedError

    def test_trains_saves_and_loads(self) -> None:
        self.ensure_model_can_train_save_and_load(self.param_file)

    def test_predictions_do_not_depend_on_the_batch(self) -> None:
        self.every_span_is_an_entity()
        self.model.register_forward_hook(rounded)
        self.ensure_batch_predictions_are_consistent()


def sentence(num_words: int, *entities: Entity) -> Sentence:
    words = ("the", "port", "of", "Tarn", "left") * num_words
    return Sentence(words[:num_words], entities, source=f"corpus.jsonl:{num_words}")


def train_in_two_processes(config: str, folder: Path, overrides: Dict[str, Any]) -> Dict[str, Any]:
    """The metrics of a training in `folder`/out, on batches of one sentence."""
    overrides = {
        **overrides,
        "distributed": {"cuda_devices": [-1, -1]},
        "data_loader.batch_size": 1,
    }
    path = CONFIGS / f"{config}.jsonnet"
    run_allennlp("train", path, "-s", "out", "-o", json.dumps(overrides), cwd=folder)
    return json.loads((folder / "out" / "metrics.json").read_text())
