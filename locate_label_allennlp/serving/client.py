"""
A client of `allennlp ner-serve`. It needs the standard library only: this file can be taken
elsewhere as it is.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Dict, List, Optional, Union
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Threshold = Union[float, Mapping[str, float]]


class ServerError(Exception):
    """The server refuses a request: `status` and `reason`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class NerClient:
    """
        ner = NerClient("http://127.0.0.1:8000")
        for entity in ner("The director of Relmere University left."):
            print(entity["type"], entity["text"], entity["score"])

    # Parameters

    address : `str`
    token : `str`, optional
        That of the server, if it has one.
    timeout : `float`, optional (default = `60`)
        Seconds to wait for the server at a time.
    retries : `int`, optional (default = `5`)
        How often to ask again a server that has too much to do, after the time that it names.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        token: Optional[str] = None,
        timeout: float = 60.0,
        retries: int = 5,
    ) -> None:
        self._address = address.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._retries = retries

    def __call__(
        self,
        text: str,
        threshold: Optional[Threshold] = None,
        types: Optional[Sequence[str]] = None,
        overlap: str = "nested",
    ) -> List[Dict[str, Any]]:
        """
        The entities of a text.

        # Parameters

        text : `str`
        threshold : `Union[float, Mapping[str, float]]`, optional
            What their scores must be above, for all types or for some; by default the model's own.
        types : `Sequence[str]`, optional
            Those wanted; by default all.
        overlap : `str`, optional (default = `"nested"`)
            Of entities that share words all, or with `"flat"`, `"outermost"` or `"innermost"` one.

        # Raises

        `ServerError`, and `OSError` if there is no server.
        """
        answer = self._predict({"text": text}, threshold, types, overlap)
        found: List[Dict[str, Any]] = answer["entities"]
        return found

    def pipe(
        self,
        texts: Iterable[str],
        batch_size: int = 64,
        threshold: Optional[Threshold] = None,
        types: Optional[Sequence[str]] = None,
        overlap: str = "nested",
    ) -> Iterator[List[Dict[str, Any]]]:
        """The entities of each text, in their order; `batch_size` of them are a request."""
        if isinstance(texts, str):
            raise TypeError("got a str; allowed are several texts, such as a list of str")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; allowed is >= 1")
        remaining = iter(texts)
        while batch := list(islice(remaining, batch_size)):
            answer = self._predict({"texts": batch}, threshold, types, overlap)
            for result in answer["results"]:
                yield result["entities"]

    def model(self) -> Dict[str, Any]:
        """What the server tells of its model."""
        return self._ask("/model")

    def is_ready(self) -> bool:
        """Whether there is a server, and it has room for a text."""
        try:
            self._once("/ready", None)
        except OSError:
            return False
        return True

    def _predict(
        self,
        content: Dict[str, Any],
        threshold: Optional[Threshold],
        types: Optional[Sequence[str]],
        overlap: str,
    ) -> Dict[str, Any]:
        content["overlap"] = overlap
        if threshold is not None:
            is_one = isinstance(threshold, (int, float))
            content["threshold"] = threshold if is_one else dict(threshold)  # type: ignore[arg-type]
        if types is not None:
            content["types"] = list(types)
        return self._ask("/predict", json.dumps(content).encode())

    def _ask(self, path: str, body: Optional[bytes] = None) -> Dict[str, Any]:
        for _ in range(self._retries):
            try:
                return self._once(path, body)
            except HTTPError as error:
                wait = error.headers.get("Retry-After")
                if error.code != 503 or wait is None:
                    raise _server_error(error) from error
                time.sleep(float(wait))
        try:
            return self._once(path, body)
        except HTTPError as error:
            raise _server_error(error) from error

    def _once(self, path: str, body: Optional[bytes]) -> Dict[str, Any]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        request = Request(self._address + path, body, headers)
        with urlopen(request, timeout=self._timeout) as response:
            answer: Dict[str, Any] = json.load(response)
        return answer


def _server_error(error: HTTPError) -> ServerError:
    content = error.read()
    try:
        reason = json.loads(content)["detail"]
    except (ValueError, KeyError, TypeError):
        reason = content.decode(errors="replace") or error.reason
    return ServerError(error.code, reason)
