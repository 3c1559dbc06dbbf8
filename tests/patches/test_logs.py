import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.allennlp_command import ALLENNLP


@pytest.mark.parametrize("asked_for", [False, True])
def test_a_training_logs_its_progress_and_the_rest_if_asked_for(
    asked_for: bool, fixtures: Path, tmp_path: Path
) -> None:
    variables: Any = {"ALLENNLP_LOG_LEVEL": "INFO"} if asked_for else {}
    done = subprocess.run(
        [
            ALLENNLP,
            "train",
            str(fixtures / "configs" / "tiny.jsonnet"),
            "-s",
            "out",
            "-o",
            '{"trainer.num_epochs": 2, "data_loader.batch_size": 2, '
            '"trainer.optimizer.parameter_groups": [[["bias"], {}]]}',
        ],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    logged = done.stdout + done.stderr
    assert done.returncode == 0, logged
    for progress in ("Epoch 1/1", "micro_f1", "Number of trainable parameters"):
        assert progress in logged
    for noise in (
        "Plugin locate_label_allennlp available",
        "allennlp.common.params - model.type = ",
        "allennlp.nn.initializers",
        "The following parameters are Tunable",
        "Group 0: ",
        "Batch inputs",
        "batch_input/",
    ):
        assert (noise in logged) == asked_for, noise
