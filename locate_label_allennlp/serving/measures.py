"""What Prometheus is told."""

import os
import time
from typing import Any, Dict

from locate_label_allennlp.serving.limits import Application, Message, Receive, Scope, Send

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Measures:
    """
    The counters of a process; where there are several, `PROMETHEUS_MULTIPROC_DIR` names the folder
    in which they are added up.
    """

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        common: Dict[str, Any] = {"registry": self.registry}
        self.requests = Counter(
            "ner_requests", "Requests that were answered", ["path", "status"], **common
        )
        self.seconds = Histogram(
            "ner_request_seconds", "From request to answer", ["path"], buckets=SECONDS, **common
        )
        self.texts = Counter("ner_texts", "Texts that were predicted", **common)
        self.chars = Counter("ner_characters", "Characters of these", **common)
        self.batch_texts = Histogram(
            "ner_batch_texts", "Texts that were predicted at once", buckets=SIZES, **common
        )
        self.batch_seconds = Histogram(
            "ner_batch_seconds", "What these took", buckets=SECONDS, **common
        )
        self.waiting = Gauge(
            "ner_waiting_texts", "Texts that wait", multiprocess_mode="livesum", **common
        )

    def exposition(self) -> bytes:
        """In Prometheus's text format."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry)

    def batch(self, texts: int, seconds: float) -> None:
        self.batch_texts.observe(texts)
        self.batch_seconds.observe(seconds)


class Measured:
    """
    Middleware (ASGI) that counts answers.

    # Parameters

    app : `Application`
    measures : `Measures`
    paths : `frozenset`
        Those that are counted by name; all others are `other`.
    """

    def __init__(self, app: Application, measures: Measures, paths: "frozenset[str]") -> None:
        self._app = app
        self._measures = measures
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self._paths else "other"
        begin = time.perf_counter()
        # Of a client that has gone away; what other servers call it, too.
        status = 499

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            self._measures.requests.labels(path, status).inc()
            self._measures.seconds.labels(path).observe(time.perf_counter() - begin)
