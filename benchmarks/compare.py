"""
Trains and evaluates several configs with several seeds on one corpus, and writes one table.

    python benchmarks/compare.py training_config/quickstart.jsonnet \\
        training_config/ablations/quickstart_*.jsonnet --seeds 13 14 --output output/ablations \\
        --train fixtures/quickstart/train.jsonl --dev fixtures/quickstart/dev.jsonl \\
        --test fixtures/quickstart/test.jsonl

Each config and seed is an `allennlp train` and an `allennlp evaluate` of its own. Called again with
the same arguments it goes on where it was interrupted. See docs/compare.md.
"""

import asyncio
import os
import signal
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import List, Optional, Sequence

import torch
from allennlp.common.checks import ConfigurationError
from common import environment
from comparison.processes import Failed
from comparison.runs import (
    CORPORA,
    RESULT,
    Run,
    check_folder,
    clear_folders,
    corpus_digest,
    execute,
    identify,
    read_json,
    write_json,
)
from comparison.table import make_rows, markdown

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_files import atomic_file


def main() -> None:
    options = parse_options()
    try:
        check_options(options)
        runs = plan(options)
    except (Failed, CorpusError, ConfigurationError) as error:
        sys.exit(f"compare.py: error: {error}")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    asyncio.run(do_all(runs, options))
    print((options.output / "table.md").read_text("utf-8"), end="")
    sys.exit(1 if any(run.error for run in runs) else 0)


def parse_options() -> Namespace:
    description, _, epilog = (__doc__ or "").strip().partition("\n\n")
    parser = ArgumentParser(
        description=description, epilog=epilog, formatter_class=RawDescriptionHelpFormatter
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


def check_options(options: Namespace) -> None:
    """Raises `Failed`."""
    names = [config.stem for config in options.configs]
    for config in options.configs:
        if names.count(config.stem) > 1:
            raise Failed(f"two configs are called {config.stem}; rename one")
        if not config.is_file():
            raise Failed(f"{config}: no such file")
    if len(set(options.seeds)) < len(options.seeds):
        raise Failed(f"--seeds has one twice: {options.seeds}")
    if options.jobs < 1:
        raise Failed(f"--jobs is {options.jobs}; allowed are numbers >= 1")
    if options.cores is not None:
        if not hasattr(os, "sched_setaffinity"):
            raise Failed("--cores: this system cannot pin processes to cores")
        allowed = os.sched_getaffinity(0)
        if not set(options.cores) <= allowed:
            raise Failed(f"--cores is {options.cores}; allowed are {sorted(allowed)}")
        if len(set(options.cores)) < options.jobs:
            raise Failed(f"--cores has fewer cores than --jobs {options.jobs}")


def plan(options: Namespace) -> List[Run]:
    """All runs, those with a result already and those whose config is wrong among them."""
    corpora = {name: getattr(options, name.lower()) for name in CORPORA}
    corpora = {n: os.path.abspath(p) if os.path.exists(p) else p for n, p in corpora.items()}
    digests = {name: corpus_digest(path) for name, path in corpora.items()}
    runs: List[Run] = []
    changed: List[Path] = []
    for config in options.configs:
        for seed in options.seeds:
            run = Run(config.stem, seed, options.output / f"{config.stem}-{seed}")
            runs.append(run)
            try:
                run.identity = identify(config, seed, corpora, digests, options.overrides)
            # What Jsonnet, JSON and overrides raise, and a config without a model or a trainer.
            except (RuntimeError, ValueError, KeyError, ConfigurationError) as error:
                run.error = f"no key {error}" if isinstance(error, KeyError) else str(error)
                continue
            try:
                check_folder(run)
            except Failed:
                if not options.redo:
                    raise
                changed.append(run.folder)
    clear_folders(changed)
    for run in runs:
        if run.error is None and (run.folder / RESULT).exists():
            run.result = read_json(run.folder / RESULT)
    return runs


async def do_all(runs: Sequence[Run], options: Namespace) -> None:
    """Does the runs that are left, some at a time; the table is written anew after each."""
    cores: asyncio.Queue[Optional[int]] = asyncio.Queue()
    for job in range(options.jobs):
        cores.put_nowait(options.cores[job] if options.cores else None)

    async def do(run: Run) -> None:
        core = await cores.get()
        print(f"{run.name}, seed {run.seed}: begins", file=sys.stderr, flush=True)
        try:
            run.result = await execute(run, core)
            summary = f"F1 {100 * run.result['metrics']['micro_f1']:.2f}"
        except (Failed, OSError, ValueError, KeyError) as error:
            run.error = str(error) or repr(error)
            summary = f"failed: {run.error}"
        finally:
            cores.put_nowait(core)
        print(f"{run.name}, seed {run.seed}: {summary}", file=sys.stderr, flush=True)
        write_table(runs, options)

    options.output.mkdir(parents=True, exist_ok=True)
    write_table(runs, options)
    await asyncio.gather(*(do(run) for run in runs if run.result is None and run.error is None))


def write_table(runs: Sequence[Run], options: Namespace) -> None:
    """`table.md`, and `table.json` with all that is known of each run."""
    ended = [run for run in runs if run.result is not None or run.error is not None]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    content = {
        "rows": make_rows(ended),
        "runs": [
            {"name": run.name, "seed": run.seed, "result": run.result, "error": run.error}
            for run in ended
        ],
        "corpus": {name: str(getattr(options, name)) for name in ("train", "dev", "test")},
        "environment": {**environment(device), "jobs": options.jobs},
    }
    write_json(options.output / "table.json", content)
    with atomic_file(str(options.output / "table.md")) as file:
        file.write(markdown(ended).encode())


if __name__ == "__main__":
    main()
