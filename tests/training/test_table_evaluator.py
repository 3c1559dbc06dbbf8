import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.data import DataLoader, DatasetReader
from allennlp.evaluation import Evaluator, SimpleEvaluator

from locate_label_allennlp.training.table_evaluator import TableEvaluator


@pytest.fixture
def evaluated(fixtures, tmp_path):
    """A model and its data, as often as asked for."""
    params = Params.from_file(str(fixtures / "configs" / "tiny.jsonnet"))
    model = train_model(params.duplicate(), tmp_path / "model")
    reader = DatasetReader.from_params(params["dataset_reader"])
    path = str(fixtures / "formats" / "nested.jsonl")

    def loader():
        loader = DataLoader.from_params(Params({"batch_size": 2}), reader=reader, data_path=path)
        loader.index_with(model.vocab)
        return loader

    return model, loader


def test_only_the_table_and_the_progress_bar_are_new(evaluated, tmp_path, capfd):
    model, loader = evaluated
    expected = SimpleEvaluator()(model, loader(), metrics_output_file=tmp_path / "theirs.json")
    capfd.readouterr()
    ours = TableEvaluator()(model, loader(), metrics_output_file=tmp_path / "ours.json")
    assert ours == expected
    assert (tmp_path / "ours.json").read_text() == (tmp_path / "theirs.json").read_text()
    assert "type/PLACE/f1" not in ours
    output, log = capfd.readouterr()
    assert output.startswith("Results on ")
    assert "PLACE" in output
    assert "1-4 words" in output
    assert "micro_f1: " in log
    assert "loss" not in log
    assert model.get_metrics.__func__ is type(model).get_metrics


def test_by_name():
    assert Evaluator.by_name("results_table") is TableEvaluator
    assert Evaluator.default_implementation == "simple"
