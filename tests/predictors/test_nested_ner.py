import json
from pathlib import Path
from typing import Any, List

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.predictors import Predictor

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.predictors import NestedNerPredictor

TEXT = "  Dr Torvik left Relmere.\n\nThe  Relmere sank — “really”? "


@pytest.fixture(scope="module")
def predictor(fixtures: Path) -> NestedNerPredictor:
    params = Params.from_file(str(fixtures / "configs" / "tiny.jsonnet"))
    reader = DatasetReader.from_params(params["dataset_reader"])
    vocab = Vocabulary.from_instances(reader.read(params["train_data_path"]))
    # Untrained, and made to take every span for an entity.
    params["model"]["filter_threshold"] = 0.0
    params["model"]["decoder"] = {"type": "none", "score_threshold": 0.0}
    model = Model.from_params(params["model"], vocab=vocab)
    return NestedNerPredictor(model, reader)


def test_it_is_the_model_s_default(predictor: NestedNerPredictor) -> None:
    assert Predictor.by_name(predictor._model.default_predictor) is NestedNerPredictor


def test_raw_text(predictor: NestedNerPredictor) -> None:
    output = predictor.predict(TEXT)
    assert output["text"] == TEXT
    assert output["sentences"][0] == ["Dr", "Torvik", "left", "Relmere", "."]
    assert output["entities"], "the model was made to find something"
    assert {entity["sentence"] for entity in output["entities"]} == {0, 1}
    for entity in output["entities"]:
        words = output["sentences"][entity["sentence"]][entity["start"] : entity["end"]]
        surface = TEXT[entity["start_char"] : entity["end_char"]]
        assert entity["text"] == surface
        assert "".join(surface.split()) == "".join(words) != ""
        assert 0 <= entity["score"] <= 1


def test_words_and_sentences(predictor: NestedNerPredictor) -> None:
    first, second = ["The", "Relmere", "sank"], ["Dr", "Torvik", "left"]
    together = predictor.predict_json({"sentences": [first, second], "id": 7})
    alone = predictor.predict_json({"tokens": second})
    assert together["id"] == 7
    assert "start_char" not in together["entities"][0]
    assert _spans(alone, 0) == _spans(together, 1)
    assert alone["entities"][0]["text"] in "Dr Torvik left"


def test_a_batch_keeps_the_order_given(predictor: NestedNerPredictor) -> None:
    inputs = [{"tokens": ["sank"] * length} for length in [9, 1, 40, 3, 3, 17, 2, *range(1, 40)]]
    inputs.insert(3, {"text": ""})
    together = predictor.predict_batch_json(inputs)
    for item, output in zip(inputs, together, strict=True):
        assert {name: output[name] for name in item} == item
        assert _spans(output, 0) == _spans(predictor.predict_json(item), 0)
    assert together[3]["entities"] == []


def test_instances_of_a_corpus(predictor: NestedNerPredictor, fixtures: Path) -> None:
    corpus = fixtures / "formats" / "nested.jsonl"
    instances = list(predictor._dataset_reader.read(str(corpus)))
    outputs = predictor.predict_batch_instance(instances)
    tokens = [json.loads(line)["tokens"] for line in corpus.read_text("utf-8").splitlines()]
    assert [output["tokens"] for output in outputs] == tokens
    assert _spans(outputs[1], 0) == _spans(predictor.predict_instance(instances[1]), 0)


def test_lines(predictor: NestedNerPredictor) -> None:
    assert predictor.load_line('{"tokens": ["a"]}\n') == {"tokens": ["a"]}
    assert predictor.load_line(" raw text, as it stands\r\n") == {"text": " raw text, as it stands"}
    assert predictor.dump_line({"text": "Köln"}) == '{"text": "Köln"}\n'
    with pytest.raises(CorpusError, match="is not JSON"):
        predictor.load_line('{"text": ')


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"txt": "a"}, r"\['txt'\]; allowed is"),
        ({"text": "a", "tokens": ["a"]}, "allowed is"),
        ({"text": 3}, "'text' is 3; allowed is"),
        ({"tokens": "a b"}, "'tokens' is"),
        ({"sentences": ["a b"]}, "'sentences' is"),
        ({"tokens": ["a", ""]}, "word 1 is ''"),
        ({"tokens": []}, "no words"),
    ],
)
def test_bad_input(predictor: NestedNerPredictor, item: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        predictor.predict_json(item)


def _spans(output: Any, sentence: int) -> List[Any]:
    return [
        (entity["start"], entity["end"], entity["type"], pytest.approx(entity["score"], abs=1e-5))
        for entity in output["entities"]
        if entity["sentence"] == sentence
    ]
