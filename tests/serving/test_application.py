import http.client
import json
import re
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from fastapi.testclient import TestClient

from locate_label_allennlp.serving.served_model import ServedModel
from locate_label_allennlp.serving.server import load_served_model

Make = Callable[..., TestClient]

TEXT = "The mayor of Old Tarn met her brother — again. 🙂 Tarn."


class Slow:
    """The model with a prediction that waits until it is let through."""

    def __init__(self, served: ServedModel) -> None:
        self.begun, self.open = threading.Event(), threading.Event()
        self.texts: List[str] = []
        self._served = served

    def __getattr__(self, name: str) -> Any:
        return getattr(self._served, name)

    def scored(self, texts: List[str]) -> Any:
        self.texts += texts
        self.begun.set()
        assert self.open.wait(30)
        return self._served.scored(texts)


@pytest.fixture
def slow(served: ServedModel) -> Slow:
    return Slow(served)


def test_one_text_and_several(make_client: Make, served: ServedModel) -> None:
    client = make_client()
    expected = served.chosen(served.scored([TEXT])[0])
    assert expected
    one = client.post("/predict", json={"text": TEXT})
    assert (one.status_code, one.json()) == (200, {"entities": expected})
    for entity in one.json()["entities"]:
        assert TEXT[entity["start_char"] : entity["end_char"]] == entity["text"]
    many = client.post("/predict", json={"texts": ["", TEXT, " "]}).json()["results"]
    assert many[0] == many[2] == {"entities": []}
    places = [(each["type"], each["start_char"], each["end_char"]) for each in expected]
    found = many[1]["entities"]
    assert [(each["type"], each["start_char"], each["end_char"]) for each in found] == places
    assert client.post("/predict", json={"texts": []}).json() == {"results": []}


def test_options(make_client: Make) -> None:
    client = make_client()

    def found(**options: Any) -> List[Dict[str, Any]]:
        answer = client.post("/predict", json={"text": TEXT, **options})
        assert answer.status_code == 200, answer.text
        entities: List[Dict[str, Any]] = answer.json()["entities"]
        return entities

    every, own = found(threshold=0.05), found()
    assert len(every) > len(own) > 0
    assert found(threshold=0.9) == [each for each in every if each["score"] > 0.9]
    assert found(threshold=1) == []
    assert {each["type"] for each in found(types=["ORG"], threshold=0.05)} == {"ORG"}
    flat = found(overlap="outermost")
    assert 0 < len(flat) < len(own)
    assert all(each in own for each in flat)
    assert found(threshold={"ORG": 1, "ROLE": 0.9}) == [
        each for each in own if each["type"] == "ROLE" and each["score"] > 0.9
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"text": "a"', "Invalid JSON"),
        (b"", "Invalid JSON"),
        (b"[" * 5000, "Invalid JSON"),
        (b'{"text": "\xff"}', "Invalid JSON"),
        (b'{"text": "\\ud800"}', "Invalid JSON"),
        (b"[]", "should be an object"),
        (b"{}", "allowed is one of text and texts"),
        (b'{"text": "a", "texts": ["b"]}', "allowed is one of text and texts"),
        (b'{"text": 3}', "text: Input should be a valid string"),
        (b'{"texts": ["a", null]}', r"texts\.1: Input should be a valid string"),
        (b'{"text": "a", "treshold": 0.5}', "treshold: Extra inputs are not permitted"),
        (b'{"text": "a", "threshold": "0.5"}', r"threshold\.float: Input should be a valid"),
        (b'{"text": "a", "overlap": "none"}', "overlap: Input should be 'nested', 'flat'"),
        (b'{"text": "a", "threshold": 2}', r"threshold is 2\.0; allowed is 0 to 1"),
        (b'{"text": "a", "threshold": NaN}', r"threshold is nan; allowed is 0 to 1"),
        (b'{"text": "a", "threshold": {"ORG": -1}}', r"threshold is -1\.0; allowed is 0 to 1"),
        (b'{"text": "a", "threshold": {"X": 0.5}}', "type 'X'; allowed are ORG"),
        (b'{"text": "a", "types": ["ORG", "<b>"]}', "type '<b>'; allowed are ORG"),
    ],
)
def test_what_is_not_allowed_is_said(make_client: Make, body: bytes, reason: str) -> None:
    answer = make_client().post("/predict", content=body)
    assert answer.status_code == 422
    assert list(answer.json()) == ["detail"]
    assert re.search(reason, answer.json()["detail"])
    assert "\n" not in answer.json()["detail"]


