"""
How mutants are tried. The libraries are imported once, in this process. A fork of it imports the
package and collects the tests of one module; in forks of that fork each mutant gets the changed
bodies of its functions and runs the tests that call them. A mutant that differs elsewhere, in a
default, a decorator or a constant, is imported in a fork of its own. No source file is written.
"""

import gc
import importlib.util
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from inspect import CO_NEWLOCALS
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import process_time
from types import CodeType, FrameType, FunctionType
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).parents[2]
FORK = multiprocessing.get_context("fork")

# Slow, and they start processes of their own, where nothing is mutated.
SLOW_TESTS = "not two_processes and not by_heart and not 512_words and not _training"

# How many times the processor time of the unchanged code a mutant may take, and seconds at least.
FACTOR, LEAST = 5, 10

# The name of a function and its line.
Function = Tuple[str, int]


class Change(NamedTuple):
    """The whole module after the change, and its changed functions if nothing else differs."""

    source: str
    functions: Optional[Mapping[Function, CodeType]]


@dataclass
class Tests:
    """The module to be changed, and the files of its tests."""

    path: Path
    files: Sequence[Path]

    def try_all(
        self, changes: Mapping[str, Change], processes: int
    ) -> Iterator[Tuple[str, Optional[str]]]:
        """The name of each change, and of the test that failed on it: None if it survived."""
        bodies = {name: change for name, change in changes.items() if change.functions is not None}
        answers = _in_fork(self._try_bodies, bodies, processes)
        limit, failed = next(answers, (0.0, "they cannot be imported"))
        if failed is not None:
            path = self.path.relative_to(ROOT)
            sys.exit(f"{path}: its tests fail with nothing changed: {failed}")
        yield from answers
        for name, change in changes.items():
            if change.functions is None:
                answers = _in_fork(self._try_whole, name, change, limit)
                yield next(answers, (name, "timeout"))

    def _try_bodies(self, changes: Mapping[str, Change], processes: int, send: Connection) -> None:
        self._run_pytest(
            self.path.read_text(encoding="utf-8"), _Loop(self.path, changes, processes, send)
        )

    def _try_whole(self, name: str, change: Change, limit: float, send: Connection) -> None:
        _end_after(limit)
        failure = _FirstFailure()
        code = self._run_pytest(change.source, failure)
        passed = code == pytest.ExitCode.OK
        send.send((name, None if passed else failure.name or "it cannot be imported"))

    def _run_pytest(self, source: str, plugin: "_FirstFailure") -> int:
        """With nothing printed, and the module as it is in `source`."""
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (until the process ends)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        sys.stdout = sys.stderr = nowhere
        sys.meta_path.insert(0, _ModuleFromSource(self.path, source))
        options = ["--exitfirst", "--disable-plugin-autoload", "-p", "no:cacheprovider"]
        return pytest.main([*options, "-k", SLOW_TESTS, *map(str, self.files)], plugins=[plugin])


def _in_fork(target: Callable[..., None], *arguments: Any) -> Iterator[Any]:
    """What a function sends through the connection that is its last argument."""
    receive, send = FORK.Pipe(duplex=False)
    process = FORK.Process(target=target, args=(*arguments, send))
    process.start()
    send.close()
    try:
        while True:
            yield receive.recv()
    except EOFError:
        process.join()


class _ModuleFromSource(SourceFileLoader):
    """Loads one module, from the text it is given. It is its own finder."""

    def __init__(self, path: Path, source: str) -> None:
        super().__init__(".".join(path.relative_to(ROOT).with_suffix("").parts), str(path))
        self._source = source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec")


class _FirstFailure:
    """Plugin of pytest: the test that failed first. Smaller examples of it are not looked for."""

    name: Optional[str] = None

    def pytest_sessionstart(self) -> None:
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings(), phases=phases, print_blob=False)
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.name is None:
            self.name = report.nodeid


