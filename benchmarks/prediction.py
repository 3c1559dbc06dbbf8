"""
Prediction, from instances and from raw JSON lines to JSON lines, against the bare encoder's
forward pass.

    python benchmarks/prediction.py --corpus FILE --encoder FOLDER --json FILE

Ours: what `allennlp predict` does with `--lines` inputs at a time. From instances that are not yet
indexed (`--use-dataset-reader`): `predict_batch_instance`, `dump_line`; from lines: `load_line`,
`predict_batch_json`, `dump_line`, for raw text, for the words of single sentences, and for those
of documents. The predictor makes its own batches, of up to `--token-budget` wordpieces. Bare: the
transformer's forward pass over the very tensors of wordpieces it reads on each of these ways,
already padded and on the device (`BareEncoder` without the text field embedder).

The tokenizer has met the words before, as in a large corpus it mostly has. Heads with random
weights would let every seed pass and find no entity, so the model is trained for `--train-steps`
steps first, and the filter's threshold is then set so that `--keep` of the seeds pass; what filter
and decoder make of them is printed.

On a GPU: `--device cuda --precision bf16 --shape bert-base --token-budget 4096`.
"""

import json
from argparse import ArgumentParser, Namespace
from typing import Any, Callable, Dict, List, NamedTuple

import torch
from allennlp.data import Instance
from allennlp.predictors import Predictor
from common import Report, add_report_options, interleaved
from encoders import BareEncoder, recorded_calls
from experiment import Experiment, add_experiment_options, first_sentences


class Work(NamedTuple):
    """
    # Parameters

    make : `Callable[[], Any]`
        The input of a run, made anew: instances remember that they were indexed.
    calls : `List[Dict[str, Any]]`
        What the transformer is given in the run.
    """

    make: Callable[[], Any]
    calls: List[Dict[str, Any]]


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_experiment_options(parser)
    add_report_options(parser, rounds=5)
    parser.add_argument("--limit", type=int, default=160, help="sentences of the corpus")
    parser.add_argument("--document", type=int, default=10, help="sentences of a document")
    parser.add_argument("--lines", type=int, default=64, help="lines a call of the predictor")
    parser.add_argument("--train-steps", type=int, default=10)
    parser.add_argument("--keep", type=float, default=0.1, help="share of seeds that pass")
    parser.set_defaults(batch_size=32)
    options = parser.parse_args()

    experiment = Experiment(options)
    experiment.train(options.train_steps, options.keep)
    predictor = Predictor.by_name("nested_ner")(
        experiment.model, experiment.reader, budget=options.token_budget or 4096
    )
    bare = BareEncoder(experiment.model._word_encoder).eval()
    report = Report("prediction", options, experiment.device)
    num_sentences = len(experiment.instances(gold=False, limit=options.limit))

    def bare_forward(work: Work) -> None:
        with torch.inference_mode(), experiment.autocast():
            bare(work.calls)

    def from_instances(instances: List[Instance]) -> List[str]:
        with experiment.autocast():
            outputs = predictor.predict_batch_instance(instances)
        return [predictor.dump_line(output) for output in outputs]

    def from_lines(lines: List[str]) -> List[str]:
        with experiment.autocast():
            outputs = predictor.predict_batch_json([predictor.load_line(line) for line in lines])
        return [predictor.dump_line(output) for output in outputs]

    ways: Dict[str, Any] = {"instances": (from_instances, instance_chunks(experiment, options))}
    for name, lines in lines_of(experiment, options).items():
        chunks = [lines[at : at + options.lines] for at in range(0, len(lines), options.lines)]
        ways[f"{name} lines"] = (from_lines, [lambda chunk=chunk: chunk for chunk in chunks])

    for name, (run, makers) in ways.items():
        works = []
        for make in makers:
            with recorded_calls(experiment.transformer) as calls:
                run(make())
            works.append(Work(make, list(calls)))

        # Both get the same item; the instances in it are made outside the timing.
        times = interleaved(
            {
                "ours": lambda item, run=run: run(item[0]),
                "bare": lambda item: bare_forward(item[1]),
            },
            works,
            options.rounds,
            experiment.device,
            prepare=lambda work: (work.make(), work),
            clock=options.clock,
        )
        report.add_ratio(f"{name}: ours / bare encoder", times, "bare")
        report.add(f"{name}: ours", num_sentences / times.median("ours"), "sentences/s")
        report.add(f"{name}: bare", num_sentences / times.median("bare"), "sentences/s")
    for name, value in spans_met(experiment, options.limit).items():
        report.add(name, value, "a sentence")
    report.finish()


def instance_chunks(
    experiment: Experiment, options: Namespace
) -> List[Callable[[], List[Instance]]]:
    """As many instances as lines in a call, without gold entities, each made anew when called."""

    def chunk(at: int) -> List[Instance]:
        return experiment.instances(gold=False, limit=options.limit)[at : at + options.lines]

    number = len(experiment.instances(gold=False, limit=options.limit))
    return [lambda at=at: chunk(at) for at in range(0, number, options.lines)]


def lines_of(experiment: Experiment, options: Namespace) -> Dict[str, List[str]]:
    """The sentences as lines of each kind; documents are runs of the corpus's sentences."""
    sentences = [
        list(sentence.words)
        for document in first_sentences(experiment.documents, options.limit)
        for sentence in document.sentences
    ]
    documents = [
        sentences[at : at + options.document] for at in range(0, len(sentences), options.document)
    ]
    texts = [" ".join(word for words in document for word in words) for document in documents]
    return {
        "text": [json.dumps({"text": text}) for text in texts],
        "tokens": [json.dumps({"tokens": words}) for words in sentences],
        "document": [json.dumps({"document": document}) for document in documents],
    }


def spans_met(experiment: Experiment, limit: int) -> Dict[str, float]:
    """How many spans the stages of the model dealt with, and how many entities there are."""
    counts = dict.fromkeys(("seeds", "seeds kept", "entities found", "entities, gold"), 0)
    instances = experiment.instances(gold=True, limit=limit)
    limit = len(instances)
    for batch in experiment.batches(instances, number=limit):
        tensors = experiment.tensors(batch)
        with torch.inference_mode():
            candidates = experiment.model.candidates(**tensors)
        counts["seeds"] += candidates.seeds.spans.num_spans
        counts["seeds kept"] += candidates.spans.num_spans
        found = experiment.model.decode(candidates, len(batch))
        counts["entities found"] += sum(map(len, found))
        counts["entities, gold"] += sum(len(instance["entities"]) for instance in batch)
    return {name: count / limit for name, count in counts.items()}


if __name__ == "__main__":
    main()
