"""
Changes the code in one place at a time, and runs the tests on each change, a mutant: one of them
has to fail. `make mutants` runs this; CONTRIBUTING.md says how to read what it prints. The session
is kept in a database of Cosmic Ray, which its tools read too.
"""

import argparse
import difflib
import importlib
import os
import sys
import tempfile
import tomllib
import uuid
from collections import Counter
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult
from rich.console import Console
from rich.table import Column, Table

from tests.mutants.operators import mutations
from tests.mutants.trials import ROOT, Change, Tests, changed_functions

PACKAGE = ROOT / "locate_label_allennlp"
SESSION = ROOT / "output" / "mutants.sqlite"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")

# Mutated if no module is named.
FOLDERS = ("nn", "decoders", "modules", "models")
LEFT_OUT = ("token_embedders",)

# What takes long to import; nothing of the package beyond what `import torch` brings.
LIBRARIES = ("torch", "transformers", "spacy", "scipy.optimize", "sklearn.metrics", "wcwidth")
LIBRARIES += ("matplotlib.pyplot", "allennlp.commands", "allennlp.common.testing")


class Mutant(NamedTuple):
    path: Path
    operator: str
    occurrence: int
    line: int
    old: str
    new: str
    change: Change

    @property
    def module(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def key(self) -> Tuple[str, str, str]:
        """What it is known by when lines have moved."""
        return self.module, self.old, self.new

    @property
    def diff(self) -> str:
        return f"-{self.old}\n+{self.new}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path, help="files or folders of the package")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument(
        "--again", action="store_true", help="without what is killed or listed as equivalent"
    )
    arguments = parser.parse_args()
    paths = modules_to_mutate(arguments.modules)
    import_libraries()
    SESSION.parent.mkdir(exist_ok=True)
    with use_db(SESSION) as session, tempfile.TemporaryDirectory() as temporary:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = temporary
        mutants = open_session(session, paths, arguments.again)
        run_session(session, mutants, arguments.processes)
        return report(session, mutants, paths)


def modules_to_mutate(named: Sequence[Path]) -> List[Path]:
    roots = [path.absolute() for path in named] or [PACKAGE / folder for folder in FOLDERS]
    paths = sorted(
        path
        for root in roots
        for path in ([root] if root.is_file() else root.rglob("*.py"))
        if not set(path.parts) & set(LEFT_OUT)
    )
    if not paths or not all(path.is_relative_to(PACKAGE) for path in paths):
        sys.exit(f"No modules of {PACKAGE.name}: {', '.join(map(str, named))}")
    return paths


def import_libraries() -> None:
    for library in LIBRARIES:
        importlib.import_module(library)
    early = [name for name in sys.modules if name.startswith(f"{PACKAGE.name}.")]
    if any(name.split(".")[1] in FOLDERS for name in early):
        sys.exit(f"Imported before they could be mutated: {', '.join(early)}")


def tests_of(path: Path) -> Tests:
    """
    The mirrored test file, then its folder; for what the models are made of then the tests of the
    models.
    """
    below = path.relative_to(PACKAGE)
    own = ROOT / "tests" / below.parent / f"test_{below.stem}.py"
    folders = [own.parent]
    if below.parts[0] == "modules":
        folders.append(ROOT / "tests" / "models")
    tests = [test for folder in folders for test in sorted(folder.glob("test_*.py"))]
    return Tests(path, sorted(tests, key=lambda test: test != own))


def find_mutants(path: Path) -> Iterator[Mutant]:
    """The viable ones: those that compile. Each text occurs once."""
    source = path.read_text(encoding="utf-8")
    code = compile(source, path, "exec")
    seen = {source}
    for mutation in mutations(source):
        if mutation.source in seen:
            continue
        seen.add(mutation.source)
        try:
            mutated_code = compile(mutation.source, path, "exec")
        except SyntaxError:
            continue
        functions = changed_functions(code, mutated_code)
        if functions == {}:
            continue  # the same number, written otherwise
        lines = list(difflib.ndiff(source.splitlines(), mutation.source.splitlines()))
        old, new = (
            " ".join(text[2:].strip() for text in lines if text.startswith(sign)).strip()
            for sign in "-+"
        )
        yield Mutant(path, *mutation[:3], old, new, Change(mutation.source, functions))


