"""
How prediction and training grow with the length of a sentence and the size of a corpus.

    python benchmarks/scaling.py --corpus FILE --encoder FOLDER --json FILE --plot FILE.png

- Prediction of one sentence of 16 .. 2,048 words, made of the corpus's sentences: time, and peak
  memory of tensors beyond the model's.
- The head: everything but the transformer, which answers at once with what it answered before;
  forward and backward in training, and prediction. Its target is on the growth from 128 to 1,024
  words.
- A training step on one sentence of 512 words: peak resident memory of a process that makes it
  with the whole model, and of one that makes the bare encoder's (`BareEncoder`);
  medians over `--rounds` processes each, which differ by some 50 MB from run to run.
- Prediction of a corpus of `--corpus-sizes` sentences, read from a file and written as JSON lines
  as they come: time, and peak resident memory of a process of its own.
"""

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Tuple

import torch
from allennlp.predictors import Predictor
from common import Curve, Report, add_report_options, growth, plot, seconds_of
from encoders import BareEncoder, recorded_calls
from experiment import Experiment, add_experiment_options, first_sentences
from memory import forget_peak, in_new_process, peak_resident_bytes, peak_tensor_bytes

from locate_label_allennlp.data.document import Document, Entity, Sentence
from locate_label_allennlp.data.formats import AutoFormat

WORDS = [16, 32, 64, 128, 256, 512, 1024, 2048]
HEAD_WORDS = [128, 1024]
STEP_WORDS = 512
LINES_A_CALL = 64
MEGABYTE = 2**20


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_experiment_options(parser)
    add_report_options(parser, rounds=3, plot=True)
    parser.add_argument("--corpus-sizes", type=int, nargs="*", default=[100, 200, 400])
    parser.add_argument("--train-steps", type=int, default=30)
    parser.add_argument("--keep", type=float, default=0.1, help="share of seeds that pass")
    parser.add_argument("--measure", choices=MEASURES, help="for the processes this one starts")
    parser.add_argument("--size", type=int, help="for the processes this one starts")
    options = parser.parse_args()
    experiment = Experiment(options)
    if options.measure:
        print(json.dumps(MEASURES[options.measure](experiment, options)))
        return

    report = Report("scaling", options, experiment.device)
    experiment.train(options.train_steps, options.keep)
    panels = by_length(experiment, options, report)
    heads(experiment, options, report)
    peaks: Dict[str, List[float]] = {"model": [], "bare": []}
    for _ in range(options.rounds):
        for name in peaks:
            measured = in_new_process(["--measure", f"{name}-step"])
            peaks[name].append(measured["peak"] / MEGABYTE)
    for name in peaks:
        report.add(f"{name}: resident, a step on {STEP_WORDS} words", median(peaks[name]), "MB")
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
    sentences = [sentence for document in documents for sentence in document.sentences]
    for sentence in cycle(sentences):
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
    document = Document((long_sentence(experiment.documents, num_words),))
    make = experiment.reader.document_to_instances
    instances = experiment.gold_instances([document]) if gold else make(document)
    return experiment.tensors(instances)


def by_length(experiment: Experiment, options: Namespace, report: Report) -> Dict[str, List[Curve]]:
    """Prediction by the length of a sentence; what is to be drawn."""
    seconds, memory = [], []
    experiment.model.eval()
    for num_words in WORDS:
        tensors = tensors_of(experiment, num_words, gold=False)

        def predict(tensors: Dict[str, Any] = tensors) -> Any:
            with torch.inference_mode(), experiment.autocast():
                return experiment.model(**tensors)

        predict()
        runs = [
            seconds_of(predict, experiment.device, options.clock) for _ in range(options.rounds)
        ]
        seconds.append(median(runs))
        memory.append(peak_tensor_bytes(predict, experiment.device) / MEGABYTE)
        report.add(f"prediction, {num_words} words", 1e3 * seconds[-1], "ms")
        report.add(f"prediction, {num_words} words: memory", memory[-1], "MB")
    report.add("prediction: time exponent, 128 words up", growth(WORDS[3:], seconds[3:]))
    report.add("prediction: memory exponent, 128 words up", growth(WORDS[3:], memory[3:]))
    milliseconds = [1e3 * value for value in seconds]
    return {
        "milliseconds": [Curve("prediction", WORDS, milliseconds)],
        "megabytes": [Curve("prediction", WORDS, memory)],
    }


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


