"""
A training step of the whole model, against that of the bare encoder.

    python benchmarks/training_step.py --corpus FILE --encoder FOLDER --json FILE

Ours: forward, backward and optimiser step of the model of `experiment.py`, on padded batches that
are ready on the device. Bare: the same of the transformer over the same tensors of wordpieces and
of the text field embedder over the same words (`BareEncoder`); the mean of the vectors' squares as
loss, the same optimiser with the same groups over their parameters. Gradient clipping is left out
of both. "transformer" is bare without the text field embedder. Peak memory is that of tensors
beyond parameters and the optimiser's state.

On a GPU: `--device cuda --precision bf16 --shape bert-base --token-budget 4096`.
"""

from functools import partial
from typing import Any, Dict

from bare_encoders import BareEncoder, recorded_calls
from common import Report, interleaved
from experiment import Experiment, choose_batches, experiment_parser, step
from memory import MEGABYTE, peak_tensor_bytes


def main() -> None:
    parser = experiment_parser(__doc__, rounds=5)
    parser.add_argument("--batches", type=int, default=6, help="from short to long, of the corpus")
    options = parser.parse_args()

    experiment = Experiment(options)
    model, device = experiment.model, experiment.device
    batches = choose_batches(experiment.instances(gold=True), options.batches, options)
    modules = {"ours": model, "bare": BareEncoder(model), "transformer": BareEncoder(model)}
    modules["transformer"].text_field_embedder = None
    optimizers = {name: experiment.optimizer(module) for name, module in modules.items()}
    items = []
    for batch in batches:
        tensors = experiment.tensors(batch)
        calls = recorded_calls(model, lambda tensors=tensors: model(**tensors))
        bare = {"calls": calls, "tokens": tensors["tokens"]}
        items.append({"ours": tensors, "bare": bare, "transformer": {"calls": calls}})

    def run(name: str, item: Dict[str, Any]) -> None:
        step(modules[name], optimizers[name], item[name])

    contenders = {name: partial(run, name) for name in modules}
    times = interleaved(contenders, items, options.rounds, device, options.clock)
    report = Report("training step", options, device)
    report.add_ratio("ours / bare encoder", times, "bare")
    report.add_ratio("ours / transformer alone", times, "transformer")
    num_sentences = sum(map(len, batches))
    for name in times:
        report.add(f"{name}: a step", 1000 * times.median(name) / len(items), "ms")
        report.add(f"{name}: sentences", num_sentences / times.median(name), "a second")
    for optimizer in optimizers.values():
        optimizer.zero_grad()
    for name in ("ours", "bare"):
        peak = peak_tensor_bytes(partial(run, name, items[-1]), device)
        report.add(f"{name}: peak memory, longest batch", peak / MEGABYTE, "MB")
    report.finish()


if __name__ == "__main__":
    main()
