import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path
from threading import Thread
from typing import Any, Iterator

import pytest
import torch
from allennlp.common.checks import ConfigurationError

import locate_label_allennlp
from locate_label_allennlp.predictors.entity_finder import EntityFinder, FoundEntity

TEXTS = [
    "The mayor of Old Tarn met her brother — again.",
    "",
    " \n",
    "Tarn.  It was late.",
    "None here",
]


OVERRIDES = {"model.decoder": {"type": "none", "score_threshold": 1.0}}


@pytest.fixture(scope="module")
def finder(trained_archive: Path) -> EntityFinder:
    return locate_label_allennlp.load(trained_archive, device="cpu")


def test_entities_are_where_they_say(finder: EntityFinder) -> None:
    entities = finder(TEXTS[0])
    assert entities
    assert all(isinstance(entity, FoundEntity) for entity in entities)
    for entity in entities:
        assert TEXTS[0][entity.start_char : entity.end_char] == entity.text
        assert entity.sentence == 0
        assert 0 <= entity.score <= 1
    with pytest.raises(AttributeError):
        entities[0].score = 1.0  # type: ignore[misc]


def test_a_pipe_gives_what_single_calls_give_whatever_its_batches(finder: EntityFinder) -> None:
    alone = [_places(finder(text)) for text in TEXTS]
    assert alone[1] == alone[2] == []
    for batch_size in (1, 2, 64, None):
        assert [_places(found) for found in finder.pipe(iter(TEXTS), batch_size)] == alone


def test_a_pipe_takes_texts_as_they_are_needed(finder: EntityFinder) -> None:
    taken = []

    def texts():
        for text in TEXTS:
            taken.append(text)
            yield text

    next(finder.pipe(texts(), batch_size=2))
    assert taken == TEXTS[:2]


