"""Bulk prediction: workers of Ray, each with a model, take parts of the inputs."""

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from allennlp.common.tqdm import Tqdm
from allennlp.common.util import JsonDict

from locate_label_allennlp.bulk.libraries import library
from locate_label_allennlp.bulk.output import OutputFolder
from locate_label_allennlp.bulk.parts import Part, cut, input_files, read_part
from locate_label_allennlp.data.document import CorpusError, Document

NOT_THERE = -1


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
        """What the parts follow from: files with their sizes, and the model's sum."""
        sizes: Dict[str, int] = {}
        for path in self.inputs:
            for file in input_files(path):
                exists = os.path.isfile(file.name)
                sizes[file.name] = os.path.getsize(file.name) if exists else NOT_THERE
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

    def __init__(self, settings: Settings, on_gpu: bool) -> None:
        from allennlp.common.util import import_module_and_submodules

        from locate_label_allennlp.predictors.loading import load_predictor

        # An archive names its components, which are known once they are imported.
        import_module_and_submodules("locate_label_allennlp")
        self._settings = settings
        self._predictor: Any = load_predictor(
            settings.model, 0 if on_gpu else -1, settings.overrides
        )
        self._output = OutputFolder(settings.output, settings.format)

    def __call__(self, row: Dict[str, Any]) -> Dict[str, int]:
        part = Part.from_json(row["part"])
        rejected: List[CorpusError] = []
        inputs: List[Tuple[JsonDict, Document]] = [
            (item, document)
            for _, item, document in read_part(
                part, self._predictor, self._settings.whole_files, rejected.append
            )
        ]
        outputs = self._predictor.predict_documents(inputs)
        self._output.reject(part.number, rejected)
        self._output.write(part.number, outputs, map(self._predictor.dump_line, outputs))
        entities = sum(len(output["entities"]) for output in outputs)
        return {"documents": len(outputs), "rejected": len(rejected), "entities": entities}


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
    output = OutputFolder(settings.output, settings.format)
    done = output.begin(settings.as_json())
    parts = list(cut(settings.inputs, settings.part_size, settings.whole_files))
    left = [part for part in parts if part.number not in done]
    if left:
        total = sum(part.count for part in parts)
        before = total - sum(part.count for part in left)
        with Tqdm.tqdm(
            desc="predicting", unit="inputs", initial=before, total=total, disable=None
        ) as bar:
            for row in _rows(settings, left, workers, address):
                bar.update(row["documents"] + row["rejected"])
    return output.end(len(parts))


def _rows(
    settings: Settings, parts: Sequence[Part], workers: Optional[int], address: Optional[str]
) -> Iterator[Dict[str, int]]:
    """What the workers say of each part, as they come."""
    ray = library("ray")
    data = library("ray.data")
    ray.init(
        address=address,
        # On this machine a worker may have less than a processor; one is for Ray Data itself.
        num_cpus=None if address else 1 + max(workers or 0, os.cpu_count() or 1),
        include_dashboard=None if address else False,
        log_to_driver=False,
        logging_level="error",
    )
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        data.DataContext.get_current().enable_progress_bars = False
        resources = ray.cluster_resources()
        on_gpu = resources.get("GPU", 0) >= 1
        size = workers or int(resources["GPU"] if on_gpu else os.cpu_count() or 1)
        # A task is a part; Ray gives it to another worker when its own dies.
        dataset = data.from_items(
            [{"part": json.dumps(asdict(part))} for part in parts], override_num_blocks=len(parts)
        ).map(
            Worker,
            fn_constructor_args=(settings, on_gpu),
            compute=data.ActorPoolStrategy(size=min(size, len(parts))),
            num_cpus=1,
            num_gpus=1 if on_gpu else 0,
        )
        yield from dataset.iter_rows()
    finally:
        ray.shutdown()


def _sum(path: str) -> str:
    """Of a model: of the file, or of the names and sizes of a folder's files."""
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
