from typing import Any, Callable, Dict

import pytest

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import SoftNmsDecoder
from locate_label_allennlp.report.mistakes import Mistakes
from locate_label_allennlp.report.scores import Scores
from locate_label_allennlp.report.traces import Trace, traces
from locate_label_allennlp.training.metrics.entity_counter import EntityCounter

TYPE_B = [0.1, 0.1, 0.8]


@pytest.mark.parametrize("threshold", [0.0, 0.9])
def test_the_stages_add_up_to_all_that_is_missed(
    threshold: float, experiment: Callable[..., Any]
) -> None:
    model, batches = experiment(with_discontinuous=True)
    model.decoder.score_threshold = threshold
    scores = Scores(EntityCounter(model.labels.values()))
    mistakes = Mistakes(model.decoder, list(model.labels.values()), max_examples=3)
    for trace in traces(model, batches):
        scores.add(trace)
        mistakes.add(trace)
    micro, made = scores.as_json()["micro"], mistakes.as_json()
    num_missed = micro["gold"] - micro["recalled"]
    assert num_missed > 5
    missed, false = made["missed"], made["false"]
    assert sum(row["count"] for row in missed["table"]) == num_missed
    assert len(missed["entities"]) == num_missed
    assert sum(row["count"] for row in false["table"]) == micro["predicted"] - micro["correct"]
    assert len(false["entities"]) == micro["predicted"] - micro["correct"]
    for row in [*missed["table"], *false["table"]]:
        assert sum(row["by_type"].values()) == row["count"]
    counts = {row["stage"]: row["count"] for row in missed["table"]}
    assert counts["discontinuous"] == 1
    assert (counts.get("score", 0) > 0) == (threshold == 0.9)


def test_a_score_below_the_threshold_of_its_type_is_told(
    make_trace: Callable[..., Trace],
) -> None:
    mistakes = Mistakes(SoftNmsDecoder(0.9, 0.6, 0.0, type_thresholds={"B": 0.9}), ["A", "B"], 1)
    mistakes.add(make_trace([Entity(3, 5, "B")], [(3, 4, TYPE_B)]))
    missed = mistakes.as_json()["missed"]
    assert {row["stage"]: row["count"] for row in missed["table"]}["score"] == 1
    assert len(missed["examples"]["score"]) == 1


@pytest.mark.parametrize(
    ("overrides", "missing"),
    [
        ({}, set()),
        ({"model.filter": None}, {"filter"}),
        ({"model.regressor": None}, {"boundary"}),
        ({"model.filter": None, "model.regressor": None}, {"filter", "boundary"}),
        ({"model.decoder": {"type": "none", "score_threshold": 0.1}}, {"nms"}),
        ({"model.decoder": {"type": "none", "score_threshold": 0}}, {"nms", "score"}),
    ],
)
def test_stages_that_a_model_lacks_are_left_out(
    overrides: Dict[str, Any], missing: "set[str]", experiment: Callable[..., Any]
) -> None:
    model, batches = experiment(overrides=overrides)
    mistakes = Mistakes(model.decoder, list(model.labels.values()), 1)
    for trace in traces(model, batches):
        mistakes.add(trace)
    made = mistakes.as_json()
    all_stages = {"discontinuous", "seed", "filter", "boundary", "none", "type", "score", "nms"}
    shown = {row["stage"] for row in made["missed"]["table"]}
    assert shown == all_stages - missing - {"discontinuous"}
    assert {entity["stage"] for entity in made["missed"]["entities"]} <= shown
    assert "discontinuous" not in {row["origin"] for row in made["false"]["table"]}


def test_an_entity_is_told_as_people_read_it(make_trace: Callable[..., Trace]) -> None:
    mistakes = Mistakes(SoftNmsDecoder(), ["A", "B"], 5)
    mistakes.add(
        make_trace(
            [Entity(3, 5, "A"), Entity(0, 10, "B", ((0, 1), (9, 10)))],
            [(3, 4, TYPE_B)],
            [Entity(3, 5, "B", score=0.8)],
        )
    )
    made = mistakes.as_json()
    span = {"source": "corpus.jsonl:1", "start": 3, "end": 5, "text": "Old Tarn"}
    assert made["missed"]["entities"][1] == {
        **span,
        "type": "A",
        "stage": "type",
        "detail": "B 0.800, A 0.100",
    }
    (false,) = made["false"]["entities"]
    nearest = {"start": 3, "end": 5, "type": "A", "text": "Old Tarn"}
    assert false == {**span, "type": "B", "score": 0.8, "origin": "type", "nearest": nearest}
    (example,) = made["false"]["examples"]["type"]
    assert [(mark["type"], mark["state"]) for mark in example["marks"]] == [
        ("B", "missed"),
        ("A", "missed"),
        ("B", "false"),
    ]


@pytest.mark.parametrize("most", [0, 1, 4])
def test_examples_are_few_of_different_sentences_and_always_the_same(
    most: int, make_trace: Callable[..., Trace]
) -> None:
    def examples() -> Any:
        mistakes = Mistakes(SoftNmsDecoder(), ["A", "B"], most)
        for number in range(20):
            words = (f"w{number}", "x", "y")
            mistakes.add(make_trace([Entity(0, 1, "A"), Entity(1, 2, "A")], words=words))
        return mistakes.as_json()["missed"]["examples"]["boundary"]

    drawn = examples()
    assert drawn == examples()
    assert len({tuple(example["words"]) for example in drawn}) == len(drawn) == most
