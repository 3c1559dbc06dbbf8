"""Processes that compare.py starts, and the folders that they own."""

import asyncio
import fcntl
import os
import re
import signal
from asyncio.subprocess import DEVNULL, STDOUT
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional, Sequence


class Failed(Exception):
    """There is no result, and the message says why."""


@contextmanager
def locked(file: Path) -> Iterator[int]:
    """
    The descriptor of a locked file. A process that inherits it keeps the lock: so does one that
    outlives compare.py.
    """
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"another process is at work in {file.parent}") from None
        yield lock.fileno()


async def run_process(command: Sequence[str], log: Path, core: Optional[int], lock: int) -> None:
    """
    Runs `command` with its output in `log`, on one core if it is given. If this is cancelled, the
    process ends, with all that it has started.

    # Raises

    `Failed`, if its exit status is not 0.
    """
    benchmarks = str(Path(__file__).parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([benchmarks, os.environ.get("PYTHONPATH", "")]),
        **({} if core is None else {"OMP_NUM_THREADS": "1"}),
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=DEVNULL,
            stdout=output,
            stderr=STDOUT,
            pass_fds=[lock],
            start_new_session=True,
        )
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        code = await process.wait()
    finally:
        if process.returncode is None:
            # AllenNLP answers a milder signal by making an archive of what it has so far.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code < 0:
        raise Failed(f"killed by signal {-code} ({signal.Signals(-code).name})")
    if code > 0:
        raise Failed(error_line(log.read_text("utf-8", "replace")))


def error_line(log: str) -> str:
    """The line of a log that says why the process ended."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in (r"allennlp: error: ", r"([\w.]+\.)?\w*(Error|Exception|Interrupt)\b"):
        for line in reversed(lines):
            if re.match(pattern, line):
                return line.removeprefix("allennlp: error: ")
    return lines[-1] if lines else "it ended without any output"
