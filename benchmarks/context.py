"""
Two kinds of context compared: neighbouring sentences for each sentence, and windows that sentences
share. Time to predict a corpus, and time of a training epoch.

    python benchmarks/context.py --corpus FILE --encoder FOLDER --json FILE

A is the config with `--context`, B the same with `--b-context`, and with `--reader-overrides` of
the dataset reader and `--b-overrides` of the whole config, where they are given. Each has a model
and a data loader of its own. Prediction goes from the words of documents to JSON lines through the
predictor; an epoch from the data loader's instances, read before, to the last optimiser step.
"""

import json
from argparse import ArgumentParser, Namespace
from typing import Any, Dict, List

from allennlp.common import Params
from allennlp.data import DataLoader
from allennlp.nn.util import move_to_device
from allennlp.predictors import Predictor
from common import Report, add_report_options, interleaved
from experiment import Experiment, add_experiment_options, first_sentences


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_experiment_options(parser)
    add_report_options(parser, rounds=3)
    parser.add_argument("--b-context", default="window", help="as --context")
    parser.add_argument("--reader-overrides", default="{}", metavar="JSON")
    parser.add_argument("--b-overrides", default="{}", metavar="JSON")
    parser.add_argument("--limit", type=int, default=256, help="sentences of the corpus")
    parser.add_argument("--document", type=int, default=20, help="sentences of a document, at most")
    parser.add_argument("--lines", type=int, default=64, help="lines a call of the predictor")
    parser.add_argument("--train-steps", type=int, default=30)
    parser.add_argument("--keep", type=float, default=0.1, help="share of seeds that pass")
    options = parser.parse_args()

    changed = json.loads(options.b_overrides)
    changed.update(
        {
            f"dataset_reader.{name}": value
            for name, value in json.loads(options.reader_overrides).items()
        }
    )
    limited = {"dataset_reader.max_instances": options.limit}
    experiments = {
        "A": Experiment(options, limited),
        "B": Experiment(
            Namespace(**{**vars(options), "context": options.b_context}), {**changed, **limited}
        ),
    }
    for experiment in experiments.values():
        experiment.train(options.train_steps, options.keep)
    device = experiments["A"].device
    report = Report("context", options, device)
    lines = document_lines(experiments["A"], options)

    predictors = {
        name: Predictor.by_name("nested_ner")(experiment.model, experiment.prediction_reader())
        for name, experiment in experiments.items()
    }

    def predict(name: str) -> None:
        predictor = predictors[name]
        for at in range(0, len(lines), options.lines):
            chunk = [predictor.load_line(line) for line in lines[at : at + options.lines]]
            with experiments[name].autocast():
                outputs = predictor.predict_batch_json(chunk)
            for output in outputs:
                predictor.dump_line(output)

    loaders = {name: loader_of(experiment) for name, experiment in experiments.items()}
    optimizers = {
        name: experiment.optimizer(experiment.model) for name, experiment in experiments.items()
    }

    def epoch(name: str) -> None:
        for batch in loaders[name]:
            experiments[name].step(move_to_device(batch, device), optimizers[name])

    # Prediction first: the filter's threshold fits the weights as they are now.
    for title, run in (("prediction of the corpus", predict), ("training epoch", epoch)):
        for experiment in experiments.values():
            experiment.model.eval()
        times = interleaved(
            {name: lambda _, run=run, name=name: run(name) for name in experiments},
            [None],
            options.rounds,
            device,
            clock=options.clock,
        )
        report.add_ratio(f"{title}: A / B", times, "B", "A")
        report.add_ratio(f"{title}: B / A", times, "A", "B")
        for name in experiments:
            report.add(f"{title}: {name}", times.median(name), "s")
    report.finish()


def loader_of(experiment: Experiment) -> Any:
    params: Params = experiment.params["data_loader"].duplicate()
    loader = DataLoader.from_params(
        params, reader=experiment.new_reader(), data_path=experiment.options.corpus
    )
    loader.index_with(experiment.vocab)
    return loader


def document_lines(experiment: Experiment, options: Namespace) -> List[str]:
    """The first sentences of the corpus as documents of at most `--document` sentences."""
    documents: List[Dict[str, Any]] = []
    for document in first_sentences(experiment.documents, options.limit):
        sentences = [list(sentence.words) for sentence in document.sentences]
        documents += [
            {"document": sentences[at : at + options.document]}
            for at in range(0, len(sentences), options.document)
        ]
    return [json.dumps(document) for document in documents]


if __name__ == "__main__":
    main()
