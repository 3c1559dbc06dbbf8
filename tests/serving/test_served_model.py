from typing import Any, Dict

import pytest
from allennlp.common.checks import ConfigurationError

import locate_label_allennlp
from locate_label_allennlp.serving.served_model import LOWEST, ServedModel
from locate_label_allennlp.serving.server import load_served_model

TEXTS = [
    "The mayor of Old Tarn met her brother — again.",
    "",
    "Tarn.  It was late. The port of Tarn left Old Tarn.",
]
KEYS = {"type", "text", "score", "start_char", "end_char", "sentence", "start", "end"}


def places(entities: Any) -> Any:
    return [(each["start_char"], each["end_char"], each["type"]) for each in entities]


@pytest.mark.parametrize(
    "decoder",
    [
        {"type": "soft_nms", "score_threshold": 0.7},
        {"type": "soft_nms", "score_threshold": 0.7, "decay": 0.5, "overlap_threshold": 0.3},
        {"type": "nms", "score_threshold": 0.7},
        {"type": "greedy", "score_threshold": 0.7},
        {"type": "flat", "score_threshold": 0.7},
        {"type": "none", "score_threshold": 0.7},
        {"type": "nms", "score_threshold": 0.7, "type_thresholds": {"ORG": 0.95}},
        {"type": "flat", "score_threshold": 0.95, "type_thresholds": {"ORG": 0.3}},
    ],
)
def test_what_is_chosen_is_what_the_model_finds(
    served_folder: Any, decoder: Dict[str, Any]
) -> None:
    decoder = {"type_thresholds": {}, **decoder}
    overrides = {"model.decoder": decoder}
    ner = locate_label_allennlp.load(served_folder, overrides=overrides)
    own = [[entity.to_dict() for entity in found] for found in ner.pipe(TEXTS)]
    served = load_served_model(str(served_folder), overrides=overrides)
    found = served.scored(TEXTS)
    chosen = [served.chosen(scored) for scored in found]
    assert [places(entities) for entities in chosen] == [places(entities) for entities in own]
    scores = [entity["score"] for entities in chosen for entity in entities]
    assert scores == pytest.approx([entity["score"] for entities in own for entity in entities])
    assert scores
    # Whatever the thresholds of the request are, as if the model had them.
    differs = False
    for threshold in (0.5, {"ORG": 0.8, "ROLE": 0.2}, {"PLACE": 0.0}):
        ner.model.decoder = served._model.decoder_with(threshold)
        own = [[entity.to_dict() for entity in found] for found in ner.pipe(TEXTS)]
        asked = [served.chosen(scored, threshold) for scored in found]
        assert [places(entities) for entities in asked] == [places(entities) for entities in own]
        differs |= asked != chosen
    assert differs
    assert served.thresholds["PLACE"] == decoder["score_threshold"]
    lowest = min(served.thresholds.values())
    assert served.lowest_threshold == (lowest if decoder["type"] == "flat" else LOWEST)


def test_entities_are_chosen_by_thresholds_and_types(served: ServedModel) -> None:
    (scored,) = served.scored([TEXTS[0]])
    found = served.chosen(scored, LOWEST)
    assert all(set(entity) == KEYS for entity in found)
    types = {entity["type"] for entity in found}
    assert len(types) > 1
    kind = sorted(types)[0]
    only = served.chosen(scored, LOWEST, [kind])
    assert only == [entity for entity in found if entity["type"] == kind]
    assert served.chosen(scored, LOWEST, []) == []
    assert all(entity["score"] > 0.9 for entity in served.chosen(scored, 0.9))
    assert kind not in {entity["type"] for entity in served.chosen(scored, {kind: 1.0})}
    assert served.thresholds["ORG"] == 0.75
    assert {value for kind, value in served.thresholds.items() if kind != "ORG"} == {0.7}


def test_a_model_that_is_given_mentions_is_refused(served: ServedModel) -> None:
    finder = type("Finder", (), {"model": object()})()
    with pytest.raises(ConfigurationError, match="x: the model has to be given mentions"):
        ServedModel(finder, "x")


@pytest.mark.parametrize("overlap", ["flat", "outermost", "innermost"])
def test_overlap_is_that_of_the_finder(
    served: ServedModel, served_folder: Any, overlap: str
) -> None:
    ner = locate_label_allennlp.load(served_folder, overlap=overlap)
    own = [[entity.to_dict() for entity in ner(text)] for text in TEXTS]
    found = served.scored(TEXTS)
    nested = [served.chosen(entities) for entities in found]
    kept = [served.chosen(entities, overlap=overlap) for entities in found]
    assert [places(entities) for entities in kept] == [places(entities) for entities in own]
    assert 0 < len(kept[0]) < len(nested[0])
    assert len(kept[2]) > 1
