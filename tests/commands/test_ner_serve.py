"""The command itself, in processes of its own."""

import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.serving.client import NerClient, ServerError
from tests.allennlp_command import start_allennlp
from tests.untrained import write_untrained

Run = Callable[..., Tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of a training: untrained."""
    folder = tmp_path_factory.mktemp("model")
    settings = {"decoder": {"type": "none", "score_threshold": 0.0}}
    return write_untrained(folder, fixtures, settings, lambda weights: None)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_and_ends_what_it_has_begun(model: Path, tmp_path: Path, workers: int) -> None:
    process = start_allennlp(
        *("ner-serve", model, "--port", 0, "--workers", workers),
        cwd=tmp_path,
        NER_SERVE_TOKEN="s3cret",
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.match(r"http://127\.0\.0\.1:\d+", line)
        assert address is not None, line + process.communicate(timeout=60)[0]
        ner = NerClient(address[0], token="s3cret")
        deadline = time.monotonic() + 300
        while not ner.is_ready():
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline, "the server does not get ready"
            time.sleep(0.2)
        with pytest.raises(ServerError, match="401"):
            NerClient(address[0])("The port of Tarn")
        assert ner("The port of Tarn")
        # A request that takes a while is under way when the server is told to end.
        text = "The port of Tarn left Old Tarn. " * 1500
        answers: List[Any] = []
        asking = threading.Thread(target=lambda: answers.append(ner(text)))
        asking.start()
        time.sleep(0.3)
        assert not answers
        process.send_signal(signal.SIGTERM)
        asking.join(120)
        output, _ = process.communicate(timeout=60)
        assert len(answers) == 1
        assert answers[0][-1]["end_char"] > len(text) - 40
        assert (process.returncode, output) == (0, "")
        assert not ner.is_ready()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--workers", "0"], "--workers is 0; allowed is >= 1"),
        (["--max-chars", "0"], "max_chars is 0; allowed is >= 1"),
        (["--queue", "0"], "queue is 0; allowed is >= 1"),
        (["--timeout", "nan"], "timeout is nan; allowed is more than 0"),
        (["--port", "70000"], "127.0.0.1:70000: "),
        (["--host", "not a host"], "not a host:8000: "),
        (["--host", "a" * 64], f"{'a' * 64}:8000: "),
        (["--token", ""], "the token has to be"),
        (["--token", "s3cret\n"], "the token has to be"),
        (["--token", " s3cret"], "the token has to be"),
    ],
)
def test_options_that_are_not_allowed(
    allennlp: Run, model: Path, options: List[str], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(reason)):
        allennlp("ner-serve", model, *options)


def test_an_address_that_is_taken(allennlp: Run, model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}: .*in use"):
            allennlp("ner-serve", model, "--port", port)


def test_what_is_not_installed_is_named(
    allennlp: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigurationError, match=r"locate-label-allennlp\[serve\]"):
        allennlp("ner-serve", model)
