"""The server's paths, over `ServedModel` and `BatchingQueue`."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, AsyncIterator, Dict, List, Optional

from pydantic import ValidationError

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.serving.batching import BatchingQueue, QueueFull, TextError
from locate_label_allennlp.serving.limits import Limits, Receive, Scope, Send
from locate_label_allennlp.serving.measures import Measured, Measures
from locate_label_allennlp.serving.messages import (
    Found,
    FoundInMany,
    PredictRequest,
    Problem,
    reason_of,
)
from locate_label_allennlp.serving.served_model import ServedModel
from locate_label_allennlp.serving.settings import Settings

logger = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"
PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
# The page can run, load and ask nothing but what this server gives it.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
PROTECTED = frozenset({"/predict", "/model", "/metrics"})
PATHS = PROTECTED | {"/", "/health", "/ready"}


class Refused(Exception):
    """A request that is not answered, and why."""

    def __init__(self, status: int, reason: str, retry_after: Optional[int] = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def create_application(model: ServedModel, settings: Settings) -> Any:
    """The application (ASGI), for uvicorn or FastAPI's `TestClient`."""
    from fastapi import Depends, Request, Response
    from fastapi.security import HTTPBearer
    from fastapi_offline import FastAPIOffline

    measures = Measures()

    def on_batch(texts: int, seconds: float) -> None:
        measures.batch(texts, seconds)
        # Of several workers one alone answers `/metrics`, and adds up what the others have noted.
        measures.waiting.set(queue.waiting)

    queue = BatchingQueue(model.scored, settings.queue, settings.max_waiting_chars, on_batch)
    described = description(model, settings)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        queue.start()
        yield
        await queue.close()

    def as_json(content: Any, status: int = 200, headers: Optional[Dict[str, str]] = None) -> Any:
        body = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return Response(body, status, headers, media_type="application/json")

    app = FastAPIOffline(
        title="Nested named entity recognition",
        version=version("locate-label-allennlp"),
        description=f"The model {model.name}. Types: {', '.join(model.types)}.",
        redoc_url=None,
        lifespan=lifespan,
    )
    problems: Dict[Any, Any] = {
        401: {"model": Problem, "description": "the token is missing or wrong"},
        408: {"model": Problem, "description": "the body took too long to arrive"},
        413: {"model": Problem, "description": "more or longer texts than allowed"},
        422: {"model": Problem, "description": "not as described here, and why"},
        503: {"model": Problem, "description": "too much to do; see the header Retry-After"},
    }
    schema = {"application/json": {"schema": PredictRequest.model_json_schema()}}
    bearer = [Depends(HTTPBearer(auto_error=False))]

    async def answered(body: bytes) -> Response:
        try:
            return as_json(await predictions(body, model, settings, queue, measures))
        except Refused as error:
            return as_json({"detail": error.reason}, error.status, error.headers)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return as_json({"detail": error.reason}, error.status, error.headers)

    @app.post(
        "/predict",
        dependencies=bearer,
        summary="Entities in one text or in several",
        response_model=Found | FoundInMany,
        responses=problems,
        openapi_extra={"requestBody": {"required": True, "content": schema}},
    )
    async def predict(request: Request) -> Response:
        return await answered(await request.body())

    @app.head("/health", include_in_schema=False)
    @app.get("/health", summary="Whether the server runs")
    async def health() -> Response:
        return as_json({"status": "ok"})

    @app.head("/ready", include_in_schema=False)
    @app.get("/ready", summary="Whether it has room for a text", responses={503: problems[503]})
    async def ready() -> Response:
        if not queue.is_ready:
            raise Refused(503, "too many texts wait", queue.retry_after)
        return as_json({"status": "ready"})

    @app.get("/model", dependencies=bearer, summary="The model", responses={401: problems[401]})
    async def describe() -> Response:
        return as_json(described)

    @app.get("/metrics", dependencies=bearer, summary="For Prometheus")
    async def metrics() -> Response:
        measures.waiting.set(queue.waiting)
        return Response(measures.exposition(), media_type="text/plain; version=0.0.4")

    def add_file(path: str, name: str, media_type: str) -> None:
        content = (PAGE / name).read_bytes()

        @app.head(path, include_in_schema=False)
        @app.get(path, include_in_schema=False)
        async def page() -> Response:
            return Response(content, headers=PAGE_HEADERS, media_type=media_type)

    for path, (name, media_type) in PAGE_FILES.items():
        add_file(path, name, media_type)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        """FastAPI's layers take longer than a small model, so this one path goes past them."""
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", "/predict"):
            # `Limits` gives it whole.
            response = await answered((await receive())["body"])
            await response(scope, receive, send)
        else:
            await app(scope, receive, send)

    return Measured(Limits(dispatch, settings, PROTECTED), measures, PATHS)


