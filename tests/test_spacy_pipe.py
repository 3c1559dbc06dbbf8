import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator, List

import pytest
import spacy
import srsly
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.common.checks import ConfigurationError
from spacy import displacy
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import filter_spans

import locate_label_allennlp
from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats import JsonlFormat
from locate_label_allennlp.predictors.entity_finder import EntityFinder
from locate_label_allennlp.spacy_pipe import LocateLabelPipe
from locate_label_allennlp.tuning.tuned_archive import copy_archive

TEXT = "The mayor of Old Tarn met her brother again."
TEXTS = [
    TEXT,
    "",
    " \n",
    "Tarn.  It was\n\nlate.",
    "The keeper of the museum of the port of Tarn left.",
]


def pipeline(model: Any, sentences: bool = True, **config: Any) -> Language:
    nlp = spacy.blank("en")
    if sentences:
        nlp.add_pipe("sentencizer")
    nlp.add_pipe("locate_label", config={"model": str(model), "device": "cpu", **config})
    return nlp


@pytest.fixture(scope="module")
def nlp(trained_archive: Path) -> Language:
    return pipeline(trained_archive)


@pytest.fixture(scope="module")
def finder(trained_archive: Path) -> EntityFinder:
    return locate_label_allennlp.load(trained_archive, device="cpu")


