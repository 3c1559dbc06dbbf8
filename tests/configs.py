"""The configs that users train, evaluated."""

from pathlib import Path
from typing import Any, Dict

from allennlp.common import Params

CONFIGS = Path(__file__).parent.parent / "training_config"
# Those of `lib/experiment.libsonnet` and `fine_tune.jsonnet`.
VARIABLES = (
    *("TRAIN", "DEV", "TEST", "FORMAT", "LANGUAGE", "WORDS", "FROM"),
    *("ENCODER", "VECTORS", "WORD_DIM", "CONTEXT", "LAST_LAYERS", "HIDDEN"),
    *("EPOCHS", "PATIENCE", "BATCH_SIZE", "BUDGET", "LEARNING_RATE", "HEAD_LEARNING_RATE"),
    *("ATTENTION_DROPOUT", "PRECISION", "TUNE", "SEED", "GPUS"),
)


def config(name: str) -> Dict[str, Any]:
    return evaluated(CONFIGS / f"{name}.jsonnet")


def evaluated(path: Path) -> Dict[str, Any]:
    return Params.from_file(str(path)).as_dict(quiet=True)