async def predictions(
    body: bytes,
    model: ServedModel,
    settings: Settings,
    queue: BatchingQueue,
    measures: Measures,
) -> Dict[str, Any]:
    """
    What is found for a request.

    # Raises

    `Refused`
    """
    wanted = checked(body, model, settings)
    texts = wanted.all_texts
    try:
        async with asyncio.timeout(settings.timeout):
            found = await queue.submit(texts)
    except QueueFull as full:
        raise Refused(503, str(full), full.retry_after) from full
    except TimeoutError as error:
        reason = f"no answer within {settings.timeout:g} s, since there is too much to do"
        raise Refused(503, reason, queue.retry_after) from error
    except TextError as error:
        if not isinstance(error.__cause__, CorpusError):
            logger.exception("prediction failed")
            raise Refused(500, "prediction failed; the server's log says why") from error
        where = "" if wanted.texts is None else f"text {error.number}: "
        raise Refused(422, where + str(error.__cause__)) from error
    measures.texts.inc(len(texts))
    measures.chars.inc(sum(map(len, texts)))
    options = (wanted.threshold, wanted.types, wanted.overlap)
    results = [{"entities": model.chosen(scored, *options)} for scored in found]
    return results[0] if wanted.texts is None else {"results": results}


def checked(body: bytes, model: ServedModel, settings: Settings) -> PredictRequest:
    """
    # Raises

    `Refused` for what is not allowed.
    """
    try:
        wanted = PredictRequest.model_validate_json(body)
    except ValidationError as error:
        raise Refused(422, reason_of(error)) from error
    texts = wanted.all_texts
    chars = sum(map(len, texts))
    if chars > settings.max_chars:
        reason = f"{chars:,} characters; allowed are {settings.max_chars:,} in a request"
        raise Refused(413, reason)
    if len(texts) > settings.queue:
        raise Refused(413, f"{len(texts):,} texts; allowed are {settings.queue:,} in a request")
    given = wanted.threshold
    by_type = given if isinstance(given, dict) else {}
    for kind in [*by_type, *(wanted.types or [])]:
        if kind not in model.thresholds:
            raise Refused(422, f"type {kind!r}; allowed are {', '.join(model.types)}")
    for value in by_type.values() if isinstance(given, dict) else [given]:
        # False for what is no number, too.
        if value is not None and not 0 <= value <= 1:
            raise Refused(422, f"threshold is {value}; allowed is 0 to 1")
    return wanted


def description(model: ServedModel, settings: Settings) -> Dict[str, Any]:
    """What `/model` tells."""
    names: List[str] = ["locate-label-allennlp", "allennlp", "torch", "transformers"]
    return {
        "name": model.name,
        "model": model.kind,
        "types": model.types,
        "thresholds": model.thresholds,
        "lowest_threshold": model.lowest_threshold,
        "parameters": model.num_parameters,
        "device": model.device,
        "limits": {
            "characters": settings.max_chars,
            "texts": settings.queue,
            "seconds": settings.timeout,
        },
        "versions": {name: version(name) for name in names},
        "card": model.card,
    }