def spans(doc: Doc, key: str = "sc") -> List[Any]:
    scores = doc.spans[key].attrs["scores"]
    assert len(scores) == len(doc.spans[key])
    return [
        (span.start_char, span.end_char, span.label_, pytest.approx(float(score), abs=1e-5))
        for span, score in zip(doc.spans[key], scores, strict=True)
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_spans_are_the_entities_of_the_text(nlp: Language, finder: EntityFinder, text: str) -> None:
    entities = finder(text)
    assert bool(entities) == ("Tarn" in text)
    assert spans(nlp(text)) == [
        (each.start_char, each.end_char, each.type, each.score) for each in entities
    ]
    assert not nlp(text).ents


def test_where_a_pipeline_has_no_sentences_punctuation_tells_them(
    trained_archive: Path, nlp: Language
) -> None:
    text = f"Tarn left. {TEXT} Tarn left."
    without = pipeline(trained_archive, sentences=False)
    doc = without(text)
    assert spans(doc) == spans(nlp(text))
    assert not doc.has_annotation("SENT_START")
    whole = Doc(
        nlp.vocab, [token.text for token in doc], sent_starts=[True] + [False] * (len(doc) - 1)
    )
    component: Any = nlp.get_pipe("locate_label")
    (document,) = documents_given(component, whole)
    assert len(document.sentences) == 1
    (document,) = documents_given(component, doc)
    assert [len(sentence.words) for sentence in document.sentences] == [3, 10, 3]
    (document,) = documents_given(component, nlp.make_doc(" Tarn \n\n left.  \n"))
    assert [sentence.words for sentence in document.sentences] == [("Tarn", "left", ".")]


def documents_given(component: LocateLabelPipe, *docs: Doc) -> Iterator[Document]:
    return (component._document(doc)[0] for doc in docs)


def test_words_and_sentences_are_those_of_the_pipeline(nlp: Language, finder: EntityFinder) -> None:
    sentences = [["The", "mayor", "of", "Old", "Tarn"], ["met", "Tarn."]]
    words = [word for sentence in sentences for word in sentence]
    doc = Doc(nlp.vocab, words, sent_starts=[True, *[False] * 4, True, False])
    nlp.get_pipe("locate_label")(doc)
    output = finder.predictor.predict_json({"document": sentences})
    assert output["entities"]
    first = [0, len(sentences[0])]
    assert [(span.start, span.end, span.label_) for span in doc.spans["sc"]] == [
        (
            first[each["sentence"]] + each["start"],
            first[each["sentence"]] + each["end"],
            each["type"],
        )
        for each in output["entities"]
    ]


def test_a_stream_gives_what_single_texts_give(nlp: Language) -> None:
    alone = [spans(nlp(text)) for text in TEXTS]
    for batch_size in (1, 2, 1000):
        assert [spans(doc) for doc in nlp.pipe(iter(TEXTS), batch_size=batch_size)] == alone
    # The parent has calculated before, which is what a forked process suffers from.
    texts = 3 * TEXTS
    assert [spans(doc) for doc in nlp.pipe(texts, batch_size=2, n_process=2)] == 3 * alone


def test_a_pipeline_can_be_sent_to_another_process(nlp: Language) -> None:
    component: Any = nlp.get_pipe("locate_label")
    make, arguments = component.__reduce__()
    assert spans(make(*arguments)(nlp.make_doc(TEXT))) == spans(nlp(TEXT))


def test_options_are_those_of_load(trained_archive: Path, nlp: Language) -> None:
    assert spans(pipeline(trained_archive, threshold=1.0)(TEXT)) == []
    whole = spans(nlp(TEXT))
    kind = whole[0][2]
    others = pipeline(trained_archive, threshold={kind: 1.0}, spans_key="other")(TEXT)
    assert spans(others, "other") == [span for span in whole if span[2] != kind]
    assert len(whole) > 1
    outermost = pipeline(trained_archive, overlap="outermost", precision="fp32")(TEXT)
    assert spans(outermost) == whole[:1]
    with pytest.raises(ValueError, match="pos is 'upos'; allowed are pos, tag, or None"):
        pipeline(trained_archive, pos="upos")
    with pytest.raises(ConfigurationError, match=r"threshold has \['PLAICE'\]; allowed are"):
        pipeline(trained_archive, threshold={"PLAICE": 0.5})(TEXT)


def test_outermost_entities_are_doc_ents_on_demand(trained_archive: Path) -> None:
    nlp = pipeline(trained_archive, set_ents=True)
    doc = nlp.make_doc(TEXT)
    doc.ents = [Span(doc, 5, 6, label="OLD")]
    doc = nlp(doc)
    outermost = filter_spans(doc.spans["sc"])
    assert len(outermost) < len(doc.spans["sc"])
    assert list(doc.ents) == outermost
    scores = nlp.evaluate([Example(nlp.make_doc(TEXT), doc)])
    assert (scores["ents_f"], scores["spans_sc_f"]) == (1.0, 1.0)


def test_displacy_draws_the_spans(nlp: Language) -> None:
    doc = nlp(TEXT)
    page = displacy.render(doc, style="span", page=True, jupyter=False)
    for span in doc.spans["sc"]:
        assert span.label_ in page


def test_scores_are_those_of_evaluate(
    trained_archive: Path, fixtures: Path, tmp_path: Path
) -> None:
    corpus = fixtures / "formats" / "nested.jsonl"
    # Low enough that much is wrong.
    model = tmp_path / "low.tar.gz"
    copy_archive(str(trained_archive), str(model), with_threshold)
    nlp = pipeline(model, pos="pos")
    metrics = evaluate_from_archive(str(model), str(corpus))
    examples = [example(nlp, document) for document in JsonlFormat().read(str(corpus))]
    for scores in (nlp.evaluate(examples), _scored(nlp, examples)):
        assert 0.2 < scores["spans_sc_p"] < 1.0
        for short, name in (("p", "precision"), ("r", "recall"), ("f", "f1")):
            assert scores[f"spans_sc_{short}"] == pytest.approx(metrics[f"micro_{name}"])


def with_threshold(config: Any) -> Any:
    config["model"]["decoder"]["score_threshold"] = 0.02
    return config


def _scored(nlp: Language, examples: List[Example]) -> Any:
    for each in examples:
        each.predicted = nlp.get_pipe("locate_label")(each.predicted)
    return Scorer.score_spans(
        examples,
        "spans_sc",
        getter=lambda doc, name: doc.spans.get("sc", []),
        has_annotation=lambda doc: "sc" in doc.spans,
        allow_overlap=True,
    )


def example(nlp: Language, document: Document) -> Example:
    words: List[str] = []
    starts: List[bool] = []
    pos: List[str] = []
    entities = []
    for sentence in document.sentences:
        entities += [
            (len(words) + each.start, len(words) + each.end, each.type)
            for each in sentence.entities
        ]
        words += sentence.words
        pos += sentence.pos or ()
        starts += [True] + [False] * (len(sentence.words) - 1)
    predicted, gold = (Doc(nlp.vocab, words, sent_starts=starts, pos=pos) for _ in range(2))
    gold.spans["sc"] = [Span(gold, start, end, label=kind) for start, end, kind in entities]
    return Example(predicted, gold)


@pytest.mark.parametrize("is_folder", [False, True])
def test_the_model_is_stored_with_the_pipeline(
    nlp: Language, trained_archive: Path, tmp_path: Path, is_folder: bool
) -> None:
    before = spans(nlp(TEXT))
    source = tmp_path / "source"
    nlp = pipeline(copied(trained_archive.parent, source) if is_folder else trained_archive)
    nlp.to_disk(tmp_path / "first")
    content = nlp.to_bytes()
    copies = {each.name for each in (tmp_path / "first" / "locate_label").rglob("*")}
    assert copies >= ({"config.json", "weights.th"} if is_folder else {"model.tar.gz"})
    assert not {name for name in copies if "state" in name or name == "best.th"}
    (tmp_path / "first").rename(tmp_path / "moved")
    if is_folder:
        source.rename(tmp_path / "away")
    nlp = spacy.load(tmp_path / "moved")
    assert spans(nlp(TEXT)) == before
    assert nlp.meta["labels"]["locate_label"]
    # In its own place, and elsewhere.
    for target in ("moved", "second", "second"):
        nlp.to_disk(tmp_path / target)
    assert spans(spacy.load(tmp_path / "second")(TEXT)) == before

    empty = spacy.blank("en")
    empty.add_pipe("sentencizer")
    empty.add_pipe("locate_label")
    empty.from_bytes(content)
    assert spans(empty(TEXT)) == before
    assert [spans(doc) for doc in empty.pipe([TEXT, TEXT], n_process=2, batch_size=1)] == 2 * [
        before
    ]
    empty.to_disk(tmp_path / "third")
    assert spans(spacy.load(tmp_path / "third")(TEXT)) == before


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    (target / "model.tar.gz").unlink()
    return target


def test_a_path_is_that_of_the_folder_it_was_given_in(
    nlp: Language, trained_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained_archive.parent)
    relative = pipeline("model.tar.gz")
    monkeypatch.chdir(tmp_path)
    assert spans(relative(TEXT)) == spans(nlp(TEXT))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "the component 'locate_label' has no model"),
        ({"model": "no/model.tar.gz"}, "no/model.tar.gz cannot be loaded: "),
    ],
)
def test_a_model_that_is_not_there_is_said(config: Any, message: str, tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("locate_label", config=config)
    for use in (nlp, lambda text: nlp.initialize(), lambda text: nlp.to_disk(tmp_path / "nlp")):
        with pytest.raises((ValueError, ConfigurationError), match=message):
            use(TEXT)
    with pytest.raises(
        ConfigurationError, match=f"{tmp_path} holds no model; allowed is model.tar"
    ):
        nlp.get_pipe("locate_label").from_disk(tmp_path)  # type: ignore[attr-defined]


def test_bytes_do_not_lead_out_of_their_folder() -> None:
    nlp = spacy.blank("en")
    component: Any = nlp.add_pipe("locate_label")
    with pytest.raises(ConfigurationError, match=r"'\.\./x' leads out of the folder"):
        component.from_bytes(srsly.msgpack_dumps({"../x": b""}))


def test_spacy_s_handler_of_errors_decides(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    component: Any = nlp.get_pipe("locate_label")
    annotate = component._annotate

    def fail(docs: List[Doc]) -> None:
        if any(not doc.text.strip() for doc in docs):
            raise ValueError("broken")
        annotate(docs)

    monkeypatch.setattr(component, "_annotate", fail)
    with pytest.raises(ValueError, match="broken"):
        list(nlp.pipe(TEXTS, batch_size=1))
    component.set_error_handler(lambda name, proc, docs, error: None)
    try:
        kept = [doc.text for doc in nlp.pipe(TEXTS, batch_size=1)]
    finally:
        del component.error_handler
    assert kept == [text for text in TEXTS if text.strip()]


SAVE = """
import spacy
nlp = spacy.blank("en")
nlp.add_pipe("locate_label", config={{"model": {model!r}}})
doc = nlp({text!r})
print(doc.spans["sc"])
nlp.to_disk({folder!r})
"""
LOAD = """
import spacy
nlp = spacy.load({folder!r})
text = " ".join([{text!r}] * 300)
before = nlp(text)
docs = list(nlp.pipe([text] * 4, n_process=2, batch_size=2))
assert all(len(doc.spans["sc"]) == len(before.spans["sc"]) for doc in docs)
print(docs[-1][:9].text, docs[-1].spans["sc"][0].label_)
"""


def test_in_a_fresh_interpreter_spacy_finds_the_component(
    trained_archive: Path, nlp: Language, tmp_path: Path
) -> None:
    model, folder = tmp_path / "model.tar.gz", tmp_path / "nlp"
    model.write_bytes(trained_archive.read_bytes())
    doc = nlp(TEXT)
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    for code, shown in (
        (SAVE, str(doc.spans["sc"])),
        (LOAD, f"{doc[:9].text} {doc.spans['sc'][0].label_}"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code.format(model=str(model), folder=str(folder), text=TEXT)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{shown}\n"
        assert done.stderr == ""
        model.unlink(missing_ok=True)
