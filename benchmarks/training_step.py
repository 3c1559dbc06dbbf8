"""
A training step of the whole model, against that of the bare encoder.

    python benchmarks/training_step.py --corpus FILE --encoder FOLDER --json FILE

Ours: forward, backward and optimiser step of the model of `experiment.py`, on padded batches that
are ready on the device. Bare: forward, backward and optimiser step of the transformer over the same
tensors of wordpieces and of the text field embedder over the same words (`BareEncoder`); the mean
of the vectors' squares as loss, the same optimiser with the same groups over their parameters.
Gradient clipping is left out of both. "transformer" is bare without the text field embedder. Peak
memory is that of tensors beyond parameters and the optimiser's state.

On a GPU: `--device cuda --precision bf16 --shape bert-base --token-budget 4096`.
"""

from argparse import ArgumentParser

import torch
from common import Report, add_report_options, interleaved
from encoders import BareEncoder, recorded_calls
from experiment import Experiment, add_experiment_options
from memory import peak_tensor_bytes


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_experiment_options(parser)
    add_report_options(parser, rounds=5)
    parser.add_argument("--batches", type=int, default=6, help="from short to long, of the corpus")
    options = parser.parse_args()

    experiment = Experiment(options)
    batches = experiment.batches(experiment.instances(gold=True), options.batches)
    bare = BareEncoder(experiment.model._word_encoder)
    transformer = BareEncoder(experiment.model._word_encoder)
    transformer.text_field_embedder = None
    optimizer, bare_optimizer, transformer_optimizer = (
        experiment.optimizer(module) for module in (experiment.model, bare, transformer)
    )

    items = []
    for batch in batches:
        tensors = experiment.tensors(batch)
        with recorded_calls(experiment.transformer) as calls, torch.no_grad():
            experiment.model(**tensors)
        items.append((tensors, list(calls)))

    times = interleaved(
        {
            "ours": lambda item: experiment.step(item[0], optimizer),
            "bare": lambda item: experiment.bare_step(
                bare, item[1], item[0]["tokens"], bare_optimizer
            ),
            "transformer": lambda item: experiment.bare_step(
                transformer, item[1], None, transformer_optimizer
            ),
        },
        items,
        options.rounds,
        experiment.device,
        clock=options.clock,
    )

    report = Report("training step", options, experiment.device)
    report.add_ratio("ours / bare encoder", times, "bare")
    report.add_ratio("ours / transformer alone", times, "transformer")
    num_sentences = sum(map(len, batches))
    for name in times.seconds:
        report.add(f"{name}: a step", 1000 * times.median(name) / len(items), "ms")
        report.add(f"{name}: sentences", num_sentences / times.median(name), "a second")
    for each in (optimizer, bare_optimizer):
        each.zero_grad()
    tensors, calls = items[-1]
    ours = peak_tensor_bytes(lambda: experiment.step(tensors, optimizer), experiment.device)
    base = peak_tensor_bytes(
        lambda: experiment.bare_step(bare, calls, tensors["tokens"], bare_optimizer),
        experiment.device,
    )
    report.add("ours: peak memory, longest batch", ours / 2**20, "MB")
    report.add("bare: peak memory, longest batch", base / 2**20, "MB")
    report.finish()


if __name__ == "__main__":
    main()