def test_a_text_that_the_model_refuses_is_said_and_leaves_the_others_alone(
    make_client: Make, served_folder: Any
) -> None:
    refusing = load_served_model(str(served_folder), overrides={"model.max_words": 5})
    client = make_client(refusing)
    answer = client.post("/predict", json={"texts": ["a b", "a b c d e f"]})
    assert answer.status_code == 422
    assert re.match("text 1: .*6 words", answer.json()["detail"])
    assert client.post("/predict", json={"text": "a b c d e f"}).status_code == 422
    assert client.post("/predict", json={"text": "a b c d e"}).status_code == 200


def test_what_fails_unforeseen_is_in_the_log_alone(
    make_client: Make, slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(texts: List[str]) -> None:
        raise RuntimeError("secret")

    slow.scored = fails  # type: ignore[method-assign, assignment]
    answer = make_client(slow).post("/predict", json={"text": "a"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_what_is_too_large_is_refused(make_client: Make) -> None:
    client = make_client(max_chars=10, queue=3)
    assert client.post("/predict", json={"text": "x" * 10}).status_code == 200
    answer = client.post("/predict", json={"texts": ["x" * 5, "x" * 6]})
    assert answer.status_code == 413
    assert answer.json()["detail"] == "11 characters; allowed are 10 in a request"
    answer = client.post("/predict", json={"texts": ["x"] * 4})
    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "4 texts; allowed are 3 in a request",
    )
    # The longest way to write 10 characters is no reason.
    escaped = b'{"text": "' + b"\\ud83d\\ude42" * 10 + b'"}'
    assert client.post("/predict", content=escaped).status_code == 200

    def endless() -> Any:
        for _ in range(10):
            yield b"x" * 10_000

    for content in (b"x" * 100_000, endless()):
        answer = client.post("/predict", content=content)
        assert answer.status_code == 413
        assert answer.json()["detail"] == "the body is too large; allowed are 65,656 bytes"


def test_the_token(make_client: Make) -> None:
    client = make_client(token="s3cret")
    for path in ("/predict", "/model", "/metrics"):
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
            method = "POST" if path == "/predict" else "GET"
            answer = client.request(method, path, headers=given)
            assert answer.status_code == 401, path
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    client.headers["Authorization"] = "bearer s3cret"
    assert client.post("/predict", json={"text": TEXT}).status_code == 200
    assert client.get("/model").status_code == 200
    del client.headers["Authorization"]
    for path in ("/", "/health", "/ready", "/openapi.json", "/docs"):
        assert client.get(path).status_code == 200


def test_the_model(make_client: Make) -> None:
    card = make_client(max_chars=7).get("/model").json()
    assert card["model"] == "locate_and_label"
    assert card["types"] == sorted(card["thresholds"])
    assert card["thresholds"]["ORG"] == 0.75
    assert card["lowest_threshold"] == 0.05
    assert card["limits"]["characters"] == 7
    assert card["name"].endswith("/tiny")
    assert card["card"] is None


def test_the_card_of_a_model_folder(make_client: Make, served_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(served_folder, tmp_path / "model")
    (folder / "README.md").write_text("# Ahl \U0001f6a2", "utf-8")
    told = make_client(load_served_model(str(folder))).get("/model").json()
    assert told["card"] == "# Ahl \U0001f6a2"


def test_whoever_asks_for_the_head_alone_gets_it(make_client: Make) -> None:
    client = make_client()
    for path in ("/", "/page.js", "/health", "/ready"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.head("/predict").status_code == 405


def test_metrics(make_client: Make) -> None:
    client = make_client()
    client.post("/predict", json={"texts": ["Tarn.", "x"]})
    client.post("/predict", content=b"x")
    client.get("/a/b/c")
    lines = client.get("/metrics").text.splitlines()
    for line in (
        'ner_requests_total{path="/predict",status="200"} 1.0',
        'ner_requests_total{path="/predict",status="422"} 1.0',
        'ner_requests_total{path="other",status="404"} 1.0',
        'ner_request_seconds_count{path="/predict"} 2.0',
        "ner_texts_total 2.0",
        "ner_characters_total 6.0",
        "ner_batch_texts_sum 2.0",
        "ner_waiting_texts 0.0",
    ):
        assert line in lines


def test_how_many_wait_is_noted_where_nobody_asks(make_client: Make, slow: Slow) -> None:
    client = make_client(slow)

    def ask(text: str) -> threading.Thread:
        thread = threading.Thread(target=client.post, args=("/predict",), kwargs=json_of(text))
        thread.start()
        return thread

    threads = [ask("first")]
    assert slow.begun.wait(30)
    threads.append(ask("second"))
    deadline = time.monotonic() + 30
    while "ner_waiting_texts 1.0" not in client.get("/metrics").text.splitlines():
        assert time.monotonic() < deadline
    slow.open.set()
    for thread in threads:
        thread.join(30)
    # What another worker that is asked would add.
    application: Any = client.app
    assert application._measures.exposition().decode().endswith("ner_waiting_texts 0.0\n")


def json_of(text: str) -> Dict[str, Any]:
    return {"json": {"text": text}}


def test_the_page_and_the_documentation_ask_nothing_of_others(make_client: Make) -> None:
    client = make_client()
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    schema = client.get("/openapi.json").json()
    body = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    properties = {"text", "texts", "threshold", "types", "overlap"}
    assert properties == set(body["schema"]["properties"])
    assert {"200", "401", "413", "422", "503"} <= set(
        schema["paths"]["/predict"]["post"]["responses"]
    )
    docs = client.get("/docs").text
    sources = re.findall(r'(?:src|href)="([^"]*)"', docs)
    assert sources
    for source in sources:
        assert source.startswith("/"), source
        assert client.get(source).status_code == 200


# --- over a socket ----------------------------------------------------------------------------


def post(port: int, content: Dict[str, Any]) -> "tuple[int, Dict[str, str], Any]":
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/predict", json.dumps(content))
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_a_full_queue_says_when_to_come_again(make_server: Any, slow: Slow) -> None:
    port = make_server(slow, queue=2)
    answers: List[Any] = []

    def ask(content: Any) -> threading.Thread:
        thread = threading.Thread(target=lambda: answers.append(post(port, content)))
        thread.start()
        return thread

    first = ask({"text": "first"})
    assert slow.begun.wait(30)
    second = ask({"texts": ["a", "b"]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    deadline = time.monotonic() + 30
    status = 200
    while status == 200 and time.monotonic() < deadline:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        status = answer.status
        answer.read()
    assert status == 503
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()
    status, headers, body = post(port, {"text": "c"})
    assert status == 503
    assert int(headers["retry-after"]) >= 1
    assert "try again" in body["detail"]
    slow.open.set()
    for thread in (first, second):
        thread.join(30)
    assert [status for status, _, _ in answers] == [200, 200]
    assert slow.texts == ["first", "a", "b"]


def test_no_answer_in_time(make_server: Any, slow: Slow) -> None:
    port = make_server(slow, timeout=0.3)
    status, headers, body = post(port, {"text": "a"})
    slow.open.set()
    assert status == 503
    assert "Retry-After".lower() in {name.lower() for name in headers}
    assert "no answer within 0.3 s" in body["detail"]


def test_a_client_that_goes_away_is_not_predicted_for(make_server: Any, slow: Slow) -> None:
    port = make_server(slow)
    first = threading.Thread(target=post, args=(port, {"text": "first"}))
    first.start()
    assert slow.begun.wait(30)
    gone = http.client.HTTPConnection("127.0.0.1", port)
    gone.request("POST", "/predict", json.dumps({"text": "gone"}))
    time.sleep(0.3)
    gone.close()
    time.sleep(0.3)
    slow.open.set()
    first.join(30)
    assert post(port, {"text": "last"})[0] == 200
    assert slow.texts == ["first", "last"]


def test_slow_clients_hold_up_nobody(make_server: Any) -> None:
    port = make_server(body_timeout=1.0)
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for number, each in enumerate(slow):
        each.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\n")
        if number % 2:
            each.sendall(b'Content-Length: 100\r\n\r\n{"text": "')
    assert post(port, {"text": TEXT})[0] == 200
    for number, each in enumerate(slow):
        if number % 2:
            each.settimeout(30)
            assert each.recv(1000).startswith(b"HTTP/1.1 408 ")
        each.close()
