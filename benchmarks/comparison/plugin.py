"""
What compare.py has the `allennlp` commands measure: registered by `--include-package`, of no effect
on what is learned or found.
"""

import json
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import torch
from allennlp.data import DataLoader
from allennlp.evaluation import Evaluator, SimpleEvaluator
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from allennlp.training import GradientDescentTrainer, TrainerCallback
from overrides import overrides


@TrainerCallback.register("compare_speed")
class SpeedCallback(TrainerCallback):
    """
    Writes `speed.json` to the serialization directory: `sentences` trained on in `seconds`, of all
    epochs. Validation and the saving of checkpoints are left out: the clock of an epoch starts when
    its first batch is done, whose sentences do not count. The figures of an interrupted training
    come back with its checkpoint. Also `gpu_memory`, the most that tensors held on a GPU, in MB,
    and the model's number of parameters.
    """

    def __init__(self, serialization_dir: str) -> None:
        super().__init__(serialization_dir)
        self._sentences = 0
        self._seconds = 0.0
        self._gpu_memory = 0.0
        self._previous: Optional[float] = None

    @overrides(check_signature=False)
    def on_batch(
        self,
        trainer: GradientDescentTrainer,
        batch_inputs: List[Dict[str, Any]],
        *arguments: Any,
        is_training: bool,
        **options: Any,
    ) -> None:
        if not is_training:
            return
        now = time.perf_counter()
        if self._previous is not None:
            self._seconds += now - self._previous
            self._sentences += sum(num_sentences(batch) for batch in batch_inputs)
        self._previous = now

    @overrides(check_signature=False)
    def on_epoch(self, *arguments: Any, **options: Any) -> None:
        self._previous = None
        if torch.cuda.is_available():
            # The trainer resets it at the beginning of each epoch.
            peak = torch.cuda.max_memory_allocated() / 2**20
            self._gpu_memory = max(self._gpu_memory, peak)

    @overrides(check_signature=False)
    def on_end(
        self, trainer: GradientDescentTrainer, is_primary: bool = True, **options: Any
    ) -> None:
        if is_primary:
            distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
            processes = torch.distributed.get_world_size() if distributed else 1
            parameters = list(trainer.model.parameters())
            speed = {
                # Each process has its share of the sentences.
                "sentences": self._sentences * processes,
                "seconds": self._seconds,
                "gpu_memory": self._gpu_memory,
                "parameters": sum(parameter.numel() for parameter in parameters),
                "trained_parameters": sum(p.numel() for p in parameters if p.requires_grad),
            }
            file = Path(self.serialization_dir) / "speed.json"
            file.write_text(json.dumps(speed), encoding="utf-8")

    @overrides
    def state_dict(self) -> Dict[str, Any]:
        return {
            "sentences": self._sentences,
            "seconds": self._seconds,
            "gpu_memory": self._gpu_memory,
        }

    @overrides
    def load_state_dict(self, state_dict: Dict[str, Any]) -> None:
        self._sentences = state_dict["sentences"]
        self._seconds = state_dict["seconds"]
        self._gpu_memory = state_dict["gpu_memory"]


@Evaluator.register("compare_speed")
class SpeedEvaluator(SimpleEvaluator):
    """
    AllenNLP's evaluation, and a second pass over the same batches without their entities, whose
    `prediction/sentences` and `prediction/seconds` join the metrics. So the clock sees neither
    losses nor metrics nor what only the first batch pays for.
    """

    @overrides(check_signature=False)
    def __call__(
        self,
        model: Model,
        data_loader: DataLoader,
        *arguments: Any,
        metrics_output_file: Optional[str] = None,
        **options: Any,
    ) -> Dict[str, Any]:
        metrics = super().__call__(model, data_loader, *arguments, **options)
        sentences = 0
        begin = time.perf_counter()
        with torch.no_grad():
            for batch in data_loader:
                batch.pop("entities", None)
                # The entities found are on the host when it returns: nothing is left to wait for.
                model(**move_to_device(batch, self.cuda_device))
                sentences += num_sentences(batch)
        metrics["prediction/seconds"] = time.perf_counter() - begin
        metrics["prediction/sentences"] = sentences
        if metrics_output_file is not None:
            Path(metrics_output_file).write_text(json.dumps(metrics), encoding="utf-8")
        return metrics


def num_sentences(batch: Dict[str, Any]) -> int:
    return len(batch["metadata"])
