import json
from pathlib import Path

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.testing import ModelTestCase
from allennlp.models import load_archive
from allennlp.predictors import Predictor

from locate_label_allennlp.data.document import Entity, Sentence
from tests.models.tiny_experiment import Experiment, train_in_two_processes

FIXTURES = Path(__file__).parents[2] / "fixtures"
CONFIG = FIXTURES / "configs" / "tiny_mention_typer.jsonnet"
CORPUS = FIXTURES / "formats" / "nested.jsonl"
LEARNING = {"trainer.num_epochs": 20, "trainer.optimizer.lr": 0.02, "data_loader.batch_size": 2}

WORDS = ("north", "and", "south", "mole", "of", "Tarn")
IN_FRAGMENTS = Entity(0, 4, "ORG", ((0, 1), (3, 4)))


def typer(overrides=None, **model):
    experiment = Experiment("tiny_mention_typer", overrides, **model)
    experiment.model.eval()
    return experiment


def output_of(experiment, *sentences):
    return experiment.model(**experiment.batch(experiment.instances(sentences)))


def found(output):
    return [[(e["start"], e["end"], e["type"]) for e in sentence] for sentence in output]


def test_learns_by_heart_and_names_the_same_from_its_archive(tmp_path):
    train_model(Params.from_file(str(CONFIG), json.dumps(LEARNING)), tmp_path / "model")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert metrics["best_validation_oracle_span_accuracy"] == 1.0
    assert metrics["best_validation_oracle_span_f1"] == 1.0
    measured = {name for name in metrics if name.startswith("validation_")}
    assert measured == {
        "validation_loss",
        "validation_oracle_span_accuracy",
        "validation_oracle_span_f1",
    }
    predictor = Predictor.from_archive(load_archive(tmp_path / "model"), "nested_ner")
    instances = list(predictor._dataset_reader.read(str(CORPUS)))
    outputs = [output["entities"] for output in predictor.predict_batch_instance(instances)]
    gold = [json.loads(line).get("entities", []) for line in CORPUS.read_text().splitlines()]
    assert [sorted(one) for one in found(outputs)] == [sorted(one) for one in found(gold)]


def test_trains_saves_and_loads(tmp_path):
    case = ModelTestCase()
    case.TEST_DIR = tmp_path
    case.ensure_model_can_train_save_and_load(str(CONFIG))


@pytest.mark.parametrize("max_chunk_words", [3, 1000])
def test_alone_or_in_a_batch_the_same_types(max_chunk_words):
    experiment = typer(max_chunk_words=max_chunk_words)
    with torch.no_grad():
        together = experiment.model(**experiment.batch(experiment.corpus))["entities"]
        alone = [
            experiment.model(**experiment.batch([one]))["entities"][0] for one in experiment.corpus
        ]
    assert sum(map(len, together)) == 13
    for one, other in zip(alone, together, strict=True):
        assert [entity.key for entity in one] == [entity.key for entity in other]
        scores = [entity.score for entity in other]
        assert [entity.score for entity in one] == pytest.approx(scores, abs=1e-6)


def test_the_output_is_the_given_mentions():
    experiment = typer()
    sentences = [
        Sentence(WORDS, (IN_FRAGMENTS, Entity(5, 6, "ROLE"))),
        Sentence(WORDS[:1]),
        Sentence(WORDS[:1], (Entity(0, 1, "PLACE"),)),
    ]
    entities = output_of(experiment, *sentences)["entities"]
    assert [[(e.start, e.end) for e in one] for one in entities] == [
        [(0, 4), (5, 6)],
        [],
        [(0, 1)],
    ]
    for entity in entities[0] + entities[2]:
        assert entity.type in {"ROLE", "PLACE", "ORG"}
        assert 1 / 3 <= entity.score <= 1


