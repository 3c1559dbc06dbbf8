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
weights would let every seed pass and predict no entity, so the model is trained for `--train-steps`
steps first, and the filter's threshold is then set so that `--keep` of the seeds pass; the report
says how many spans reach each stage.

On a GPU: `--device cuda --precision bf16 --shape bert-base --token-budget 4096`.
"""

import json
from argparse import Namespace
from itertools import chain
from typing import Any, Callable, Dict, List

import torch
from allennlp.common.util import lazy_groups_of
from bare_encoders import BareEncoder, recorded_calls
from common import Report, interleaved
from experiment import (
    Experiment,
    choose_batches,
    experiment_parser,
    first_sentences,
    predict_lines,
)


def main() -> None:
    parser = experiment_parser(__doc__, rounds=5, train_steps=10, limit=160, document=10)
    parser.set_defaults(batch_size=32)
    options = parser.parse_args()

    experiment = Experiment(options)
    experiment.train(options.train_steps, options.keep)
    predictor = experiment.predictor(budget=options.token_budget or 4096)
    bare = BareEncoder(experiment.model).eval()
    report = Report("prediction", options, experiment.device)
    num_sentences = len(experiment.instances(gold=False, limit=options.limit))

    def bare_forward(calls: List[Dict[str, Any]]) -> None:
        with torch.inference_mode():
            bare(calls)

    for name, makers in inputs_of(experiment, options).items():
        items = []
        for make in makers:
            predict = lambda make=make: predict_lines(predictor, make())  # noqa: E731
            items.append((make, recorded_calls(experiment.model, predict)))
        times = interleaved(
            {
                "ours": lambda item: predict_lines(predictor, item[0]),
                "bare": lambda item: bare_forward(item[1]),
            },
            items,
            options.rounds,
            experiment.device,
            options.clock,
            prepare=lambda item: (item[0](), item[1]),
        )
        report.add_ratio(f"{name}: ours / bare encoder", times, "bare")
        for contender in times:
            speed = num_sentences / times.median(contender)
            report.add(f"{name}: {contender}", speed, "sentences/s")
    for name, value in spans_a_sentence(experiment, options.limit).items():
        report.add(name, value, "a sentence")
    report.finish()


def inputs_of(
    experiment: Experiment, options: Namespace
) -> Dict[str, List[Callable[[], List[Any]]]]:
    """
    The sentences as instances and as lines of each kind; documents are runs of the corpus's
    sentences. Each call of the predictor has a function that makes its input: instances have to be
    made anew, since they remember that they were indexed.
    """

    def instances(at: int) -> List[Any]:
        return experiment.instances(gold=False, limit=options.limit)[at : at + options.lines]

    sentences = [
        list(sentence.words)
        for document in first_sentences(experiment.documents, options.limit)
        for sentence in document.sentences
    ]
    documents = list(lazy_groups_of(sentences, options.document))
    items = {
        "text": [{"text": " ".join(chain(*document))} for document in documents],
        "tokens": [{"tokens": words} for words in sentences],
        "document": [{"document": document} for document in documents],
    }
    starts = range(0, len(sentences), options.lines)
    return {
        "instances": [lambda at=at: instances(at) for at in starts],
        **{
            f"{name} lines": [
                lambda lines=lines: lines
                for lines in lazy_groups_of(map(json.dumps, kind), options.lines)
            ]
            for name, kind in items.items()
        },
    }


def spans_a_sentence(experiment: Experiment, limit: int) -> Dict[str, float]:
    """How many spans reach the stages of the model, and how many entities there are."""
    counts = dict.fromkeys(("seeds", "seeds kept", "entities predicted", "entities, gold"), 0)
    instances = experiment.instances(gold=True, limit=limit)
    for batch in choose_batches(instances, len(instances), experiment.options):
        with torch.inference_mode():
            candidates = experiment.model.candidates(**experiment.tensors(batch))
        counts["seeds"] += candidates.seeds.spans.num_spans
        counts["seeds kept"] += candidates.spans.num_spans
        predicted = experiment.model.decode(candidates, len(batch))
        counts["entities predicted"] += sum(map(len, predicted))
        counts["entities, gold"] += sum(len(instance["entities"]) for instance in batch)
    return {name: count / len(instances) for name, count in counts.items()}


if __name__ == "__main__":
    main()
