"""
Time, memory and disk that training and prediction take, by the size of the encoder.

    python benchmarks/resources.py --clock cpu --json FILE

For each of `--shapes`, an encoder with random weights, and each of `--contexts` (neighbouring
sentences on each side, or window), on `--batches` batches from short to long sentences:

- seconds for 1,000 sentences: of training steps, and of prediction from instances to JSON lines;
- memory: the most that the process held, in training from the first step on, in prediction from
  the start of the program on, which includes loading the archive;
- disk: one checkpoint, which is the model's weights and the optimiser's state, and the archive.

A first batch before those does not count. Training and prediction have a process each. As in
`prediction.py`, the filter's threshold is set so that `--keep` of the seeds pass.
"""

import json
import os
import tempfile
from argparse import Namespace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

import torch
from allennlp.common.meta import Meta
from allennlp.data import Instance
from allennlp.models.archival import archive_model
from allennlp.predictors import Predictor
from bare_encoders import SHAPES
from common import Report, markdown_table, seconds_of, short
from experiment import Experiment, choose_batches, experiment_parser, predict_lines, step
from memory import MEGABYTE, forget_peak, in_new_process, peak_resident_bytes

from locate_label_allennlp.common.encoders import ENCODER_FOLDER, encoder_source
from locate_label_allennlp.data.formats import AutoFormat

FIGURES = {
    "training": "s/1,000 sentences",
    "prediction": "s/1,000 sentences",
    "memory, training": "MB",
    "memory, prediction": "MB",
    "checkpoint": "MB",
    "archive": "MB",
}


def main() -> None:
    parser = experiment_parser(__doc__, rounds=0)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES)[1:])
    parser.add_argument("--contexts", nargs="+", default=["0", "1"])
    parser.add_argument("--batches", type=int, default=4, help="from short to long, of the corpus")
    parser.add_argument("--keep", type=float, default=0.1, help="share of seeds that pass")
    parser.add_argument("--measure", choices=MEASURES, help="for the processes this one starts")
    parser.add_argument("--folder", help="for the processes this one starts")
    parser.add_argument("--threshold", type=float, help="for the processes this one starts")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options)))
        return

    report = Report("resources", options, torch.device(options.device))
    rows: List[List[str]] = []
    shapes = [options.shape] if options.encoder else options.shapes
    for shape, context in product(shapes, options.contexts):
        figures = measure(shape, context)
        encoder = os.path.basename(options.encoder or shape)
        for name, unit in FIGURES.items():
            report.add(f"{encoder}, context {context}: {name}", figures[name], unit)
        rows.append([encoder, context, *(short(figures[name]) for name in FIGURES)])
    header = [f"{name}, {unit}" for name, unit in FIGURES.items()]
    report.finish(markdown_table(["encoder", "context", *header], rows))


def measure(shape: str, context: str) -> Dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        chosen = ["--shape", shape, "--context", context, "--folder", folder]
        trained = in_new_process("--measure", "training", *chosen)
        threshold = ["--threshold", str(trained.pop("threshold"))]
        return {**trained, **in_new_process("--measure", "prediction", *chosen, *threshold)}


def timed(
    run: Callable[[Any], Any], items: Sequence[Any], num_sentences: int, options: Namespace
) -> float:
    """Seconds for 1,000 sentences; the first item does not count."""
    run(items[0])
    device = torch.device(options.device)
    seconds = [seconds_of(partial(run, item), device, options.clock) for item in items[1:]]
    return 1000 * sum(seconds) / num_sentences


def training(options: Namespace) -> Dict[str, float]:
    """Leaves the archive in `--folder`."""
    experiment = Experiment(options)
    model, folder = experiment.model, Path(options.folder)
    batches, num_sentences = batches_of(experiment.instances(gold=True), options)
    optimizer = experiment.optimizer(model)
    tensors = [experiment.tensors(batch) for batch in batches]
    forget_peak()
    seconds = timed(partial(step, model, optimizer), tensors, num_sentences, options)
    memory = peak_resident_bytes()

    torch.save(model.state_dict(), folder / "best.th")
    torch.save(optimizer.state_dict(), folder / "optimizer.th")
    experiment.params.to_file(str(folder / "config.json"))
    experiment.vocab.save_to_files(str(folder / "vocabulary"))
    Meta.new().to_file(folder / "meta.json")
    encoder_source(os.environ["ENCODER"], str(folder))
    archive = archive_model(folder, include_in_archive=[ENCODER_FOLDER])
    return {
        "training": seconds,
        "memory, training": memory / MEGABYTE,
        "checkpoint": sum(file.stat().st_size for file in folder.glob("*.th")) / MEGABYTE,
        "archive": os.path.getsize(archive) / MEGABYTE,
        "threshold": experiment.fit_threshold(tensors[0], options.keep),
    }


def prediction(options: Namespace) -> Dict[str, float]:
    """With the archive in `--folder`."""
    predictor: Any = Predictor.from_path(
        str(Path(options.folder) / "model.tar.gz"),
        cuda_device=0 if options.device == "cuda" else -1,
        overrides={"model.filter_threshold": options.threshold},
    )
    instances = [
        instance
        for document in AutoFormat().read(options.corpus)
        for instance in predictor._dataset_reader.document_to_instances(document)
    ]
    batches, num_sentences = batches_of(instances, options)
    seconds = timed(partial(predict_lines, predictor), batches, num_sentences, options)
    return {"prediction": seconds, "memory, prediction": peak_resident_bytes() / MEGABYTE}


def batches_of(
    instances: Sequence[Instance], options: Namespace
) -> Tuple[List[List[Instance]], int]:
    """A batch of middle length, then those that count; and the number of sentences in these."""
    batches = choose_batches(instances, options.batches, options)
    return choose_batches(instances, 1, options) + batches, sum(map(len, batches))


MEASURES = {"training": training, "prediction": prediction}

if __name__ == "__main__":
    main()
