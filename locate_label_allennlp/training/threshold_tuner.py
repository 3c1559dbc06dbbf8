"""Thresholds and calibration, chosen on the development set when a training ends."""

import json
import logging
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import lazy_groups_of
from allennlp.data import allennlp_collate
from allennlp.models.archival import CONFIG_NAME
from allennlp.nn.util import move_to_device
from allennlp.training import GradientDescentTrainer, TrainerCallback
from overrides import overrides

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.common.whole_files import whole_file
from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.report.batches import BATCH_SIZE
from locate_label_allennlp.report.building import registered_name
from locate_label_allennlp.tuning.summary import chosen, scores_table, write_tuning
from locate_label_allennlp.tuning.thresholds import Objective
from locate_label_allennlp.tuning.tuning import Sentences, tune, tuned_config

logger = logging.getLogger(__name__)

_OBJECTIVES = ("micro", "macro")

NAME = "tuning"
"""Of the files in the folder of the training."""


@TrainerCallback.register("tune_thresholds")
class ThresholdTuner(TrainerCallback):
    """
    Does at the end of a training what `allennlp tune-thresholds` does with its archive: calibrates
    the scores and chooses thresholds on the development set, for the weights of the best epoch,
    and writes them into `config.json` before the archive is made of it. What is evaluated on the
    test set is the tuned model; the metrics of the epochs stay those of the model as it was
    trained. `tuning.json` and `tuning.png`, in the same folder, say what was chosen.

    A training that is broken off is not tuned.

    # Parameters

    objective : `str`, optional (default = `"micro"`)
        What is to be largest: F1 of all entities together, `micro`, or the mean over the types,
        `macro`.
    """

    def __init__(self, serialization_dir: str, objective: str = "micro") -> None:
        super().__init__(serialization_dir)
        if objective not in _OBJECTIVES:
            raise ConfigurationError(
                f"objective of tune_thresholds is {objective!r}; allowed are {_OBJECTIVES}"
            )
        self._objective = Objective(is_macro=objective == "macro")

    @overrides
    def on_start(
        self, trainer: GradientDescentTrainer, is_primary: bool = True, **kwargs: Any
    ) -> None:
        super().on_start(trainer, is_primary, **kwargs)
        if not isinstance(trainer.model, NestedNerModel):
            raise ConfigurationError(
                f"trainer.callbacks has tune_thresholds, but a {type(trainer.model).__name__} has "
                "no thresholds; allowed are models that find entities"
            )
        if trainer._validation_data_loader is None:
            raise ConfigurationError(
                "trainer.callbacks has tune_thresholds, which needs validation_data_path"
            )
        if trainer._distributed:
            raise ConfigurationError(
                "trainer.callbacks has tune_thresholds, which works in one process; after a "
                "distributed training `allennlp tune-thresholds` does the same with its archive"
            )

    @overrides
    def on_end(
        self,
        trainer: GradientDescentTrainer,
        metrics: Optional[Dict[str, Any]] = None,
        epoch: Optional[int] = None,
        is_primary: bool = True,
        **kwargs: Any,
    ) -> None:
        if metrics is None:
            return
        model = trainer.model
        assert isinstance(model, NestedNerModel)
        sentences = Sentences(model, _batches(trainer))
        if not sum(sentences.gold().values()):
            logger.warning(
                "the development set has no gold entities: thresholds and calibration are left as "
                "they are"
            )
            return
        tuned = tune(sentences, model, self._objective)
        folder = Path(self.serialization_dir)
        name = registered_name(EntityDecoder, type(model.decoder))
        config = json.loads((folder / CONFIG_NAME).read_text("utf-8"))
        write_tuning(tuned, str(folder / NAME))
        with whole_file(folder / CONFIG_NAME) as file:
            file.write(json.dumps(tuned_config(config, tuned, name), indent=4).encode())
        model.calibration = tuned.calibration
        model.decoder = model.decoder.with_thresholds(tuned.score_threshold, tuned.type_thresholds)
        for line in scores_table(tuned).splitlines():
            logger.info("%s", line)
        logger.info("%s", printable(chosen(tuned), keep=""))


def _batches(trainer: GradientDescentTrainer) -> Iterator[Dict[str, Any]]:
    """
    The development set in the order in which it was read: batches that are drawn would be others in
    a training that was recovered.
    """
    loader = trainer._validation_data_loader
    assert loader is not None
    for instances in lazy_groups_of(loader.iter_instances(), BATCH_SIZE):
        yield move_to_device(allennlp_collate(instances), trainer.cuda_device)
