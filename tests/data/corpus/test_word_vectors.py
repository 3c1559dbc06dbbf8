import gzip
import logging
import sys
from pathlib import Path
from typing import Any, Dict, List

import numpy
import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.modules.token_embedders import Embedding

from locate_label_allennlp.data.corpus.word_vectors import (
    train_vectors,
    training_words,
    write_vectors,
)
from locate_label_allennlp.data.document import Document, Sentence

# Ships sail and horses run; which of the words go together decides how alike their vectors are.
SENTENCES: List[List[str]] = [
    [subject, verb, where]
    for subject, verb, where in [
        ("ship", "sails", "sea"),
        ("boat", "sails", "sea"),
        ("horse", "runs", "field"),
        ("mare", "runs", "field"),
    ]
    for _ in range(150)
]
SMALL: Dict[str, Any] = {"dimension": 8, "epochs": 15}


def likeness(vectors: Dict[str, Any], one: str, other: str) -> float:
    a, b = vectors[one], vectors[other]
    return float(a @ b / numpy.linalg.norm(a) / numpy.linalg.norm(b))


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_words_used_alike_have_vectors_alike(method: str) -> None:
    vectors = train_vectors(SENTENCES, method, **SMALL)
    assert vectors["ship"].shape == (8,)
    assert likeness(vectors, "ship", "boat") > likeness(vectors, "ship", "horse")
    assert likeness(vectors, "horse", "mare") > likeness(vectors, "boat", "mare")


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_the_same_seed_gives_the_same_vectors(method: str) -> None:
    first, second, other = (
        train_vectors(SENTENCES[:50], method, seed=seed, **SMALL) for seed in (1, 1, 2)
    )
    assert all((first[word] == second[word]).all() for word in first)
    assert any((first[word] != other[word]).any() for word in first)


def test_rare_words_get_none() -> None:
    vectors = train_vectors([*SENTENCES, ["once", "twice", "twice"]], min_count=2, **SMALL)
    assert "twice" in vectors
    assert "once" not in vectors


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dimension": 0}, "dimension is 0; allowed is >= 1"),
        ({"epochs": 0}, "epochs is 0"),
        ({"window": -1}, "window is -1"),
        ({"min_count": 0}, "min_count is 0"),
        ({"seed": -1}, "seed is -1; allowed is 0 to 4294967295"),
        ({"method": "glove"}, "method is 'glove'; allowed are"),
        ({"min_count": 1000}, "no word occurs 1000 times"),
    ],
)
def test_impossible_settings_are_refused(settings: Dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        train_vectors(SENTENCES, **settings)


def test_gensim_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(ConfigurationError, match="pip install gensim"):
        train_vectors(SENTENCES)


def test_words_as_the_indexer_has_them() -> None:
    documents = [Document((Sentence(("Old", "TARN")), Sentence(("Ísafjörður",))))]
    assert training_words(documents, lowercase=True) == [["old", "tarn"], ["ísafjörður"]]
    assert training_words(documents, lowercase=False) == [["Old", "TARN"], ["Ísafjörður"]]


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
def test_allennlp_reads_what_is_written(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["7", "no\u00a0break", "line\u2028end", "#", "Ísa", "two words", "new\nline", "a\rb"]
    rows = numpy.random.default_rng(0).normal(size=(len(words), 3)).astype("float32")
    with caplog.at_level(logging.WARNING):
        path = str(tmp_path / name)
        assert write_vectors(dict(zip(words, rows, strict=True)), path) == 5
    assert "3 words left out that hold a blank or a line end" in caplog.text
    vocab = Vocabulary({"tokens": dict.fromkeys(words, 1)})
    weight = Embedding(embedding_dim=3, pretrained_file=path, vocab=vocab).weight
    for word, row in zip(words[:5], rows, strict=False):
        found = weight[vocab.get_token_index(word)].detach()
        torch.testing.assert_close(found, torch.from_numpy(row), rtol=1e-5, atol=1e-6)
    content = Path(path).read_bytes()
    plain = gzip.decompress(content) if name.endswith(".gz") else content
    assert plain.startswith(b"5 3\n7 ")


def test_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no word is left"):
        write_vectors({"two words": numpy.zeros(3)}, str(tmp_path / "vectors.txt"))
    assert list(tmp_path.iterdir()) == []
