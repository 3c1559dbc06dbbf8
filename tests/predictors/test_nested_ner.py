import json
from pathlib import Path
from typing import Any, List

import pytest
import torch
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
    # Untrained, and made to find an entity in every span.
    params["model"]["filter_threshold"] = 0.0
    params["model"]["decoder"] = {"type": "none", "score_threshold": 0.0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = Model.from_params(params["model"], vocab=vocab)
    model._classifier._output.bias.data[0] = -100.0  # NONE
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
    together = predictor.predict_json({"document": [first, second], "id": 7})
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
    assert predictor.load_line('\ufeff{"tokens": ["a"]}\n') == {"tokens": ["a"]}
    assert predictor.load_line("\ufeffraw\n") == {"text": "raw"}
    assert predictor.dump_line({"text": "Köln"}) == '{"text": "Köln"}\n'
    with pytest.raises(CorpusError, match="is not JSON"):
        predictor.load_line('{"text": ')


def test_a_document_of_the_json_lines_format(predictor: NestedNerPredictor) -> None:
    sentences = [
        {"tokens": ["Old", "Tarn"], "offsets": [[0, 3], [4, 8]]},
        {"tokens": ["left", "."], "offsets": [[9, 13], [13, 14]]},
    ]
    item = {"doc_id": "7", "text": "Old Tarn left.", "sentences": sentences}
    output = predictor.predict_json(item)
    assert {name: output[name] for name in item} == item
    for entity in output["entities"]:
        assert item["text"][entity["start_char"] : entity["end_char"]] == entity["text"]


def test_text_is_split_as_the_reader_s_config_says_unless_told(
    predictor: NestedNerPredictor,
) -> None:
    text = "Das ist z.B. Köln."
    for words, expected in [
        (None, ["Das", "ist", "z.B.", "Köln", "."]),
        ("whitespace", ["Das", "ist", "z.B.", "Köln."]),
        ("characters", list("Dasistz.B.Köln.")),
    ]:
        other = NestedNerPredictor(
            predictor._model, predictor._dataset_reader, language="de", words=words
        )
        assert other.predict(text)["sentences"] == [expected]


@pytest.mark.parametrize(
    "item", [{"text": ""}, {"text": " \n"}, {"tokens": []}, {"document": []}, {"sentences": []}]
)
def test_no_words_no_entities(predictor: NestedNerPredictor, item: Any) -> None:
    assert predictor.predict_json(item)["entities"] == []


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"txt": "a"}, "input:1: a line is a JSON object with"),
        ([1], r"an input is \[1\]; allowed is"),
        ({"text": 3}, "input:1: a line is a JSON object with"),
        ({"tokens": "a b"}, "input:1: a line is a JSON object with"),
        ({"document": ["a b"]}, '"sentences" holds objects with'),
        ({"document": [["a"], []]}, "a sentence with no words; allowed is"),
        ({"sentences": [{"tokens": []}, {"tokens": ["a"]}]}, "a sentence with no words; allowed"),
        ({"document": "7", "sentences": [{"tokens": []}]}, "a sentence with no words; allowed"),
        ({"sentences": [{}]}, '"sentences" holds objects with'),
        ({"tokens": ["a", ""]}, "word 1 is ''"),
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
