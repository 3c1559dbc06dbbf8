"""One config and one seed of compare.py: a training, an evaluation, and what they leave behind."""

import json
import os
import shutil
import sys
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import torch
from allennlp.common import Params

from comparison.processes import Children, Failed, Usage, check_success, locked
from locate_label_allennlp.data.formats.corpus_files import atomic_file, corpus_files

CORPORA = {
    "TRAIN": "train_data_path",
    "DEV": "validation_data_path",
    "TEST": "test_data_path",
}
_SEEDS = ("random_seed", "numpy_seed", "pytorch_seed")
_CHECKPOINTS = "model_state_*"
_IDENTITY, _LOCK = "run.json", "lock"
_ABSENT = "absent"


class Refused(Exception):
    """What was asked for cannot be compared; nothing has been run."""


class Run(NamedTuple):
    """
    # Parameters

    name : `str`
        Of the config.
    seed : `int`
    identity : `Dict[str, Any]`
        What its result depends on: `config`, evaluated, and the `corpora`'s digests.
    folder : `Path`
        What it writes is found here.
    """

    name: str
    seed: int
    identity: Dict[str, Any]
    folder: Path

    @property
    def result_file(self) -> Path:
        return self.folder / "result.json"


def corpus_digest(path: str) -> str:
    """Of all files that a corpus path means."""
    digest = sha256()
    for file in corpus_files(path):
        digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def plan(
    config: Path, seed: int, corpora: Dict[str, str], digests: Dict[str, str], overrides: str
) -> Dict[str, Any]:
    """
    The identity of a run.

    # Parameters

    config : `Path`
    seed : `int`
    corpora : `Dict[str, str]`
        The paths of `TRAIN`, `DEV` and `TEST`.
    digests : `Dict[str, str]`
        Of each.
    overrides : `str`
        As `allennlp train` takes them.

    # Errors

    `Refused` if the model finds no entities, so that it has no strict F1.
    """
    with _environment({**corpora, "SEED": str(seed)}):
        settings = Params.from_file(str(config), overrides).as_dict(quiet=True)
    for variable, path in corpora.items():
        settings[CORPORA[variable]] = path
    settings.update(dict.fromkeys(_SEEDS, seed), evaluate_on_test=False)
    model = settings["model"]
    if model.get("type") == "mention_typer":
        raise Refused(
            f"{config} names the types of given mentions (mention_typer) and finds none itself: it "
            "has no strict F1 and cannot stand beside models that have"
        )
    # So that the evaluation can switch it to `verbose`.
    model["metric"] = model.get("metric") or {}
    trainer = settings["trainer"]
    trainer["callbacks"] = [*(trainer.get("callbacks") or []), {"type": "compare_speed"}]
    return {"config": settings, "corpora": digests}


@contextmanager
def _environment(variables: Dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def check_folder(run: Run) -> None:
    """Raises `Refused` if its folder holds another run."""
    file = run.folder / _IDENTITY
    if not file.exists():
        return
    before, now = _flat(_read(file)), _flat(json.loads(json.dumps(run.identity)))
    keys = sorted(before.keys() | now.keys())
    changed = [key for key in keys if before.get(key, _ABSENT) != now.get(key, _ABSENT)]
    if changed:
        key = changed[0]
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise Refused(
            f"{run.folder} holds a run of something else: {key} was {before.get(key, _ABSENT)} "
            f"and now is {now.get(key, _ABSENT)}{more}; give another --output, or --redo to run "
            "again what has changed"
        )


def clear_folders(folders: Sequence[Path]) -> None:
    """
    Deletes what runs left in their folders.

    # Errors

    `Failed`, and nothing is deleted, if a process is at work in one of them.
    """
    with ExitStack() as locks:
        for folder in folders:
            locks.enter_context(locked(folder / _LOCK))
        for folder in folders:
            for path in folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name not in (_IDENTITY, _LOCK):
                    path.unlink()
            # Last: if this is interrupted, what is left still belongs to the run it is of.
            (folder / _IDENTITY).unlink()


def _flat(value: Any, prefix: str = "") -> Dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix[:-1]: value}
    found: Dict[str, Any] = {}
    for key, below in value.items():
        found.update(_flat(below, f"{prefix}{key}."))
    return found


