"""What tests of the server share: a small model, the application, and a server that runs."""

import socket
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest
import uvicorn
from fastapi.testclient import TestClient

from locate_label_allennlp.serving.application import create_application
from locate_label_allennlp.serving.served_model import ServedModel
from locate_label_allennlp.serving.server import load_served_model
from locate_label_allennlp.serving.settings import Settings
from tests.untrained import Weights, never_none, write_untrained


@pytest.fixture(scope="session")
def served_folder(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder like that of a training: untrained, and made to give every span a type. Their scores
    lie on both sides of the model's threshold.
    """
    folder = tmp_path_factory.mktemp("served") / "tiny"
    folder.mkdir()
    settings = {
        "seed_lengths": [1, 2, 4],
        "decoder": {
            "type": "soft_nms",
            "score_threshold": 0.7,
            "type_thresholds": {"ORG": 0.75},
        },
    }

    def change(weights: Weights) -> None:
        weights["_classifier._output.weight"] *= 200.0
        never_none(weights)

    return write_untrained(folder, fixtures, settings, change)


@pytest.fixture(scope="session")
def served(served_folder: Path) -> ServedModel:
    return load_served_model(str(served_folder))


@pytest.fixture
def make_client(served: ServedModel) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of applications with these settings."""
    clients: List[TestClient] = []

    def make(model: Any = served, **settings: Any) -> TestClient:
        application = create_application(model, Settings(**settings))
        client = TestClient(application, raise_server_exceptions=False)
        clients.append(client.__enter__())
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def make_server(served: ServedModel) -> Iterator[Callable[..., int]]:
    """Starts servers in this process; returns their ports."""
    running = []

    def make(model: Any = served, **settings: Any) -> int:
        application = create_application(model, Settings(**settings))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", http="h11"))
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        running.append((server, thread))
        deadline = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port: int = listener.getsockname()[1]
        return port

    yield make
    for server, thread in running:
        server.should_exit = True
        thread.join(30)
