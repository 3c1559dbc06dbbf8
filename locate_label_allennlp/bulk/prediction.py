"""Bulk prediction: workers of Ray, each with a model, take parts of the inputs."""

import hashlib
import json
import logging
import os
import socket
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict

from locate_label_allennlp.bulk.libraries import library
from locate_label_allennlp.bulk.output import OutputFolder
from locate_label_allennlp.bulk.parts import Part, cut, input_files, read_part
from locate_label_allennlp.common.progress import progress_bar
from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.patches.trust import is_trusted

NOT_THERE = -1

# Given to the predictor at once; it makes batches of them by their wordpieces.
_SENTENCES = 2048

# How often a part is tried again whose worker has died: one that kills every worker ends the run.
_RETRIES = 5

# Seconds until a cluster has to answer.
_TIMEOUT = 20

# Of Ray; with more parts a task has several of them.
_TASKS = 10_000


@dataclass(frozen=True)
class Settings:
    """
    # Parameters

    model : `str`
        As `load_predictor` takes it. Workers on other machines need it at the same path, and so
        they do inputs and output.
    inputs : `Sequence[str]`
    output : `str`
    format : `str`, optional (default = `"jsonl"`)
    part_size : `int`, optional (default = `1000`)
        Inputs in a part, which is what is done again when a worker dies.
    whole_files : `bool`, optional
    overrides : `str`, optional
        JSON, for the model's config.
    """

    model: str
    inputs: Sequence[str]
    output: str
    format: str = "jsonl"
    part_size: int = 1000
    whole_files: Optional[bool] = None
    overrides: str = ""

    def as_json(self) -> JsonDict:
        """What the parts follow from: files in their order with sizes, and the model's sum."""
        sizes: List[List[Any]] = []
        for path in self.inputs:
            for file in input_files(path):
                stored = file.name if os.path.isfile(file.name) else file.name.partition("!")[0]
                exists = os.path.isfile(stored)
                sizes.append([file.name, os.path.getsize(stored) if exists else NOT_THERE])
        return {
            "model": _sum(self.model),
            "inputs": sizes,
            "format": self.format,
            "part_size": self.part_size,
            "whole_files": self.whole_files,
            "overrides": self.overrides,
        }


class Worker:
    """
    Predicts parts, and writes each into a file of its own. What it is called with, and what it
    returns, are rows of Ray Data.
    """

    def __init__(self, settings: Settings, on_gpu: bool, trust: bool = False) -> None:
        self._settings = settings
        self._cuda_device = 0 if on_gpu else -1
        self._trust = trust
        self._predictor: Any = None
        self._output = OutputFolder(settings.output, settings.format)

    def __call__(self, row: Dict[str, Any]) -> Dict[str, Any]:
        """What a user can put right is `error`, and no exception: that is told in one line."""
        counts = {"documents": 0, "rejected": 0, "sentences": 0, "entities": 0}
        try:
            counts.update(self._counts(Part.from_json(row["part"])))
        except (ConfigurationError, CorpusError, FloatingPointError) as error:
            return {**counts, "error": str(error)}
        return {**counts, "error": ""}

    def _counts(self, part: Part) -> Dict[str, int]:
        if self._predictor is None:
            self._predictor = self._loaded()
        rejected: List[CorpusError] = []
        inputs = (
            (item, document)
            for _, item, document in read_part(
                part, self._predictor, self._settings.whole_files, rejected.append
            )
        )
        outputs, sentences = [], 0
        for group in _grouped(inputs):
            outputs += self._predictor.predict_documents(group)
            sentences += sum(len(document.sentences) for _, document in group)
        if len(outputs) + len(rejected) != part.count:
            piece = part.pieces[0]
            raise CorpusError(
                f"part {part.number} had {part.count} inputs, and has {len(outputs)} and "
                f"{len(rejected)} that are not allowed: a file was changed meanwhile",
                piece.name,
                piece.first + 1,
            )
        self._output.reject(part.number, rejected)
        self._output.write(part.number, outputs, map(self._predictor.dump_line, outputs))
        return {
            "documents": len(outputs),
            "rejected": len(rejected),
            "sentences": sentences,
            "entities": sum(len(output["entities"]) for output in outputs),
        }

    def _loaded(self) -> Any:
        from allennlp.common.util import import_module_and_submodules

        from locate_label_allennlp.patches.trust import TRUST
        from locate_label_allennlp.predictors.loading import load_predictor

        os.environ[TRUST] = "1" if self._trust else "0"
        # An archive names its components, which are known once they are imported.
        import_module_and_submodules("locate_label_allennlp")
        return load_predictor(self._settings.model, self._cuda_device, self._settings.overrides)


def _grouped(inputs: Iterable[Tuple[JsonDict, Document]]) -> Iterator[List[Any]]:
    """So many at once that they have `_SENTENCES` together; instances of all would fill memory."""
    group: List[Any] = []
    size = 0
    for item, document in inputs:
        group.append((item, document))
        size += len(document.sentences)
        if size >= _SENTENCES:
            yield group
            group, size = [], 0
    if group:
        yield group