def test_candidates_are_the_given_mentions():
    experiment = Experiment("tiny_mention_typer")
    batch = experiment.batch(experiment.corpus)
    candidates = experiment.model.eval().candidates(**batch)
    rows = batch["entities"][batch["entities"][..., 0] >= 0]
    assert torch.equal(torch.stack(candidates.spans[1:], dim=1), rows[:, :2])
    assert candidates.probabilities.shape == (len(rows), 1 + experiment.model.num_types)
    assert not candidates.probabilities[:, 0].any()
    torch.testing.assert_close(candidates.probabilities.sum(dim=1), torch.ones(len(rows)))


def test_a_mention_in_fragments_is_read_as_if_they_were_joined():
    experiment = typer()
    outputs = [
        output_of(experiment, Sentence(WORDS, (IN_FRAGMENTS,))),
        output_of(experiment, Sentence(("north", "mole"), (Entity(0, 2, "ORG"),))),
        output_of(experiment, Sentence(WORDS, (Entity(0, 4, "ORG"),))),
    ]
    in_fragments, joined, whole = (output["entities"][0][0].score for output in outputs)
    assert in_fragments == pytest.approx(joined, abs=1e-6)
    assert in_fragments != pytest.approx(whole, abs=1e-6)


def test_mentions_that_the_reader_skips_are_wrong():
    experiment = typer({"dataset_reader.discontinuous": "skip"})
    output_of(experiment, Sentence(WORDS, (IN_FRAGMENTS, Entity(5, 6, "ROLE"))))
    assert experiment.model.get_metrics()["oracle_span_accuracy"] <= 0.5


def test_two_types_of_one_mention_are_two_mentions_of_which_one_is_wrong():
    experiment = typer()
    both = Sentence(WORDS, (Entity(0, 2, "ORG"), Entity(0, 2, "PLACE"), Entity(0, 2, "ROLE")))
    output_of(experiment, both)
    assert experiment.model.get_metrics()["oracle_span_accuracy"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("sentences", [[Sentence(WORDS)], [Sentence(WORDS[:1])] * 2])
def test_a_batch_without_mentions_has_a_loss_of_nothing(sentences):
    experiment = typer()
    experiment.model.train()
    loss = output_of(experiment, *sentences)["loss"]
    loss.backward()
    assert loss == 0
    # In distributed training a weight without gradient in one process would stop the others.
    assert all(parameter.grad is not None for parameter in experiment.model.parameters())


def test_an_evaluation_without_mentions_is_an_error():
    experiment = typer()
    output_of(experiment, Sentence(WORDS))
    with pytest.raises(ConfigurationError, match="the 1 sentences evaluated have no gold mentions"):
        experiment.model.get_metrics(reset=True)


def test_text_without_mentions_is_an_error():
    experiment = typer()
    instance = experiment.reader.text_to_instance([Sentence(WORDS)])
    with pytest.raises(ConfigurationError, match="this input has none"):
        experiment.model.forward_on_instance(instance)


def test_the_loss_is_the_mean_cross_entropy_of_all_mentions():
    experiment = typer()
    logits = []
    experiment.model._span_scorer._output.register_forward_hook(
        lambda *call: logits.append(call[-1])
    )
    batch = experiment.batch(experiment.corpus)
    loss = experiment.model(**batch)["loss"]
    labels = [row[2] for rows in batch["entities"].tolist() for row in rows if row[0] >= 0]
    right = logits[0].softmax(dim=1)[range(len(labels)), labels]
    assert len(labels) == 13
    torch.testing.assert_close(loss, -right.log().mean())


def test_two_processes(tmp_path):
    # Some batches have no mention in one process.
    trained = train_in_two_processes("tiny_mention_typer", tmp_path, LEARNING)
    evaluated = evaluate_from_archive(tmp_path / "out" / "model.tar.gz", str(CORPUS))
    accuracy = evaluated["oracle_span_accuracy"]
    # Each process counted its half of the corpus; together they counted all of it.
    assert accuracy == trained["best_validation_oracle_span_accuracy"] > 0.5
