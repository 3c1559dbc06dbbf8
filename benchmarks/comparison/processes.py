"""Processes that compare.py starts, and how they end."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, NamedTuple, Optional, Sequence


class Failed(Exception):
    """A run that came to no result."""


class Usage(NamedTuple):
    """
    How a process ended. `megabytes` is the most memory it held at once, and `log_start` the byte of
    its log from which on it wrote there.
    """

    code: int
    megabytes: float
    log_start: int


class Children:
    """The processes at work; none outlives this one, unless this one is killed outright."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Dict[int, subprocess.Popen[bytes]] = {}
        self._stopped = False

    def run(self, command: Sequence[str], log: Path, core: Optional[int], lock: int) -> Usage:
        """Waits until `command` has ended. It holds the file `lock` open as long as it lives."""
        paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        if core is not None:
            environment["OMP_NUM_THREADS"] = "1"
        with self._lock, log.open("ab") as output:
            log_start = output.tell()
            if self._stopped:
                raise Failed("stopped")
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,
            )
            self._running[process.pid] = process
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
        # Its number is not given to another process before it is out of the table.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            del self._running[process.pid]
            _, status, usage = os.wait4(process.pid, 0)
            if self._stopped:
                raise Failed("stopped")
        process.returncode = os.waitstatus_to_exitcode(status)
        # In kilobytes on Linux; macOS counts bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        return Usage(process.returncode, usage.ru_maxrss * unit / 2**20, log_start)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for pid in self._running:
                # AllenNLP takes a milder one for the wish to archive what there is.
                os.killpg(pid, signal.SIGKILL)


@contextmanager
def locked(file: Path) -> Iterator[int]:
    """Held by the processes that are started, too: one that was orphaned keeps others away."""
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"another process is at work in {file.parent}") from None
        yield lock.fileno()


def check_success(usage: Usage, log: Path) -> Usage:
    if usage.code < 0:
        raise Failed(f"killed by signal {-usage.code} ({signal.Signals(-usage.code).name})")
    if usage.code > 0:
        raise Failed(error_line(log.read_bytes()[usage.log_start :].decode("utf-8", "replace")))
    return usage


def error_line(log: str) -> str:
    """The line of a log that says why the process ended."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in (r"allennlp: error: ", r"([\w.]+\.)?\w*(Error|Exception|Interrupt)\b"):
        for line in reversed(lines):
            if re.match(pattern, line):
                return line.removeprefix("allennlp: error: ")
    return lines[-1] if lines else "ended without a word"
