import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from locate_label_allennlp.serving import client as client_module
from locate_label_allennlp.serving.client import NerClient, ServerError
from locate_label_allennlp.serving.served_model import ServedModel

TEXTS = ["The mayor of Old Tarn.", "", "Ahl 🙂 Tarn", "Tarn"]


def test_it_finds_what_the_model_finds(make_server: Any, served: ServedModel) -> None:
    ner = NerClient(f"http://127.0.0.1:{make_server(token='a')}/", token="a")
    expected = [served.chosen(*served.scored([text])) for text in TEXTS]
    assert [ner(text) for text in TEXTS] == expected
    assert [
        [(each["type"], each["text"]) for each in found] for found in ner.pipe(iter(TEXTS), 3)
    ] == [[(each["type"], each["text"]) for each in found] for found in expected]
    every = served.chosen(*served.scored([TEXTS[0]]), 0.05)
    assert ner(TEXTS[0], threshold=0.05, types=["ORG"]) == [
        each for each in every if each["type"] == "ORG"
    ]
    assert ner(TEXTS[0], threshold=dict.fromkeys(served.types, 1.0)) == []
    (flat,) = ner.pipe([TEXTS[0]], overlap="flat")
    assert 0 < len(flat) < len(expected[0])
    assert ner.model()["types"] == served.types
    assert ner.is_ready()


def test_what_is_refused_is_said(make_server: Any) -> None:
    port = make_server(token="a", max_chars=3)
    with pytest.raises(ServerError, match="401: the token is missing or wrong"):
        NerClient(f"http://127.0.0.1:{port}")("a")
    ner = NerClient(f"http://127.0.0.1:{port}", token="a")
    with pytest.raises(ServerError, match="413: 4 characters; allowed are 3") as refused:
        ner("long")
    assert refused.value.status == 413
    nobody = NerClient("http://127.0.0.1:9")
    assert not nobody.is_ready()
    with pytest.raises(OSError, match="refused"):
        nobody("a")


def test_what_would_be_dropped_or_cut_into_letters_is_an_error() -> None:
    ner = NerClient("http://127.0.0.1:9")
    with pytest.raises(ValueError, match="batch_size is 0; allowed is >= 1"):
        next(ner.pipe(TEXTS, batch_size=0))
    with pytest.raises(TypeError, match="got a str; allowed are several texts"):
        next(ner.pipe("Tarn"))


def test_it_comes_again_when_there_is_too_much_to_do(
    make_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No answer is ever in time.
    port = make_server(timeout=1e-9)
    slept = []
    monkeypatch.setattr(client_module.time, "sleep", slept.append)
    with pytest.raises(ServerError, match="503: no answer"):
        NerClient(f"http://127.0.0.1:{port}", retries=3)("a")
    assert len(slept) == 3
    assert all(seconds >= 1 for seconds in slept)


def test_it_needs_the_standard_library_only(tmp_path: Path) -> None:
    file = Path(client_module.__file__)
    (tmp_path / "client.py").write_text(file.read_text("utf-8"), "utf-8")
    code = "import sys; import client; print(client.NerClient); print('site' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "False"
