"""Texts of many requests, predicted together."""

import asyncio
import math
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Deque, List, NamedTuple, Optional, Sequence, Tuple

Predict = Callable[[List[str]], List[Any]]

BATCH_TEXTS = 256
BATCH_CHARS = 64_000


class QueueFull(Exception):
    """More texts wait than may; `retry_after` are the seconds after which there may be room."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many texts wait; try again after {retry_after} s")
        self.retry_after = retry_after


class TextError(Exception):
    """What `predict` raised for a text is its `__cause__`; `number` is that of the text."""

    def __init__(self, number: int) -> None:
        super().__init__(f"text {number}")
        self.number = number


class _Job(NamedTuple):
    text: str
    result: "asyncio.Future[Any]"


class BatchingQueue:
    """
    A queue in front of one thread that predicts. Nothing waits for a batch to fill: the thread
    takes what has come while it was at work, so that batches grow with the load, and a text that is
    alone is predicted at once.

    # Parameters

    predict : `Callable[[List[str]], List[Any]]`
        Makes a result of each text. What it raises for several texts is tried again with each
        alone, so that a text has no part in what is wrong with another one.
    max_texts, max_chars : `int`
        What may wait; beyond it `QueueFull` is raised.
    on_batch : `Callable[[int, float], None]`, optional
        Is told the number of texts of each batch, and the seconds that it took.
    """

    def __init__(
        self,
        predict: Predict,
        max_texts: int,
        max_chars: int,
        on_batch: Optional[Callable[[int, float], None]] = None,
    ) -> None:
        self._predict = predict
        self._max_texts = max_texts
        self._max_chars = max_chars
        self._on_batch = on_batch
        self._jobs: Deque[_Job] = deque()
        self._chars = 0
        self._seconds_a_text = 0.01
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._filled = asyncio.Event()
        self._worker: Optional[asyncio.Task[None]] = None

    @property
    def waiting(self) -> int:
        """Texts."""
        return len(self._jobs)

    @property
    def is_ready(self) -> bool:
        """Whether it works, and has room."""
        works = self._worker is not None and not self._worker.done()
        return works and self.waiting < self._max_texts and self._chars < self._max_chars

    def start(self) -> None:
        """Within a running event loop."""
        self._worker = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Ends after the batch that is at work; what still waits then is cancelled."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        while self._jobs:
            self._jobs.popleft().result.cancel()
        await asyncio.to_thread(self._thread.shutdown)

    async def submit(self, texts: Sequence[str]) -> List[Any]:
        """
        The results of texts, all of them or none.

        # Raises

        `QueueFull`
        `TextError`
            If `predict` raises one.
        """
        chars = sum(map(len, texts))
        if self.waiting + len(texts) > self._max_texts or self._chars + chars > self._max_chars:
            raise QueueFull(self.retry_after)
        loop = asyncio.get_running_loop()
        jobs = [_Job(text, loop.create_future()) for text in texts]
        self._jobs.extend(jobs)
        self._chars += chars
        self._filled.set()
        results = []
        try:
            for number, job in enumerate(jobs):
                try:
                    results.append(await job.result)
                except Exception as error:
                    raise TextError(number) from error
            return results
        finally:
            # Nobody waits any more: those not begun are passed over.
            for job in jobs:
                job.result.cancel()
                # Asked for, so that asyncio does not complain of an error that nobody has seen.
                if not job.result.cancelled():
                    job.result.exception()

    @property
    def retry_after(self) -> int:
        """Whole seconds until what waits now will be done, as far as one can tell."""
        return max(1, math.ceil(self.waiting * self._seconds_a_text))

    async def _work(self) -> None:
        while True:
            await self._filled.wait()
            batch = self._take()
            if batch:
                # A batch at work is ended, even when this task is cancelled.
                done = asyncio.ensure_future(self._answer(batch))
                try:
                    await asyncio.shield(done)
                except asyncio.CancelledError:
                    await done
                    raise

    def _take(self) -> List[_Job]:
        """What goes next; one text at least, if one waits."""
        batch: List[_Job] = []
        chars = 0
        while self._jobs and len(batch) < BATCH_TEXTS:
            job = self._jobs[0]
            if not job.result.done():
                if batch and chars + len(job.text) > BATCH_CHARS:
                    break
                batch.append(job)
                chars += len(job.text)
            self._jobs.popleft()
            self._chars -= len(job.text)
        if not self._jobs:
            self._filled.clear()
        return batch

    async def _answer(self, batch: List[_Job]) -> None:
        loop = asyncio.get_running_loop()
        begin = time.perf_counter()
        texts = [job.text for job in batch]
        outcomes = await loop.run_in_executor(self._thread, self._outcomes, texts)
        seconds = time.perf_counter() - begin
        self._seconds_a_text += 0.2 * (seconds / len(batch) - self._seconds_a_text)
        if self._on_batch is not None:
            self._on_batch(len(batch), seconds)
        for job, (result, error) in zip(batch, outcomes, strict=True):
            if not job.result.done():
                if error is None:
                    job.result.set_result(result)
                else:
                    job.result.set_exception(error)

    def _outcomes(self, texts: List[str]) -> List[Tuple[Any, Optional[Exception]]]:
        try:
            return [(result, None) for result in self._predict(texts)]
        except Exception as error:
            if len(texts) == 1:
                return [(None, error)]
        return [outcome for text in texts for outcome in self._outcomes([text])]
