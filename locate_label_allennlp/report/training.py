"""What a training has written of its epochs."""

import json
import math
from pathlib import Path
from typing import Any, Dict, List, Optional

from allennlp.common.checks import ConfigurationError

_KEYS = ("training_loss", "validation_loss")


def epochs_of(path: str) -> Optional[List[Dict[str, Any]]]:
    """
    # Parameters

    path : `str`
        The folder of a training, or the archive in it.

    # Returns

    `List[Dict[str, Any]]`, optional
        Of each epoch its number from 0, `epoch`, and the mean losses `training_loss` and
        `validation_loss`, `None` where there is none. `None` if no epoch has left its metrics.
    """
    folder = Path(path)
    folder = folder if folder.is_dir() else folder.parent
    numbered = {
        file.stem.removeprefix("metrics_epoch_"): file
        for file in folder.glob("metrics_epoch_*.json")
    }
    files = sorted((int(name), file) for name, file in numbered.items() if name.isdecimal())
    return [_epoch(number, file) for number, file in files] or None


def _epoch(number: int, file: Path) -> Dict[str, Any]:
    try:
        metrics = json.loads(file.read_bytes())
        values = {key: metrics.get(key) for key in _KEYS}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ConfigurationError(f"{file} cannot be read: it is not the JSON of metrics") from error
    return {"epoch": number, **{key: _number(value) for key, value in values.items()}}


def _number(value: Any) -> Optional[float]:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
