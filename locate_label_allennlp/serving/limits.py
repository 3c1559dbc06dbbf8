"""What stands in front of the server: the token, the size of a body, the time that it may take."""

import asyncio
import json
import secrets
from typing import (
    Any,
    Awaitable,
    Callable,
    FrozenSet,
    List,
    Mapping,
    MutableMapping,
    Optional,
    Tuple,
)

from locate_label_allennlp.serving.settings import Settings

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Limits:
    """
    Middleware (ASGI). A body is read here, whole and in time, before anything of the application
    runs: a client that sends slowly holds a connection, and nothing else. If it goes away, what is
    done for it is cancelled.

    # Parameters

    app : `Application`
    settings : `Settings`
    protected : `FrozenSet[str]`
        The paths that need the token.
    """

    def __init__(self, app: Application, settings: Settings, protected: FrozenSet[str]) -> None:
        self._app = app
        self._settings = settings
        self._protected = protected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if scope["path"] in self._protected and not self._is_allowed(headers):
            reason = (
                "the token is missing or wrong; allowed is the header Authorization: Bearer ..."
            )
            await answer(send, 401, reason, {"WWW-Authenticate": "Bearer"})
            return
        try:
            async with asyncio.timeout(self._settings.body_timeout):
                body = await self._read(receive)
        except TimeoutError:
            reason = f"the body took more than {self._settings.body_timeout:g} s to arrive"
            await answer(send, 408, reason, {"Connection": "close"})
            return
        if body is None:
            reason = f"the body is too large; allowed are {self._settings.max_bytes:,} bytes"
            await answer(send, 413, reason, {"Connection": "close"})
            return
        await self._run(scope, body, receive, send)

    def _is_allowed(self, headers: Mapping[bytes, bytes]) -> bool:
        token = self._settings.token
        if token is None:
            return True
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        is_bearer = scheme.lower() == b"bearer"
        return is_bearer and secrets.compare_digest(given.strip(), token.encode())

    async def _read(self, receive: Receive) -> Optional[bytes]:
        """
        None if it is too large. The rest is read all the same, and forgotten: a client that is
        still sending would not see the answer.
        """
        parts: List[bytes] = []
        size, goes_on = 0, True
        while goes_on:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            size += len(message.get("body", b""))
            if size > self._settings.max_bytes:
                parts.clear()
            else:
                parts.append(message.get("body", b""))
            goes_on = message.get("more_body", False)
        return None if size > self._settings.max_bytes else b"".join(parts)

    async def _run(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        whole: Message = {"type": "http.request", "body": body, "more_body": False}
        messages = iter([whole])
        gone = asyncio.ensure_future(receive())

        async def replay() -> Message:
            for message in messages:
                return message
            return await asyncio.shield(gone)

        running = asyncio.ensure_future(self._app(scope, replay, send))
        try:
            await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            # The client has gone, or this task is cancelled.
            was_running = not running.done() and running.cancel()
            (outcome,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(outcome, BaseException) and not was_running:
            raise outcome


async def answer(send: Send, status: int, reason: str, headers: Mapping[str, str]) -> None:
    """A reason why not, as JSON."""
    fields: List[Tuple[bytes, bytes]] = [
        (name.lower().encode(), value.encode()) for name, value in headers.items()
    ]
    body = json.dumps({"detail": reason}).encode()
    fields += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