def open_session(session: WorkDB, paths: Sequence[Path], again: bool) -> Dict[str, Mutant]:
    """
    Mutants by their job. If `again`, those that the last session killed keep their result, and
    those listed as equivalent are taken to survive.
    """
    known: Dict[Tuple[str, str], WorkResult] = {}
    if again:
        for item, result in session.completed_work_items:
            if result.is_killed:
                known[str(item.mutations[0].module_path), result.diff] = result
        for module, old, new in equivalents():
            diff = f"-{old}\n+{new}"
            survived = WorkResult(WorkerOutcome.SKIPPED, None, TestOutcome.SURVIVED, diff)
            known[module, diff] = survived
    session.clear()
    mutants = {uuid.uuid4().hex: mutant for path in paths for mutant in find_mutants(path)}
    session.add_work_items(work_item(job, mutant) for job, mutant in mutants.items())
    for job, mutant in mutants.items():
        if (mutant.module, mutant.diff) in known:
            session.set_result(job, known[mutant.module, mutant.diff])
    return mutants


def work_item(job: str, mutant: Mutant) -> WorkItem:
    start, end = (mutant.line, 0), (mutant.line, 1)
    spec = MutationSpec(mutant.module, mutant.operator, mutant.occurrence, start, end)
    return WorkItem.single(job, spec)


def run_session(session: WorkDB, mutants: Dict[str, Mutant], processes: int) -> None:
    pending: Set[str] = {item.job_id for item in session.pending_work_items}
    tried = 0
    with Console(stderr=True).status("") as status:
        for path in dict.fromkeys(mutants[job].path for job in mutants if job in pending):
            changes = {
                job: mutant.change
                for job, mutant in mutants.items()
                if job in pending and mutant.path == path
            }
            for job, failed in tests_of(path).try_all(changes, processes):
                outcome = TestOutcome.SURVIVED if failed is None else TestOutcome.KILLED
                diff = mutants[job].diff
                session.set_result(job, WorkResult(WorkerOutcome.NORMAL, failed, outcome, diff))
                tried += 1
                status.update(f"{tried} of {len(pending)} mutants tried")


def report(session: WorkDB, mutants: Dict[str, Mutant], paths: Sequence[Path]) -> int:
    """Prints the table and the survivors; 1 if these are not those listed as equivalent."""
    results = dict(session.results)
    survivors = [mutant for job, mutant in mutants.items() if not results[job].is_killed]
    listed = equivalents()
    known = [mutant for mutant in survivors if mutant.key in listed]
    unknown = [mutant for mutant in survivors if mutant.key not in listed]

    headers = ("mutants", "killed", "equivalent", "survived", "killed, %")
    table = Table("module", *(Column(header, justify="right") for header in headers))
    counts = [
        Counter(mutant.path for mutant in some) for some in (mutants.values(), known, unknown)
    ]
    for path in paths:
        add_row(table, str(path.relative_to(PACKAGE)), *(count[path] for count in counts))
    table.add_section()
    add_row(table, "together", *(count.total() for count in counts))
    Console().print(table)

    for mutant in unknown:
        print(f"\n{mutant.module}:{mutant.line} ({mutant.operator})\n{mutant.diff}")
    tried = {str(path.relative_to(ROOT)) for path in paths}
    outdated = {key for key in listed if key[0] in tried} - {mutant.key for mutant in known}
    for module, old, new in sorted(outdated):
        print(f"\n{EQUIVALENT.name} lists what did not survive: {module}\n-{old}\n+{new}")
    return 1 if unknown or outdated else 0


def equivalents() -> Set[Tuple[str, str, str]]:
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    return {(entry["module"], old, new) for entry in entries for old, new in entry["changes"]}


def add_row(table: Table, name: str, mutants: int, equivalent: int, survived: int) -> None:
    if mutants:
        killed = mutants - equivalent - survived
        cells = (mutants, killed, equivalent, survived, f"{100 * killed / mutants:.1f}")
        table.add_row(name, *map(str, cells))


if __name__ == "__main__":
    sys.exit(main())
