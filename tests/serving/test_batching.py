import asyncio
import threading
import time
from typing import Any, Callable, List

import pytest

from locate_label_allennlp.serving.batching import (
    BATCH_CHARS,
    BATCH_TEXTS,
    BatchingQueue,
    QueueFull,
    TextError,
)


class Gate:
    """A prediction that waits until it is let through; the first batch is always `["first"]`."""

    def __init__(self) -> None:
        self.batches: List[List[str]] = []
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, texts: List[str]) -> List[str]:
        self.batches.append(texts)
        self.begun.set()
        assert self.open.wait(30)
        return [text.upper() for text in texts]


def run(
    use: Callable[..., Any], predict: Any, max_texts: int = 1000, max_chars: int = 10**6
) -> Any:
    async def main() -> Any:
        queue = BatchingQueue(predict, max_texts, max_chars)
        queue.start()
        try:
            return await use(queue)
        finally:
            await queue.close()

    return asyncio.run(main())


async def blocked(queue: BatchingQueue, gate: Gate) -> "asyncio.Task[Any]":
    """The thread is at work on a first text, so that what comes now waits."""
    first = asyncio.create_task(queue.submit(["first"]))
    await asyncio.to_thread(gate.begun.wait, 30)
    return first


async def waiting(queue: BatchingQueue, *requests: List[str]) -> "List[asyncio.Task[Any]]":
    tasks = [asyncio.create_task(queue.submit(texts)) for texts in requests]
    await asyncio.sleep(0)
    return tasks


def test_texts_that_come_meanwhile_share_a_batch_and_each_gets_its_own() -> None:
    gate = Gate()

    async def use(queue: BatchingQueue) -> Any:
        first = await blocked(queue, gate)
        tasks = await waiting(queue, ["a", "b"], ["c"], [])
        gate.open.set()
        return await asyncio.gather(first, *tasks)

    assert run(use, gate) == [["FIRST"], ["A", "B"], ["C"], []]
    assert gate.batches == [["first"], ["a", "b", "c"]]


def test_a_batch_has_its_size() -> None:
    gate = Gate()
    long = "x" * (BATCH_CHARS - 1)

    async def use(queue: BatchingQueue) -> None:
        first = await blocked(queue, gate)
        tasks = await waiting(queue, ["a"] * (BATCH_TEXTS + 1), [long * 2, "y", "z"])
        gate.open.set()
        await asyncio.gather(first, *tasks)

    run(use, gate)
    assert gate.batches[1:] == [["a"] * BATCH_TEXTS, ["a"], [long * 2], ["y", "z"]]


@pytest.mark.parametrize("limit", ["max_texts", "max_chars"])
def test_a_full_queue_refuses_and_takes_again(limit: str) -> None:
    gate = Gate()

    async def use(queue: BatchingQueue) -> None:
        first = await blocked(queue, gate)  # which no longer waits
        tasks = await waiting(queue, ["a", "b"])
        with pytest.raises(QueueFull) as full:
            await queue.submit(["c", "d"] if limit == "max_texts" else ["long"])
        assert full.value.retry_after >= 1
        assert queue.waiting == 2
        assert queue.is_ready
        tasks += await waiting(queue, ["c"] if limit == "max_texts" else ["ccc"])
        assert not queue.is_ready
        gate.open.set()
        await asyncio.gather(first, *tasks)
        assert queue.is_ready
        assert await queue.submit(["d", "e", "f"]) == ["D", "E", "F"]

    run(use, gate, **{limit: 3 if limit == "max_texts" else 5})


def test_what_nobody_waits_for_any_more_is_not_predicted() -> None:
    gate = Gate()

    async def use(queue: BatchingQueue) -> None:
        first = await blocked(queue, gate)
        gone, stays = await waiting(queue, ["gone", "too"], ["stays"])
        gone.cancel()
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(first, stays)
        with pytest.raises(asyncio.CancelledError):
            await gone

    run(use, gate)
    assert gate.batches == [["first"], ["stays"]]


def test_an_error_is_that_of_its_text_alone() -> None:
    def predict(texts: List[str]) -> List[str]:
        if "bad" in texts:
            raise ValueError("it is bad")
        return texts

    async def use(queue: BatchingQueue) -> Any:
        tasks = await waiting(queue, ["a", "bad"], ["b"])
        return await asyncio.gather(*tasks, return_exceptions=True)

    error, found = run(use, predict)
    assert found == ["b"]
    assert isinstance(error, TextError)
    assert error.number == 1
    assert str(error.__cause__) == "it is bad"


def test_what_has_begun_is_ended_at_the_close() -> None:
    gate = Gate()

    async def main() -> Any:
        queue = BatchingQueue(gate, 10, 100)
        queue.start()
        first = await blocked(queue, gate)
        (late,) = await waiting(queue, ["late"])
        threading.Timer(0.2, gate.open.set).start()
        await queue.close()
        assert not queue.is_ready
        with pytest.raises(asyncio.CancelledError):
            await late
        return await first

    assert asyncio.run(main()) == ["FIRST"]
    assert gate.batches == [["first"]]


def test_how_long_to_wait_is_told_by_how_long_it_took() -> None:
    def predict(texts: List[str]) -> List[str]:
        time.sleep(0.2)
        return texts

    async def use(queue: BatchingQueue) -> int:
        for _ in range(3):
            await queue.submit(["a"])
        tasks = await waiting(queue, ["b"] * 40)
        seconds = queue.retry_after
        for task in tasks:
            task.cancel()
        return seconds

    assert 2 <= run(use, predict) <= 10
