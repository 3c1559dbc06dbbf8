"""
What compare.py makes the `allennlp` commands measure. `--include-package` registers it; it changes
nothing of what is learned or predicted.
"""

import json
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import torch
from allennlp.data import DataLoader
from allennlp.evaluation import Evaluator, SimpleEvaluator
from allennlp.models import Model
from allennlp.nn.util import dist_reduce_sum, move_to_device
from allennlp.training import GradientDescentTrainer, TrainerCallback
from memory import MEGABYTE, peak_resident_bytes
from overrides import overrides


@TrainerCallback.register("compare_speed")
class SpeedCallback(TrainerCallback):
    """
    Writes `speed.json` to the serialization directory:

    - `sentences` and `seconds` of training, over all epochs. The clock of an epoch starts when its
      first batch is done, and that batch's sentences do not count; validation and checkpoints are
      left out. An interrupted training finds its figures in its checkpoint.
    - `memory` and `gpu_memory`, in MB: the most that the process, and its tensors on a GPU, held.
    - the number of `parameters`, and that of the `trained_parameters` among them.
    """

    def __init__(self, serialization_dir: str) -> None:
        super().__init__(serialization_dir)
        self._figures = {"sentences": 0, "seconds": 0.0, "gpu_memory": 0.0}
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
            self._figures["seconds"] += now - self._previous
            self._figures["sentences"] += sum(map(num_sentences, batch_inputs))
        self._previous = now

    @overrides(check_signature=False)
    def on_epoch(self, *arguments: Any, **options: Any) -> None:
        self._previous = None
        if torch.cuda.is_available():
            # The trainer resets it at the beginning of each epoch.
            peak = torch.cuda.max_memory_allocated() / MEGABYTE
            self._figures["gpu_memory"] = max(self._figures["gpu_memory"], peak)

    @overrides(check_signature=False)
    def on_end(
        self, trainer: GradientDescentTrainer, is_primary: bool = True, **options: Any
    ) -> None:
        # Each process of a distributed training has its share.
        sentences = dist_reduce_sum(self._figures["sentences"])
        if is_primary:
            parameters = list(trainer.model.parameters())
            figures = {
                **self._figures,
                "sentences": sentences,
                "memory": peak_resident_bytes() / MEGABYTE,
                "parameters": sum(p.numel() for p in parameters),
                "trained_parameters": sum(p.numel() for p in parameters if p.requires_grad),
            }
            file = Path(self.serialization_dir) / "speed.json"
            file.write_text(json.dumps(figures), encoding="utf-8")

    @overrides
    def state_dict(self) -> Dict[str, Any]:
        return dict(self._figures)

    @overrides
    def load_state_dict(self, state_dict: Dict[str, Any]) -> None:
        self._figures = dict(state_dict)


@Evaluator.register("compare_speed")
class SpeedEvaluator(SimpleEvaluator):
    """
    AllenNLP's evaluation, then a second pass over the same batches without their gold entities.
    The `prediction/sentences` and `prediction/seconds` of that pass are added to the metrics: they
    include neither losses nor metrics, nor what only a first batch costs.
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
                # Its output is on the CPU: nothing is left to wait for when it returns.
                model(**move_to_device(batch, self.cuda_device))
                sentences += num_sentences(batch)
        metrics["prediction/seconds"] = time.perf_counter() - begin
        metrics["prediction/sentences"] = sentences
        if metrics_output_file is not None:
            Path(metrics_output_file).write_text(json.dumps(metrics), encoding="utf-8")
        return metrics


def num_sentences(batch: Dict[str, Any]) -> int:
    return len(batch["metadata"])
