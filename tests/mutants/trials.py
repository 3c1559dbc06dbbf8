"""
How mutants are tried. The libraries are imported once, in this process. A fork of it imports the
package and collects the tests of one module; in forks of that fork each mutant gets the changed
bodies of its functions and runs the tests. A mutant that differs elsewhere (in a default, a
decorator, a constant) is imported in a fork of its own. No source file is written.
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
from time import monotonic
from types import CodeType, FunctionType
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).parents[2]
FORK = multiprocessing.get_context("fork")

# Slow, and they start processes of their own, where nothing is mutated.
SLOW_TESTS = "not two_processes and not by_heart and not 512_words"

# Seconds for the tests with nothing changed, and how many times that a mutant may take.
LONGEST, FACTOR, LEAST = 1200, 5, 20

UNCHANGED = "unchanged"

# The name of a function and its line.
Function = Tuple[str, int]


class Change(NamedTuple):
    """The whole module after the change, and its changed functions if nothing else differs."""

    source: str
    functions: Optional[Mapping[Function, CodeType]]


@dataclass
class Tests:
    """The module to be changed, and the files and folders of its tests."""

    path: Path
    paths: Sequence[Path]

    def try_all(
        self, changes: Mapping[str, Change], processes: int
    ) -> Iterator[Tuple[str, Optional[str]]]:
        """The name of each change, and of the test that failed on it: None if it survived."""
        bodies = {name: change for name, change in changes.items() if change.functions is not None}
        unchanged = Change(self.path.read_text(encoding="utf-8"), {})
        began = monotonic()
        answers = self._answers(unchanged.source, {UNCHANGED: unchanged, **bodies}, processes)
        name, failed = next(answers, (UNCHANGED, "they cannot be imported"))
        if failed is not None:
            sys.exit(
                f"{self.path.relative_to(ROOT)}: its tests fail with nothing changed: {failed}"
            )
        limit = max(LEAST, FACTOR * (monotonic() - began))
        yield from answers
        for name, change in changes.items():
            if change.functions is None:
                yield from self._import_and_try(name, change, limit)

    def _import_and_try(
        self, name: str, change: Change, limit: float
    ) -> Iterator[Tuple[str, Optional[str]]]:
        answers = self._answers(change.source, {name: change._replace(functions={})}, 1, limit)
        yield next(answers, (name, "it cannot be imported"))

    def _answers(
        self,
        source: str,
        changes: Mapping[str, Change],
        processes: int,
        limit: Optional[float] = None,
    ) -> Iterator[Tuple[str, Optional[str]]]:
        receive, send = FORK.Pipe(duplex=False)
        process = FORK.Process(target=self._collect, args=(source, changes, processes, limit, send))
        process.start()
        send.close()
        try:
            while True:
                yield receive.recv()
        except EOFError:
            process.join()

    def _collect(
        self,
        source: str,
        changes: Mapping[str, Change],
        processes: int,
        limit: Optional[float],
        send: Connection,
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, limit or 0)
        _silence()
        sys.meta_path.insert(0, _ModuleFromSource(self.path, source))
        options = ["--exitfirst", "--disable-plugin-autoload", "-p", "no:cacheprovider"]
        tests = ["-k", SLOW_TESTS, *map(str, self.paths)]
        pytest.main([*options, *tests], plugins=[_Loop(self.path, changes, processes, send)])
        os._exit(0)


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


class _Loop:
    """Plugin of pytest: runs the collected tests once for each change, each time in a fork."""

    def __init__(
        self, path: Path, changes: Mapping[str, Change], processes: int, send: Connection
    ) -> None:
        self._path, self._changes, self._processes, self._send = path, changes, processes, send
        self._failed: Optional[str] = None

    def pytest_sessionstart(self) -> None:
        # A failing example is enough, the smallest one is not looked for.
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings(), phases=phases, print_blob=False)
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._failed is None:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> Optional[bool]:
        if session.testsfailed or not session.items:
            return None
        functions = live_functions(self._path)
        gc.freeze()
        limit: float = LONGEST
        running: Dict[int, Tuple[str, Any]] = {}
        for name, change in self._changes.items():
            began = monotonic()
            process = FORK.Process(target=self._try, args=(session, name, change, functions, limit))
            process.start()
            running[process.sentinel] = name, process
            if name == UNCHANGED:
                self._await_one(running)
                limit = max(LEAST, FACTOR * (monotonic() - began))
            while len(running) >= self._processes:
                self._await_one(running)
        while running:
            self._await_one(running)
        return True

    def _await_one(self, running: Dict[int, Tuple[str, Any]]) -> None:
        for sentinel in wait(list(running)):
            name, process = running.pop(sentinel)
            process.join()
            if process.exitcode == -signal.SIGALRM:
                self._send.send((name, "timeout"))
            elif process.exitcode:
                self._send.send((name, "the process died"))

    def _try(
        self,
        session: pytest.Session,
        name: str,
        change: Change,
        functions: Mapping[Function, List[FunctionType]],
        limit: float,
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, limit)
        for function, code in (change.functions or {}).items():
            for live in functions[function]:
                live.__code__ = code
        following = [*session.items[1:], None]
        for item, next_item in zip(session.items, following, strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
            if self._failed is not None:
                break
        self._send.send((name, self._failed))
        os._exit(0)


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


def _silence() -> None:
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (until the process ends)
    os.dup2(nowhere.fileno(), 1)
    os.dup2(nowhere.fileno(), 2)
    sys.stdout = sys.stderr = nowhere
