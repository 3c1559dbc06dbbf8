"""
How prediction and training grow with the length of a sentence and the size of a corpus.

    python benchmarks/scaling.py --corpus FILE --encoder FOLDER --json FILE --plot FILE.png

- Prediction of one sentence of 16 .. 2,048 words, made of the corpus's sentences: time, and peak
  memory of tensors beyond the model's.
- The heads: everything but the transformer, which answers at once with what it answered before;
  forward and backward in training, and prediction. Their target is on the growth from 128 to 1,024
  words.
- A training step on one sentence of 512 words: peak resident memory of a process that makes it
  with the whole model, and of one that makes the bare encoder's (`BareEncoder`);
  medians over `--rounds` processes each, which differ by some 50 MB from run to run.
- Prediction of a corpus of `--corpus-sizes` sentences, read from a file and written as JSON lines
  as they come: time, and peak resident memory of a process of its own.
"""

import json
import tempfile
from argparse import Namespace
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, Callable, Dict, Iterator, List

import torch
from allennlp.common.util import lazy_groups_of
from bare_encoders import BareEncoder, recorded_calls
from common import Curve, Report, growth, plot, seconds_of
from experiment import Experiment, experiment_parser, first_sentences, predict_lines, step
from memory import (
    MEGABYTE,
    forget_peak,
    in_new_process,
    peak_resident_bytes,
    peak_tensor_bytes,
)

from locate_label_allennlp.data.document import Document, Entity, Sentence
from locate_label_allennlp.data.formats import AutoFormat

WORDS = [16, 32, 64, 128, 256, 512, 1024, 2048]
HEAD_WORDS = [128, 1024]
STEP_WORDS = 512


def main() -> None:
    parser = experiment_parser(__doc__, rounds=3, plot=True, train_steps=30)
    parser.add_argument("--corpus-sizes", type=int, nargs="*", default=[100, 200, 400])
    parser.add_argument("--measure", choices=MEASURES, help="for the processes this one starts")
    parser.add_argument("--size", type=int, help="for the processes this one starts")
    options = parser.parse_args()
    experiment = Experiment(options)
    if options.measure:
        print(json.dumps(MEASURES[options.measure](experiment)))
        return

    report = Report("scaling", options, experiment.device)
    experiment.train(options.train_steps, options.keep)
    panels = by_length(experiment, report)
    heads(experiment, report)
    peaks: Dict[str, List[float]] = {"model": [], "bare": []}
    for _ in range(options.rounds):
        for name in peaks:
            peaks[name].append(in_new_process("--measure", name)["peak"] / MEGABYTE)
    for name, megabytes in peaks.items():
        report.add(f"{name}: resident, a step on {STEP_WORDS} words", median(megabytes), "MB")
    above = median(peaks["model"]) - median(peaks["bare"])
    report.add("model above bare, resident", above, "MB", at_most=300)
    by_corpus_size(options, report)
    report.finish()
    if options.plot:
        plot(options.plot, panels, "words of a sentence")


def long_sentence(documents: List[Document], num_words: int) -> Sentence:
    """The corpus's sentences in a row, from the beginning as often as needed, cut at the end."""
    words: List[str] = []
    entities: List[Entity] = []
    for sentence in cycle(sentence for document in documents for sentence in document.sentences):
        entities += [
            Entity(len(words) + entity.start, len(words) + entity.end, entity.type)
            for entity in sentence.entities
            if len(words) + entity.end <= num_words
        ]
        words += sentence.words
        if len(words) >= num_words:
            return Sentence(tuple(words[:num_words]), tuple(entities))
    raise ValueError("the corpus holds no sentences")


def tensors_of(experiment: Experiment, num_words: int, gold: bool) -> Dict[str, Any]:
    sentence = long_sentence(experiment.documents, num_words)
    return experiment.tensors([experiment.reader.text_to_instance([sentence], 0, gold)])


def predict(experiment: Experiment, tensors: Dict[str, Any]) -> Any:
    experiment.model.eval()
    with torch.inference_mode():
        return experiment.model(**tensors)


def learn(experiment: Experiment, tensors: Dict[str, Any]) -> None:
    experiment.model.train()
    experiment.model(**tensors)["loss"].backward()
    experiment.model.zero_grad()


def median_seconds(run: Callable[[], Any], experiment: Experiment, rounds: int) -> float:
    run()
    clock = experiment.options.clock
    return median(seconds_of(run, experiment.device, clock) for _ in range(rounds))


