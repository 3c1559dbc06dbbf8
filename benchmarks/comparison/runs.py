"""One config with one seed: a training, an evaluation, and what they leave behind."""

import json
import os
import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence
from unittest.mock import patch
from zipfile import is_zipfile

import torch
from allennlp.common import Params

from comparison.processes import Failed, locked, run_process
from locate_label_allennlp.data.formats.corpus_files import atomic_file, corpus_files

CORPORA = {
    "TRAIN": "train_data_path",
    "DEV": "validation_data_path",
    "TEST": "test_data_path",
}
IDENTITY, LOCK, RESULT = "run.json", "lock", "result.json"


@dataclass
class Run:
    """
    # Parameters

    name : `str`
        Of the config.
    seed : `int`
    folder : `Path`
        Where its files are.
    identity : `Dict[str, Any]`, optional
        What its result depends on, as `identify` returns it.
    result : `Dict[str, Any]`, optional
        What `execute` returned.
    error : `str`, optional
        Why there is no result.
    """

    name: str
    seed: int
    folder: Path
    identity: Optional[Dict[str, Any]] = None
    result: Optional[Dict[str, Any]] = None
    error: Optional[str] = None


def corpus_digest(path: str) -> str:
    """Of all files that a corpus path means."""
    digest = sha256()
    for file in corpus_files(path):
        digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def identify(
    config: Path, seed: int, corpora: Dict[str, str], digests: Dict[str, str], overrides: str
) -> Dict[str, Any]:
    """
    # Parameters

    config : `Path`
    seed : `int`
    corpora : `Dict[str, str]`
        The paths of `TRAIN`, `DEV` and `TEST`.
    digests : `Dict[str, str]`
        Of each.
    overrides : `str`
        As `allennlp train` takes them.

    # Returns

    `Dict[str, Any]`
        `config`, evaluated, and the digests of the `corpora`.

    # Raises

    `Failed`, if the model predicts no entities, so that it has no strict F1.
    """
    with patch.dict(os.environ, {**corpora, "SEED": str(seed)}):
        settings = Params.from_file(str(config), overrides).as_dict(quiet=True)
    settings.update({CORPORA[name]: path for name, path in corpora.items()})
    settings.update(random_seed=seed, numpy_seed=seed, pytorch_seed=seed, evaluate_on_test=False)
    model, trainer = settings["model"], settings["trainer"]
    if model.get("type") == "mention_typer":
        raise Failed(
            f"{config} names the types of given mentions (mention_typer) and predicts none itself: "
            "it has no strict F1 and cannot be compared with models that have"
        )
    # So that the evaluation can switch it to `verbose`.
    model["metric"] = model.get("metric") or {}
    trainer["callbacks"] = [*(trainer.get("callbacks") or []), {"type": "compare_speed"}]
    return {"config": settings, "corpora": digests}


def check_folder(run: Run) -> None:
    """Raises `Failed`, if the folder holds a run of another identity."""
    file = run.folder / IDENTITY
    if not file.exists():
        return
    before, now = (
        Params(identity).as_flat_dict()
        for identity in (read_json(file), json.loads(json.dumps(run.identity)))
    )
    keys = sorted(before.keys() | now.keys())
    changed = [key for key in keys if before.get(key, "absent") != now.get(key, "absent")]
    if changed:
        key, *others = changed
        raise Failed(
            f"{run.folder} holds a run of something else: {key} was {before.get(key, 'absent')} "
            f"and now is {now.get(key, 'absent')}{f' and {len(others)} more' if others else ''}; "
            "give another --output, or --redo to run again what has changed"
        )


def clear_folders(folders: Sequence[Path]) -> None:
    """
    Deletes what runs left in their folders.

    # Raises

    `Failed`, and nothing is deleted, if a process is at work in one of them.
    """
    with ExitStack() as locks:
        for folder in folders:
            locks.enter_context(locked(folder / LOCK))
        for folder in folders:
            # The identity goes last: until then, what is left belongs to the run before.
            kept = {folder / LOCK, folder / IDENTITY}
            for path in {*folder.iterdir()} - kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            (folder / IDENTITY).unlink()


async def execute(run: Run, core: Optional[int] = None) -> Dict[str, Any]:
    """
    Does of training and evaluation what is not yet done.

    # Returns

    `Dict[str, Any]`
        The result.

    # Raises

    `Failed`.
    """
    assert run.identity is not None
    training, trained = run.folder / "training", run.folder / "trained"
    settings = run.identity["config"]
    run.folder.mkdir(parents=True, exist_ok=True)
    with locked(run.folder / LOCK) as lock:
        write_json(run.folder / IDENTITY, run.identity)
        write_json(run.folder / "config.json", settings)
        if not trained.exists():
            command = ["train", str(run.folder / "config.json"), "-s", str(training)]
            if has_checkpoint(training):
                command.append("--recover")
            else:
                shutil.rmtree(training, ignore_errors=True)
            await run_process(_allennlp(command), run.folder / "train.log", core, lock)
            trained.touch()
        changes = {"model.metric.verbose": True, "evaluation": {"type": "compare_speed"}}
        # Its own archive, and an evaluator of its own.
        command = ["evaluate", str(training / "model.tar.gz"), settings[CORPORA["TEST"]], "--trust"]
        command += ["--output-file", str(run.folder / "metrics.json")]
        command += ["--overrides", json.dumps(changes), "--cuda-device", str(_device(settings))]
        await run_process(_allennlp(command), run.folder / "evaluate.log", core, lock)
        result = _collect(run)
        write_json(run.folder / RESULT, result)
        # The archive holds all that is needed from here on.
        for file in training.glob("*.th"):
            file.unlink()
    return result


def has_checkpoint(folder: Path) -> bool:
    """Whether a training can go on from here. A checkpoint that is not whole is deleted."""
    for model_state in folder.glob("model_state_*"):
        both = [model_state, folder / model_state.name.replace("model_", "training_")]
        # PyTorch writes zip archives, whose directory comes last.
        if not all(map(is_zipfile, both)):
            for file in both:
                file.unlink(missing_ok=True)
    return any(folder.glob("model_state_*"))


def _device(settings: Dict[str, Any]) -> int:
    """That of the training: without its name, `allennlp evaluate` takes the CPU."""
    device = settings["trainer"].get("cuda_device")
    if settings.get("distributed"):
        device = settings["distributed"]["cuda_devices"][0]
    if device is None:
        device = 0 if torch.cuda.is_available() else -1
    return device


def _allennlp(arguments: List[str]) -> List[str]:
    return [sys.executable, "-m", "allennlp", *arguments, "--include-package", "comparison.plugin"]


def _collect(run: Run) -> Dict[str, Any]:
    metrics = read_json(run.folder / "metrics.json")
    if "micro_f1" not in metrics:
        raise Failed("its metrics have no strict F1 ('micro_f1')")
    training = read_json(run.folder / "training" / "speed.json")
    sentences, seconds = training.pop("sentences"), training.pop("seconds")
    predicted = metrics.pop("prediction/sentences")
    return {
        "config": run.name,
        "seed": run.seed,
        "best_epoch": read_json(run.folder / "training" / "metrics.json").get("best_epoch"),
        "training_speed": sentences / seconds if sentences else None,
        "prediction_speed": predicted / metrics.pop("prediction/seconds"),
        **training,
        "gpu_memory": training["gpu_memory"] or None,
        "metrics": metrics,
    }


def read_json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def write_json(file: Path, content: Any) -> None:
    with atomic_file(str(file)) as output:
        output.write((json.dumps(content, indent=2) + "\n").encode())