def predict_in_bulk(
    settings: Settings, workers: Optional[int] = None, address: Optional[str] = None
) -> JsonDict:
    """
    Predicts what has not been predicted by an earlier call that was broken off.

    # Parameters

    settings : `Settings`
    workers : `int`, optional
        Processes with a model each; by default as many as there are GPUs, or else processors.
    address : `str`, optional
        Of a Ray cluster, such as `"auto"`; by default one is started on this machine.

    # Returns

    `Dict[str, Any]`
        The manifest.

    # Raises

    `ConfigurationError`, `CorpusError` for settings or inputs that are not allowed. A line that is
    none is no error: it is counted, and named in `rejected.jsonl`.
    """
    for path in settings.inputs:
        input_files(path)
    # Workers may be in other folders, and the same command may be given from another one.
    settings = replace(
        settings,
        model=os.path.abspath(settings.model) if os.path.exists(settings.model) else settings.model,
        inputs=[path if "://" in path else os.path.abspath(path) for path in settings.inputs],
        output=os.path.abspath(settings.output),
    )
    for path in settings.inputs:
        # Its parts would be inputs of the next call, which could not go on then.
        if Path(settings.output).resolve().is_relative_to(Path(path).resolve()):
            raise ConfigurationError(
                f"{settings.output}: lies in the input {path}; allowed is a folder beside it"
            )
    output = OutputFolder(settings.output, settings.format)
    with output.locked():
        done = output.begin(settings.as_json())
        parts = list(cut(settings.inputs, settings.part_size, settings.whole_files))
        left = [part for part in parts if part.number not in done]
        if left:
            total = sum(part.count for part in parts)
            before = total - sum(part.count for part in left)
            with progress_bar(desc="predicting", unit="inputs", initial=before, total=total) as bar:
                for row in _rows(settings, left, workers, address):
                    if row["error"]:
                        raise ConfigurationError(row["error"])
                    bar.update(row["documents"] + row["rejected"])
        return output.end(len(parts))


def _rows(
    settings: Settings, parts: Sequence[Part], workers: Optional[int], address: Optional[str]
) -> Iterator[Dict[str, Any]]:
    """What the workers say of each part, as they come."""
    ray = library("ray")
    data = library("ray.data")
    address = address or os.environ.get("RAY_ADDRESS")
    _check_reached(address)
    try:
        ray.init(
            address=address or "local",
            # On this machine a worker may have less than a processor; one is for Ray Data itself.
            num_cpus=None if address else 1 + max(workers or 0, os.cpu_count() or 1),
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level="error",
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"no Ray at {address or 'this machine'} ({str(error).splitlines()[0]})"
        ) from error
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        data.DataContext.get_current().enable_progress_bars = False
        resources = ray.cluster_resources()
        on_gpu = resources.get("GPU", 0) >= 1
        size = workers or int(resources["GPU" if on_gpu else "CPU"]) - (not address and not on_gpu)
        items = [{"part": json.dumps(asdict(part))} for part in parts]
        with warnings.catch_warnings():
            # That it bounds the retries by an argument that Ray 2.64 will not have.
            warnings.simplefilter("ignore", DeprecationWarning)
            # Ray gives a part to another worker when its own dies.
            dataset = data.from_items(items, override_num_blocks=min(len(parts), _TASKS)).map(
                Worker,
                fn_constructor_args=(settings, on_gpu, is_trusted()),
                compute=data.ActorPoolStrategy(size=max(1, min(size, len(parts)))),
                num_cpus=1,
                num_gpus=1 if on_gpu else 0,
                ray_remote_args_fn=_retries,
            )
        yield from dataset.iter_rows()
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ConfigurationError(
            f"a worker failed: {reason.strip()}; the same command goes on with the missing parts"
        ) from error
    finally:
        ray.shutdown()


def _check_reached(address: Optional[str]) -> None:
    """Where nobody answers, Ray tries for many minutes."""
    if not address:
        return
    server = urlsplit(address if "://" in address else f"//{address}")
    try:
        # "auto" and "local" have no port.
        if server.hostname and server.port:
            socket.create_connection((server.hostname, server.port), _TIMEOUT).close()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--address {address}: no Ray answers there ({error})") from error


def _retries() -> Dict[str, Any]:
    return {"max_restarts": -1, "max_task_retries": _RETRIES}


def _sum(path: str) -> str:
    """
    Of a model: of the file, or of the names and sizes of a folder's files. One that is elsewhere,
    such as on the hub, is known by its name.
    """
    if not os.path.exists(path):
        return path
    if os.path.isfile(path):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256("".join(_names_and_sizes(path)).encode()).hexdigest()


def _names_and_sizes(folder: str) -> Iterable[str]:
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(directory, name)
            yield f"{os.path.relpath(path, folder)} {os.path.getsize(path)}\n"