def execute(run: Run, children: Children, core: Optional[int] = None) -> Dict[str, Any]:
    """
    Trains, evaluates and returns the result, or what of this is not yet done.

    # Errors

    `Failed` with the line that says why.
    """
    if run.result_file.exists():
        return _read(run.result_file)
    run.folder.mkdir(parents=True, exist_ok=True)
    with locked(run.folder / _LOCK) as lock:
        _write(run.folder / _IDENTITY, run.identity)
        _write(run.folder / "config.json", run.identity["config"])
        trained = run.folder / "trained.json"
        if not trained.exists():
            usage = _train(run, children, core, lock)
            _write(trained, {"megabytes": usage.megabytes})
        _evaluate(run, children, core, lock)
        result = _collect(run)
        _write(run.result_file, result)
        # The archive holds what is needed from here on.
        for pattern in (_CHECKPOINTS, "training_state_*", "best.th"):
            for file in (run.folder / "training").glob(pattern):
                file.unlink()
    return result


def _train(run: Run, children: Children, core: Optional[int], lock: int) -> Usage:
    folder, log = run.folder / "training", run.folder / "train.log"
    command = ["train", str(run.folder / "config.json"), "-s", str(folder)]
    if has_checkpoint(folder):
        command.append("--recover")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return check_success(children.run(_allennlp(command), log, core, lock), log)


def has_checkpoint(folder: Path) -> bool:
    """Whether a training can go on from here. A checkpoint that was cut off is removed."""
    found = False
    for model_state in folder.glob(_CHECKPOINTS):
        both = [model_state, folder / model_state.name.replace("model_", "training_")]
        if all(map(_is_whole, both)):
            found = True
        else:
            for file in both:
                file.unlink(missing_ok=True)
    return found


def _is_whole(file: Path) -> bool:
    try:
        # Mapped, not read: the weights stay where they are.
        torch.load(file, map_location="cpu", mmap=True, weights_only=False)
    except Exception:  # it has no type of its own for what is torn
        return False
    return True


def _evaluate(run: Run, children: Children, core: Optional[int], lock: int) -> None:
    settings, log = run.identity["config"], run.folder / "evaluate.log"
    command = ["evaluate", str(run.folder / "training" / "model.tar.gz")]
    command += [settings[CORPORA["TEST"]], "--output-file", str(run.folder / "metrics.json")]
    changes = {"model.metric.verbose": True, "evaluation": {"type": "compare_speed"}}
    command += ["--overrides", json.dumps(changes), "--cuda-device", str(_device(settings))]
    log.unlink(missing_ok=True)
    check_success(children.run(_allennlp(command), log, core, lock), log)


def _device(settings: Dict[str, Any]) -> int:
    """That of the training; it has to be named to `allennlp evaluate`."""
    device = settings["trainer"].get("cuda_device")
    if device is None and settings.get("distributed"):
        device = settings["distributed"]["cuda_devices"][0]
    if device is None:
        device = 0 if torch.cuda.is_available() else -1
    return device


def _allennlp(arguments: List[str]) -> List[str]:
    return [sys.executable, "-m", "allennlp", *arguments, "--include-package", "comparison.plugin"]


def _collect(run: Run) -> Dict[str, Any]:
    training = run.folder / "training"
    metrics, learned = _read(run.folder / "metrics.json"), _read(training / "metrics.json")
    if "micro_f1" not in metrics:
        raise Failed("its metrics have no strict F1 ('micro_f1')")
    speed = _read(training / "speed.json")
    return {
        "config": run.name,
        "seed": run.seed,
        "best_epoch": learned.get("best_epoch"),
        "parameters": speed["parameters"],
        "trained_parameters": speed["trained_parameters"],
        "training_speed": _ratio(speed["sentences"], speed["seconds"]),
        "prediction_speed": _ratio(
            metrics.pop("prediction/sentences"), metrics.pop("prediction/seconds")
        ),
        "memory": _read(run.folder / "trained.json")["megabytes"],
        "gpu_memory": speed["gpu_memory"] or None,
        "metrics": metrics,
    }


def _ratio(number: float, seconds: float) -> Optional[float]:
    return number / seconds if number else None


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def _write(file: Path, content: Any) -> None:
    with atomic_file(str(file)) as output:
        output.write((json.dumps(content, indent=2) + "\n").encode())