def heads(experiment: Experiment, options: Namespace, report: Report) -> None:
    """Time of everything but the transformer, and how it grows."""

    def learn(tensors: Dict[str, Any]) -> None:
        experiment.model.train()
        with experiment.autocast():
            loss = experiment.model(**tensors)["loss"]
        loss.backward()
        experiment.model.zero_grad()

    def predict(tensors: Dict[str, Any]) -> None:
        experiment.model.eval()
        with torch.inference_mode(), experiment.autocast():
            experiment.model(**tensors)

    with replayed(experiment.transformer):
        for name, run, gold in (("training", learn, True), ("prediction", predict, False)):
            medians = []
            batches = [tensors_of(experiment, num_words, gold) for num_words in HEAD_WORDS]
            for num_words, tensors in zip(HEAD_WORDS, batches, strict=True):
                run(tensors)
                runs = [
                    seconds_of(lambda t=tensors: run(t), experiment.device, options.clock)  # noqa: B023
                    for _ in range(2 * options.rounds)
                ]
                medians.append(median(runs))
                report.add(f"head, {name}, {num_words} words", 1e3 * medians[-1], "ms")
            grown = medians[-1] / medians[0]
            report.add(f"head, {name}: {HEAD_WORDS[0]} to {HEAD_WORDS[-1]} words", grown, "x", 10)


def model_step(experiment: Experiment, options: Namespace) -> Dict[str, float]:
    tensors, _ = ready_for_step(experiment)
    optimizer = experiment.optimizer(experiment.model)
    forget_peak()
    experiment.step(tensors, optimizer)
    return {"peak": peak_resident_bytes()}


def bare_step(experiment: Experiment, options: Namespace) -> Dict[str, float]:
    tensors, calls = ready_for_step(experiment)
    bare = BareEncoder(experiment.model._word_encoder, copy=False)
    optimizer = experiment.optimizer(bare)
    # The rest of the model goes.
    experiment.model = None
    forget_peak()
    experiment.bare_step(bare, calls, tensors["tokens"], optimizer)
    return {"peak": peak_resident_bytes()}


def ready_for_step(experiment: Experiment) -> Tuple[Dict[str, Any], List[Dict[str, Any]]]:
    """What both processes do alike before the step that is measured."""
    tensors = tensors_of(experiment, STEP_WORDS, gold=True)
    with recorded_calls(experiment.transformer) as calls, torch.no_grad():
        experiment.model(**tensors)
    return tensors, calls


def corpus(experiment: Experiment, options: Namespace) -> Dict[str, float]:
    """Prediction of `--size` sentences, the corpus as often as needed, from a file to a file."""
    experiment.train(options.train_steps, options.keep)
    predictor = Predictor.by_name("nested_ner")(experiment.model, experiment.reader)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "corpus.jsonl", Path(folder) / "found.jsonl"
        documents = first_sentences(cycle(experiment.documents), options.size)
        AutoFormat().write(documents, str(source))

        def predict() -> None:
            instances = iter(experiment.reader.read(str(source)))
            with target.open("w", encoding="utf-8") as output:
                while chunk := list(islice(instances, LINES_A_CALL)):
                    with experiment.autocast():
                        found = predictor.predict_batch_instance(chunk)
                    output.writelines(map(predictor.dump_line, found))

        forget_peak()
        seconds = seconds_of(predict, experiment.device, options.clock)
        with target.open(encoding="utf-8") as output:
            lines = sum(1 for _ in output)
    return {"seconds": seconds, "peak": peak_resident_bytes(), "lines": lines}


def by_corpus_size(options: Namespace, report: Report) -> None:
    seconds = []
    for size in options.corpus_sizes:
        measured = in_new_process(["--measure", "corpus", "--size", str(size)])
        seconds.append(measured["seconds"])
        report.add(f"corpus, {size} sentences", measured["lines"] / seconds[-1], "sentences/s")
        report.add(f"corpus, {size} sentences: resident", measured["peak"] / MEGABYTE, "MB")
    if len(seconds) > 1:
        report.add("corpus: time exponent", growth(options.corpus_sizes, seconds))


MEASURES = {"model-step": model_step, "bare-step": bare_step, "corpus": corpus}

if __name__ == "__main__":
    sys.exit(main())