class _Loop(_FirstFailure):
    """Runs the collected tests for each change, each time in a fork."""

    def __init__(
        self, path: Path, changes: Mapping[str, Change], processes: int, send: Connection
    ) -> None:
        self._path, self._changes, self._processes, self._send = path, changes, processes, send
        # Of each test, its processor time and the functions of the module that it calls.
        self._used: List[Tuple[float, Set[Function]]] = []

    def pytest_runtestloop(self, session: pytest.Session) -> Optional[bool]:
        if session.testsfailed or not session.items:
            return None
        functions = live_functions(self._path)
        gc.freeze()
        self._measure(session)
        running: Dict[int, Tuple[str, Any]] = {}
        for name, change in self._changes.items():
            process = FORK.Process(target=self._try, args=(session, name, change, functions))
            process.start()
            running[process.sentinel] = name, process
            while len(running) >= self._processes:
                self._await_one(running)
        while running:
            self._await_one(running)
        return True

    def _measure(self, session: pytest.Session) -> None:
        """Which functions each test calls, and how long it takes, with nothing changed."""
        answers = _in_fork(self._run_unchanged, session)
        self._used, failed = next(answers, ([], "the process died"))
        seconds = process_time() + sum(seconds for seconds, _ in self._used)
        self._limit = max(LEAST, FACTOR * seconds)
        if failed is not None:
            self._changes = {}
        self._send.send((self._limit, failed))

    def _run_unchanged(self, session: pytest.Session, send: Connection) -> None:
        used: List[Tuple[float, Set[Function]]] = []
        for item, following in _with_next(session.items):
            called: Set[Function] = set()

            def note(frame: FrameType, event: str, _: Any, called: Set[Function] = called) -> None:
                if event == "call" and frame.f_code.co_filename == str(self._path):
                    called.add((frame.f_code.co_qualname, frame.f_code.co_firstlineno))

            began = process_time()
            sys.setprofile(note)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.setprofile(None)
            used.append((process_time() - began, called))
        send.send((used, self.name))

    def _try(
        self,
        session: pytest.Session,
        name: str,
        change: Change,
        functions: Mapping[Function, List[FunctionType]],
    ) -> None:
        _end_after(self._limit)
        for function, code in change.functions.items():
            for live in functions[function]:
                live.__code__ = code
        for item, following in _with_next(self._tests_for(session, change)):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.name is not None:
                break
        self._send.send((name, self.name))

    def _tests_for(self, session: pytest.Session, change: Change) -> List[pytest.Item]:
        """The tests that call what is changed, the quickest first."""
        timed = zip(self._used, session.items, strict=True)
        chosen = [
            (seconds, item) for (seconds, called), item in timed if called & {*change.functions}
        ]
        return [item for _, item in sorted(chosen, key=lambda pair: pair[0])]

    def _await_one(self, running: Dict[int, Tuple[str, Any]]) -> None:
        for sentinel in wait(list(running)):
            name, process = running.pop(sentinel)
            process.join()
            if process.exitcode == -signal.SIGPROF:
                self._send.send((name, "timeout"))
            elif process.exitcode:
                self._send.send((name, "the process died"))


def _end_after(seconds: float) -> None:
    """Ends this process after so much processor time: other work on the machine does not count."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _with_next(items: Sequence[pytest.Item]) -> Iterator[Tuple[pytest.Item, Optional[pytest.Item]]]:
    return zip(items, [*items[1:], None], strict=True) if items else iter(())


def changed_functions(old: CodeType, new: CodeType) -> Optional[Dict[Function, CodeType]]:
    """The functions whose bodies differ; None if two modules or classes differ elsewhere too."""
    if old.co_flags & CO_NEWLOCALS:
        return {} if old == new else {(old.co_qualname, old.co_firstlineno): new}
    parts = [[part for part in code.co_consts if isinstance(part, CodeType)] for code in (old, new)]
    if _outside_functions(old) != _outside_functions(new):
        return None
    changed: Dict[Function, CodeType] = {}
    for old_part, new_part in zip(*parts, strict=True):
        inside = changed_functions(old_part, new_part)
        if inside is None:
            return None
        changed.update(inside)
    return changed


def _outside_functions(code: CodeType) -> Tuple[bytes, Tuple[str, ...], List[str]]:
    constants = [
        "code" if isinstance(constant, CodeType) else repr(constant) for constant in code.co_consts
    ]
    return code.co_code, code.co_names, constants


def live_functions(path: Path) -> Dict[Function, List[FunctionType]]:
    """All functions of a module by name and line, the decorated ones too."""
    functions: Dict[Function, List[FunctionType]] = {}
    for live in gc.get_objects():
        if type(live) is FunctionType and live.__code__.co_filename == str(path):
            code = live.__code__
            functions.setdefault((code.co_qualname, code.co_firstlineno), []).append(live)
    return functions
