"""Checkpoints of which the last whole one counts."""

import logging
from pathlib import Path
from typing import Any, FrozenSet, List, Optional, Set, Tuple
from zipfile import ZipFile

from allennlp.training.checkpointer import Checkpointer
from allennlp.training.trainer import TrainerCheckpoint
from overrides import overrides

logger = logging.getLogger(__name__)

Point = Tuple[int, int]
"""Epochs that are complete, and batches in the next one."""


@Checkpointer.register("default", exist_ok=True)
class WholeCheckpointer(Checkpointer):
    """
    AllenNLP's `Checkpointer`, in its place and with the same parameters, except that a checkpoint
    counts only if both of its files are whole, every byte of them. Others are passed over, which is
    said in one warning, and written anew when the training comes to their point again.

    It also ends a training that was asked to stop, after a step and with a checkpoint.
    """

    _passed_over: FrozenSet[Point] = frozenset()

    @overrides(check_signature=False)
    def maybe_save_checkpoint(self, trainer: Any, *point: int) -> bool:
        saved: bool = super().maybe_save_checkpoint(trainer, *point)
        stop = getattr(trainer, "stop", None)
        if stop is not None:
            if not saved:
                self.save_checkpoint(trainer)
            raise stop(
                "interrupted; the same command with --recover goes on from the last step, saved in "
                + self._serialization_dir
            )
        return saved

    @overrides(check_signature=False)
    def save_checkpoint(self, trainer: Any) -> None:
        point = trainer._epochs_completed, trainer._batches_in_epoch_completed
        if point in self._passed_over:
            self._remove_own_files(point)
            self._passed_over -= {point}
        try:
            super().save_checkpoint(trainer)
        except BaseException:
            # One file of two is of no use.
            if not all(path.exists() for path in self._files(point)):
                self._remove_own_files(point)
            raise

    @overrides
    def load_checkpoint(self) -> Optional[TrainerCheckpoint]:
        damaged: List[str] = []
        while (latest := self.find_latest_checkpoint()) is not None:
            broken = [path for path in latest if not is_whole(path)]
            if not broken:
                break
            damaged += broken
            point = self._parse_model_state_path(latest[0])
            assert point is not None
            self._passed_over |= {point}
        if damaged and self._is_primary:
            onward = "the training begins anew" if latest is None else f"going on from {latest[0]}"
            logger.warning("%s: damaged or half-written; %s", ", ".join(damaged), onward)
        return super().load_checkpoint()

    @overrides
    def _find_all_checkpoints(self) -> Set[Point]:
        return super()._find_all_checkpoints() - self._passed_over

    def _files(self, point: Point) -> List[Path]:
        return [Path(self._model_state_path(*point)), Path(self._training_state_path(*point))]

    def _remove_own_files(self, point: Point) -> None:
        if self._is_primary or self.state_is_sharded:
            for path in self._files(point):
                path.unlink(missing_ok=True)


def is_whole(path: Any) -> bool:
    """
    Whether all that PyTorch has written is there as it was: its files are zip archives, which hold
    a checksum of each part. (PyTorch does not look at these when it loads one.)
    """
    try:
        with ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # of many kinds, by which byte is damaged
        return False