def _places(entities):
    return [(entity.start_char, entity.end_char, entity.type) for entity in entities]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ner: ner(None), "got None, a NoneType; allowed is a text"),
        (lambda ner: ner(["a"]), r"got \['a'\], a list; allowed is a text .* pipe\(texts\)"),
        (lambda ner: ner.pipe("text"), "got 'text', a str; allowed are several texts"),
        (lambda ner: ner.pipe(3), "got 3, a int; allowed are several texts"),
        (lambda ner: list(ner.pipe(["a", "b", None], 1)), "text 2 is None, a NoneType; allowed is"),
        (lambda ner: ner.pipe([], 0), "batch_size is 0; allowed is >= 1"),
        (lambda ner: ner.candidates(None), "got None, a NoneType; allowed is a text"),
        (lambda ner: ner.tokens("Old Tarn"), "got 'Old Tarn', a str; allowed are the words"),
        (lambda ner: ner.tokens(["Old", ""]), "word 1 is ''"),
    ],
)
def test_what_is_no_text_is_said_at_once(finder: EntityFinder, call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call(finder)


def test_an_entity_is_a_dict_as_predict_writes_it(finder: EntityFinder) -> None:
    (output,) = finder.predictor.predict_batch_json([{"text": TEXTS[0]}])
    assert [entity.to_dict() for entity in finder(TEXTS[0])] == output["entities"]


def test_words_are_taken_as_they_are(finder: EntityFinder) -> None:
    words = TEXTS[0].split()
    (output,) = finder.predictor.predict_batch_json([{"tokens": words}])
    entities = finder.tokens(words)
    assert entities
    assert [entity.to_dict() for entity in entities] == output["entities"]
    assert {entity.start_char for entity in entities} == {None}
    assert all(entity.text == " ".join(words[entity.start : entity.end]) for entity in entities)
    assert finder.tokens([]) == []


def test_a_bar_counts_the_texts_of_a_pipe(
    finder: EntityFinder, capfd: pytest.CaptureFixture[str]
) -> None:
    quiet = list(finder.pipe(TEXTS))
    assert capfd.readouterr().err == ""
    assert list(finder.pipe(TEXTS, progress=True)) == quiet
    assert "predicting: 100%" in capfd.readouterr().err


@pytest.fixture(scope="module")
def doubtful(trained_archive: Path) -> EntityFinder:
    """Finds whatever has any probability, overlapping or not."""
    return locate_label_allennlp.load(
        trained_archive, "cpu", threshold=0.0, overrides={"model.decoder": {"type": "none"}}
    )


def test_overlap_is_chosen_at_a_call_or_for_all_calls(
    trained_archive: Path, doubtful: EntityFinder
) -> None:
    nested = doubtful(TEXTS[0])
    assert _share_words(nested)
    lengths = {}
    for overlap in ("flat", "outermost", "innermost"):
        entities = doubtful(TEXTS[0], overlap=overlap)
        assert entities
        assert set(entities) < set(nested)
        assert not _share_words(entities)
        assert list(doubtful.pipe([TEXTS[0]], overlap=overlap)) == [entities]
        lengths[overlap] = max(entity.end - entity.start for entity in entities)
    assert lengths["innermost"] < lengths["outermost"]
    always = locate_label_allennlp.load(
        trained_archive,
        "cpu",
        threshold=0.0,
        overlap="outermost",
        overrides={"model.decoder": {"type": "none"}},
    )
    assert always(TEXTS[0]) == doubtful(TEXTS[0], overlap="outermost")
    assert always(TEXTS[0], overlap="nested") == nested
    words = TEXTS[0].split()
    assert always.tokens(words) == doubtful.tokens(words, overlap="outermost")
    with pytest.raises(ConfigurationError, match="overlap is 'inner'; allowed are nested, flat"):
        doubtful(TEXTS[0], overlap="inner")


def _share_words(entities: Any) -> bool:
    return any(
        one.sentence == other.sentence and one.start < other.end and other.start < one.end
        for one, other in combinations(entities, 2)
    )


def test_candidates_have_what_fell_below_the_threshold(finder: EntityFinder) -> None:
    found = {_span(entity) for entity in finder(TEXTS[0])}
    candidates = finder.candidates(TEXTS[0], min_score=0.0)
    assert {_span(candidate) for candidate in candidates if candidate.is_found} == found
    rejected = [candidate for candidate in candidates if not candidate.is_found]
    assert any(candidate.score < 0.5 for candidate in rejected)
    assert len({_span(candidate) for candidate in candidates}) == len(candidates)
    for candidate in candidates:
        assert candidate.probabilities.keys() == set(finder.types)
        assert candidate.score == max(candidate.probabilities.values())
        assert candidate.score == candidate.probabilities[candidate.type]
        assert candidate.none + sum(candidate.probabilities.values()) == pytest.approx(1.0)
        tie = (candidate.score + candidate.none) / 2
        assert candidate.needed == pytest.approx(max(finder.thresholds[candidate.type], tie))
        assert TEXTS[0][candidate.start_char : candidate.end_char] == candidate.text
    above = finder.candidates(TEXTS[0], min_score=0.3)
    assert above == [candidate for candidate in candidates if candidate.score > 0.3]
    assert finder.candidates("") == []


def test_candidates_that_overlap_are_not_found(doubtful: EntityFinder) -> None:
    nested = doubtful.candidates(TEXTS[0], min_score=0.0)
    assert all(candidate.is_found for candidate in nested if candidate.none < 0.4)
    # Of a span that several seeds led to the best is taken, as by the decoder.
    scores = {_span(entity): entity.score for entity in doubtful(TEXTS[0])}
    found = {_span(each): each.score for each in nested if each.is_found}
    assert found == pytest.approx(scores)
    doubtful.predictor._overlap = "flat"
    try:
        flat = doubtful.candidates(TEXTS[0], min_score=0.0)
        found = {_span(entity) for entity in doubtful(TEXTS[0])}
    finally:
        doubtful.predictor._overlap = "nested"
    assert {_span(candidate) for candidate in flat if candidate.is_found} == found


def _span(entity: FoundEntity) -> Any:
    return entity.sentence, entity.start, entity.end, entity.type


def test_a_threshold_is_that_of_all_types_or_of_some(
    trained_archive: Path, finder: EntityFinder
) -> None:
    assert locate_label_allennlp.load(trained_archive, "cpu", threshold=1.0)(TEXTS[0]) == []
    before = finder(TEXTS[0])
    assert len({entity.type for entity in before}) > 1
    kind = before[0].type
    finder.model.set_threshold({kind: 1.0})
    try:
        assert finder(TEXTS[0]) == [entity for entity in before if entity.type != kind]
        assert finder.thresholds[kind] == 1.0
        finder.model.set_threshold(1.0)
        finder.model.set_threshold({kind: 0.5})
        assert finder(TEXTS[0]) == [entity for entity in before if entity.type == kind]
        assert finder.thresholds == {**dict.fromkeys(finder.types, 1.0), kind: 0.5}
    finally:
        finder.model.set_threshold(0.5)
    assert finder(TEXTS[0]) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": {"PLAICE": 0.3}}, r"threshold has \['PLAICE'\]; allowed are .*PLACE"),
        ({"threshold": 3}, r"`threshold` is 3, but it must lie in \[0, 1\]"),
        ({"precision": "half"}, "precision is 'half'; allowed are"),
        ({"device": "tpu"}, "device is 'tpu'; allowed are 'cpu', 'cuda'"),
        ({"overlap": "inner"}, "overlap is 'inner'; allowed are nested, flat"),
    ],
)
def test_what_is_not_allowed_is_said(trained_archive: Path, options: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        locate_label_allennlp.load(trained_archive, **{"device": "cpu", **options})


def test_a_finder_says_what_it_is(trained_archive: Path, finder: EntityFinder) -> None:
    types = ", ".join(finder.types)
    assert repr(finder) == (
        f"EntityFinder({str(trained_archive)!r}: locate_and_label, encoder embedding, "
        f"types {types}, all > 0.5)"
    )
    first, *others = finder.types
    finder.model.set_threshold({first: 0.25})
    try:
        assert f"types {first} > 0.25, {others[0]} > 0.5" in repr(finder)
    finally:
        finder.model.set_threshold(0.5)


def test_precision_is_that_of_the_model(trained_archive: Path) -> None:
    ner = locate_label_allennlp.load(trained_archive, "cpu", precision="bf16")
    dtypes = set()
    ner.model._word_encoder.register_forward_hook(
        lambda module, inputs, output: dtypes.add(output.dtype)
    )
    assert ner(TEXTS[0])
    assert dtypes == {torch.bfloat16}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of the files of a folder."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_of_an_address_the_copy_is_taken(
    trained_archive: Path, finder: EntityFinder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locate_label_allennlp.predictors.loading.CACHE_DIRECTORY", tmp_path)
    monkeypatch.setattr("allennlp.common.file_utils.CACHE_DIRECTORY", str(tmp_path))
    load = locate_label_allennlp.load
    with served(trained_archive.parent) as address:
        url = f"{address}/model.tar.gz"
        message = f"{url} is not on this machine; allowed with local_files_only is a file"
        with pytest.raises(ConfigurationError, match=message):
            load(url, "cpu", local_files_only=True)
        assert load(url, "cpu")(TEXTS[0]) == finder(TEXTS[0])
    assert load(url, "cpu", local_files_only=True)(TEXTS[0]) == finder(TEXTS[0])


def test_a_fresh_interpreter_needs_no_other_import(trained_archive: Path, tmp_path: Path) -> None:
    code = f"""
import sys
import locate_label_allennlp
ner = locate_label_allennlp.load({str(trained_archive)!r}, -1)
print([entity.text for entity in ner({TEXTS[0]!r})])
strict = locate_label_allennlp.load({str(trained_archive)!r}, overrides=dict({OVERRIDES!r}))
print(strict({TEXTS[0]!r}))
print("allennlp_models" in sys.modules)
help(locate_label_allennlp.load)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert found.returncode == 0, found.stderr
    entities, none, others, *documented = found.stdout.splitlines()
    assert "Old Tarn" in entities
    assert (none, others) == ("[]", "False")
    signature = "\n".join(documented)
    for name in ("model", "device", "language", "words", "overrides"):
        assert f"{name}: " in signature
    assert "**" not in signature
    assert "INFO" not in found.stderr