def by_length(experiment: Experiment, report: Report) -> Dict[str, List[Curve]]:
    """Prediction by the length of a sentence; what is to be drawn."""
    figures: Dict[str, List[float]] = {"milliseconds": [], "megabytes": []}
    for num_words in WORDS:
        run = partial(predict, experiment, tensors_of(experiment, num_words, gold=False))
        milliseconds = 1e3 * median_seconds(run, experiment, experiment.options.rounds)
        megabytes = peak_tensor_bytes(run, experiment.device) / MEGABYTE
        figures["milliseconds"].append(milliseconds)
        figures["megabytes"].append(megabytes)
        report.add(f"prediction, {num_words} words", milliseconds, "ms")
        report.add(f"prediction, {num_words} words: memory", megabytes, "MB")
    for name, unit in (("time", "milliseconds"), ("memory", "megabytes")):
        exponent = growth(WORDS[3:], figures[unit][3:])
        report.add(f"prediction: {name} exponent, {WORDS[3]} words up", exponent)
    return {unit: [Curve("prediction", WORDS, values)] for unit, values in figures.items()}


@contextmanager
def replayed(transformer: torch.nn.Module) -> Iterator[None]:
    """Inside, the transformer computes an input of each shape once, and then repeats its answer."""
    forward = transformer.forward
    answers: Dict[Any, Any] = {}

    def replay(**inputs: Any) -> Any:
        shape = inputs["input_ids"].shape
        if shape not in answers:
            with torch.no_grad():
                answers[shape] = forward(**inputs).last_hidden_state
        return SimpleNamespace(last_hidden_state=answers[shape])

    transformer.forward = replay  # type: ignore[method-assign]
    try:
        yield
    finally:
        del transformer.forward


def heads(experiment: Experiment, report: Report) -> None:
    """Time of everything but the transformer, and how it grows."""
    with replayed(experiment.transformer):
        for name, way, gold in (("training", learn, True), ("prediction", predict, False)):
            seconds = []
            for num_words in HEAD_WORDS:
                run = partial(way, experiment, tensors_of(experiment, num_words, gold))
                seconds.append(median_seconds(run, experiment, 2 * experiment.options.rounds))
                report.add(f"head, {name}, {num_words} words", 1e3 * seconds[-1], "ms")
            grown = seconds[-1] / seconds[0]
            report.add(f"head, {name}: {HEAD_WORDS[0]} to {HEAD_WORDS[-1]} words", grown, "x", 10)


def step_memory(experiment: Experiment, is_bare: bool) -> Dict[str, float]:
    """Peak of a training step of the model, or of the bare encoder."""
    module: torch.nn.Module = experiment.model
    inputs = tensors_of(experiment, STEP_WORDS, gold=True)
    # In both cases, so that what went before is the same.
    calls = recorded_calls(module, lambda: experiment.model(**inputs))
    if is_bare:
        module = BareEncoder(module, copy=False)
        inputs = {"calls": calls, "tokens": inputs["tokens"]}
    optimizer = experiment.optimizer(module)
    # Of the model, only what `module` has is kept.
    experiment.model = None
    forget_peak()
    step(module, optimizer, inputs)
    return {"peak": peak_resident_bytes()}


def corpus(experiment: Experiment) -> Dict[str, float]:
    """Prediction of `--size` sentences, the corpus as often as needed, from a file to a file."""
    options = experiment.options
    experiment.train(options.train_steps, options.keep)
    predictor = experiment.predictor()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "corpus.jsonl", Path(folder) / "entities.jsonl"
        documents = first_sentences(cycle(experiment.documents), options.size)
        AutoFormat().write(documents, str(source))

        def run() -> None:
            instances = experiment.reader.read(str(source))
            with target.open("w", encoding="utf-8") as output:
                for group in lazy_groups_of(instances, options.lines):
                    output.writelines(predict_lines(predictor, group))

        forget_peak()
        seconds = seconds_of(run, experiment.device, options.clock)
        peak = peak_resident_bytes()
        lines = len(target.read_text(encoding="utf-8").splitlines())
    return {"seconds": seconds, "peak": peak, "lines": lines}


def by_corpus_size(options: Namespace, report: Report) -> None:
    seconds = []
    for size in options.corpus_sizes:
        measured = in_new_process("--measure", "corpus", "--size", str(size))
        seconds.append(measured["seconds"])
        report.add(f"corpus, {size} sentences", measured["lines"] / seconds[-1], "sentences/s")
        report.add(f"corpus, {size} sentences: resident", measured["peak"] / MEGABYTE, "MB")
    if len(seconds) > 1:
        report.add("corpus: time exponent", growth(options.corpus_sizes, seconds))


MEASURES = {
    "model": partial(step_memory, is_bare=False),
    "bare": partial(step_memory, is_bare=True),
    "corpus": corpus,
}

if __name__ == "__main__":
    main()
