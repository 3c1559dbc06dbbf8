"""Runs a patch when the module that it changes is imported."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PACKAGE = "locate_label_allennlp"

PATCHES: dict[str, list[Callable[[ModuleType], AbstractContextManager[None]]]] = {}
"""The patches, by the name of the module that they wait for."""


def patches(*modules: str) -> Callable[[Callable[[Any], Iterator[None]]], None]:
    """
    Makes a generator function a patch of `modules`. It is given the module being imported: what
    stands before its `yield` runs before the module's own code, what stands after it afterwards.
    """

    def register(function: Callable[[Any], Iterator[None]]) -> None:
        for module in modules:
            PATCHES.setdefault(module, []).append(contextmanager(function))

    return register


class PatchingFinder(MetaPathFinder):
    """Lets the other finders find the modules named in `PATCHES`, and wraps their execution."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith(f"{PACKAGE}.") and not fullname.startswith(f"{PACKAGE}.patches"):
            require("torch", "allennlp")
        if fullname not in PATCHES:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with ExitStack() as stack:
                    for patch in PATCHES[fullname]:
                        stack.enter_context(patch(module))
                    execute(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def require(*libraries: str) -> None:
    """Raises `ModuleNotFoundError`, which says how to install it, where a library is missing."""
    for name in libraries:
        if sys.modules.get(name) is None and find_spec(name) is None:
            raise ModuleNotFoundError(
                f"{PACKAGE} needs {name}, which is not installed: run 'pip install torch==2.13.0', "
                "then 'pip install --no-deps -r requirements.txt' in a copy of its repository.",
                name=name,
            )
