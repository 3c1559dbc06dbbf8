"""
Trains and evaluates several configs with several seeds on one corpus, and writes one table.

    python benchmarks/compare.py training_config/quickstart.jsonnet \\
        training_config/ablations/quickstart_*.jsonnet --seeds 13 14 --output output/ablations \\
        --train fixtures/quickstart/train.jsonl --dev fixtures/quickstart/dev.jsonl \\
        --test fixtures/quickstart/test.jsonl

Each config and seed is an `allennlp train` and an `allennlp evaluate` of its own. Called again with
the same arguments it goes on where it was interrupted. See docs/compare.md.
"""

import argparse
import json
import os
import platform
import queue
import signal
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import torch
import transformers
from allennlp.common.checks import ConfigurationError
from comparison.processes import Children, Failed
from comparison.runs import (
    CORPORA,
    Refused,
    Run,
    check_folder,
    clear_folders,
    corpus_digest,
    execute,
    plan,
)
from comparison.table import Outcome, make_rows, markdown

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_files import atomic_file


def main() -> None:
    arguments = parse_arguments()
    try:
        check_arguments(arguments)
        runs, outcomes = plan_all(arguments)
    except (Refused, Failed, CorpusError, ConfigurationError) as error:
        sys.exit(f"compare.py: error: {error}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    outcomes += run_all(runs, arguments, outcomes)
    sys.exit(1 if any(outcome.error is not None for outcome in outcomes) else 0)


def parse_arguments() -> argparse.Namespace:
    description, _, epilog = (__doc__ or "").strip().partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("configs", nargs="+", type=Path, metavar="CONFIG")
    for name in ("train", "dev", "test"):
        parser.add_argument(f"--{name}", required=True, help="the same for all configs")
    parser.add_argument("--seeds", nargs="+", type=int, default=[13])
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    parser.add_argument(
        "--overrides", default="", metavar="JSON", help="for every config, as allennlp train's"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many runs at a time")
    parser.add_argument(
        "--cores", nargs="+", type=int, help="one a job: pins it there, with one thread (Linux)"
    )
    parser.add_argument(
        "--redo", action="store_true", help="run again what was run with other settings or data"
    )
    return parser.parse_args()


def check_arguments(arguments: argparse.Namespace) -> None:
    """Raises `Refused`."""
    names = [config.stem for config in arguments.configs]
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"two configs are called {name}; rename one")
    for config in arguments.configs:
        if not config.is_file():
            raise Refused(f"{config}: no such file")
    if len(set(arguments.seeds)) < len(arguments.seeds):
        raise Refused(f"--seeds has one twice: {arguments.seeds}")
    if arguments.jobs < 1:
        raise Refused(f"--jobs is {arguments.jobs}; allowed are numbers >= 1")
    if arguments.cores is not None:
        if not hasattr(os, "sched_setaffinity"):
            raise Refused("--cores: this system cannot pin processes to cores")
        allowed = os.sched_getaffinity(0)
        if not set(arguments.cores) <= allowed:
            raise Refused(f"--cores is {arguments.cores}; allowed are {sorted(allowed)}")
        if len(set(arguments.cores)) < arguments.jobs:
            raise Refused(f"--cores has fewer cores than --jobs {arguments.jobs}")


def plan_all(arguments: argparse.Namespace) -> Tuple[List[Run], List[Outcome]]:
    """The runs to do, and outcomes for the configs that cannot even be evaluated."""
    paths = {name: _absolute(getattr(arguments, name.lower())) for name in CORPORA}
    digests = {name: corpus_digest(path) for name, path in paths.items()}
    runs: List[Run] = []
    failed: List[Outcome] = []
    for config in arguments.configs:
        for seed in arguments.seeds:
            folder = arguments.output / f"{config.stem}-{seed}"
            try:
                identity = plan(config, seed, paths, digests, arguments.overrides)
            # What Jsonnet, JSON and overrides raise, and a config without a model or a trainer.
            except (RuntimeError, ValueError, KeyError, ConfigurationError) as error:
                message = str(error) if not isinstance(error, KeyError) else f"no key {error}"
                failed.append(Outcome(config.stem, seed, error=message))
            else:
                runs.append(Run(config.stem, seed, identity, folder))
    changed = []
    for run in runs:
        try:
            check_folder(run)
        except Refused:
            if not arguments.redo:
                raise
            changed.append(run.folder)
    clear_folders(changed)
    return runs, failed


def _absolute(path: str) -> str:
    return os.path.abspath(path) if os.path.exists(path) else path


def run_all(
    runs: Sequence[Run], arguments: argparse.Namespace, failed: Sequence[Outcome]
) -> List[Outcome]:
    """Does the runs, some at a time; the table is written anew after each."""
    children = Children()
    cores: queue.Queue[Any] = queue.Queue()
    for job in range(arguments.jobs):
        cores.put(arguments.cores[job] if arguments.cores else None)

    def work(run: Run) -> Outcome:
        core = cores.get()
        try:
            if not run.result_file.exists():
                tell(f"{run.name}, seed {run.seed}: begins")
            return Outcome(run.name, run.seed, result=execute(run, children, core))
        except (Failed, OSError, ValueError, KeyError) as error:
            return Outcome(run.name, run.seed, error=str(error) or repr(error))
        finally:
            cores.put(core)

    order = [(config.stem, seed) for config in arguments.configs for seed in arguments.seeds]
    outcomes: List[Outcome] = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        try:
            for future in as_completed([pool.submit(work, run) for run in runs]):
                outcome = future.result()
                outcomes.append(outcome)
                tell(f"{outcome.name}, seed {outcome.seed}: {_summary(outcome)}")
                done = sorted([*failed, *outcomes], key=lambda o: order.index((o.name, o.seed)))
                write_table(arguments, done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            children.stop()
            raise
    if not runs:
        write_table(arguments, failed)
    print((arguments.output / "table.md").read_text("utf-8"), end="")
    return outcomes


def _summary(outcome: Outcome) -> str:
    if outcome.result is None:
        return f"failed: {outcome.error}"
    return f"F1 {100 * outcome.result['metrics']['micro_f1']:.2f}"


def write_table(arguments: argparse.Namespace, outcomes: Sequence[Outcome]) -> None:
    """`table.md`, and `table.json` with all that is known of each run."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    content: Dict[str, Any] = {
        "rows": [row._asdict() for row in make_rows(outcomes)],
        "runs": [outcome._asdict() for outcome in outcomes],
        "corpus": {name: str(getattr(arguments, name)) for name in ("train", "dev", "test")},
        "environment": {
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
            "machine": platform.machine(),
            "jobs": arguments.jobs,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }
    files = {"table.json": json.dumps(content, indent=2) + "\n", "table.md": markdown(outcomes)}
    for name, text in files.items():
        with atomic_file(str(arguments.output / name)) as file:
            file.write(text.encode())


def tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
