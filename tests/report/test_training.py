import json
from pathlib import Path

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.report.training import epochs_of


def test_the_losses_of_a_folder_in_the_order_of_epochs(tmp_path: Path) -> None:
    for number in range(11):
        metrics = {"epoch": number, "training_loss": 10.0 - number, "validation_loss": number / 2}
        (tmp_path / f"metrics_epoch_{number}.json").write_text(json.dumps(metrics))
    (tmp_path / "metrics_epoch_best.json").write_text("{}")
    (tmp_path / "metrics_epoch_3.json").write_text(
        '{"training_loss": NaN, "validation_loss": true}'
    )
    found = epochs_of(str(tmp_path))
    assert found == epochs_of(str(tmp_path / "model.tar.gz"))
    assert found is not None
    assert [epoch["epoch"] for epoch in found] == list(range(11))
    assert found[10] == {"epoch": 10, "training_loss": 0.0, "validation_loss": 5.0}
    assert found[3] == {"epoch": 3, "training_loss": None, "validation_loss": None}


def test_where_there_are_none(tmp_path: Path) -> None:
    assert epochs_of(str(tmp_path)) is None
    (tmp_path / "metrics_epoch_0.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"metrics_epoch_0\.json cannot be read"):
        epochs_of(str(tmp_path))
