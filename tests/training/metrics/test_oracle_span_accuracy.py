import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.training.metrics import OracleSpanAccuracy

NOTHING = torch.zeros(0, dtype=torch.long)


def test_the_share_of_right_types():
    metric = OracleSpanAccuracy()
    metric(torch.tensor([1, 2, 0]), torch.tensor([1, 2, 2]), 2)
    metric(NOTHING, NOTHING, 3)
    metric(torch.tensor([1]), torch.tensor([1]), 1)
    metrics = metric.get_metric(reset=True)
    assert metrics == {"oracle_span_accuracy": 0.75, "oracle_span_f1": pytest.approx(1.5 / 1.75)}
    metric(torch.tensor([1]), torch.tensor([1]), 1)
    assert metric.get_metric() == {"oracle_span_accuracy": 1.0, "oracle_span_f1": 1.0}


@pytest.mark.parametrize(("accuracy", "f1"), [(9176, 95.70), (8793, 93.58), (6947, 81.99)])
def test_the_paper_s_f1(accuracy, f1):
    metric = OracleSpanAccuracy()
    metric((torch.arange(10000) < accuracy).long(), torch.ones(10000, dtype=torch.long), 1)
    assert 100 * metric.get_metric()["oracle_span_f1"] == pytest.approx(f1, abs=0.01)


def test_mentions_that_were_not_given_are_wrong():
    metric = OracleSpanAccuracy()
    metric(torch.tensor([1, 1]), torch.tensor([1, 1]), 1, num_unreachable=2)
    assert metric.get_metric()["oracle_span_accuracy"] == 0.5


def test_data_without_mentions_are_an_error_at_the_end():
    metric = OracleSpanAccuracy()
    metric(NOTHING, NOTHING, 7)
    assert metric.get_metric()["oracle_span_accuracy"] == 0.0
    with pytest.raises(ConfigurationError, match="the 7 sentences evaluated have no gold mentions"):
        metric.get_metric(reset=True)
    assert metric.get_metric(reset=True)["oracle_span_accuracy"] == 0.0
