"""
Two kinds of context compared: neighbouring sentences for each sentence, and windows that sentences
share. Time to predict a corpus, and time of a training epoch.

    python benchmarks/shared_windows.py --corpus FILE --encoder FOLDER --json FILE

A is the config with `--context`, B the same with `--b-context`, and with `--reader-overrides` of
the dataset reader and `--b-overrides` of the whole config, where they are given. Each has a model
and a data loader of its own. Prediction goes from the words of documents to JSON lines through the
predictor; an epoch from the data loader's instances, read before, to the last optimiser step.
"""

import json
from functools import partial
from typing import Iterable, List

from allennlp.common.util import lazy_groups_of
from allennlp.data import DataLoader
from allennlp.nn.util import move_to_device
from common import Report, interleaved
from experiment import Experiment, experiment_parser, first_sentences, predict_lines, step

from locate_label_allennlp.data.document import Document


def document_lines(documents: Iterable[Document], limit: int, size: int) -> List[str]:
    """The first `limit` sentences as JSON lines, one a document of at most `size` sentences."""
    return [
        json.dumps({"document": [sentence.words for sentence in sentences]})
        for document in first_sentences(documents, limit)
        for sentences in lazy_groups_of(document.sentences, size)
    ]


def main() -> None:
    parser = experiment_parser(__doc__, rounds=3, train_steps=30, limit=256, document=20)
    parser.add_argument("--b-context", default="window", help="as --context")
    parser.add_argument("--reader-overrides", default="{}", metavar="JSON")
    parser.add_argument("--b-overrides", default="{}", metavar="JSON")
    options = parser.parse_args()

    changed = json.loads(options.b_overrides)
    for name, value in json.loads(options.reader_overrides).items():
        changed[f"dataset_reader.{name}"] = value
    limited = {"dataset_reader.max_instances": options.limit}
    experiments = {
        "A": Experiment(options, limited),
        "B": Experiment(options, {**changed, **limited}, context=options.b_context),
    }
    predictors, loaders, optimizers = {}, {}, {}
    for name, experiment in experiments.items():
        experiment.train(options.train_steps, options.keep)
        predictors[name] = experiment.predictor()
        optimizers[name] = experiment.optimizer(experiment.model)
        params = experiment.params["data_loader"].duplicate()
        reader = experiment.new_reader()
        loaders[name] = DataLoader.from_params(params, reader=reader, data_path=options.corpus)
        loaders[name].index_with(experiment.vocab)
    device = experiments["A"].device
    lines = document_lines(experiments["A"].documents, options.limit, options.document)

    def predict(name: str, lines: List[str]) -> None:
        for group in lazy_groups_of(lines, options.lines):
            predict_lines(predictors[name], group)

    def epoch(name: str, lines: List[str]) -> None:
        for batch in loaders[name]:
            step(experiments[name].model, optimizers[name], move_to_device(batch, device))

    report = Report("context", options, device)
    # Prediction first: the filter's threshold fits the weights as they are now.
    for title, run in (("prediction of the corpus", predict), ("training epoch", epoch)):
        contenders = {name: partial(run, name) for name in experiments}
        times = interleaved(contenders, [lines], options.rounds, device, options.clock)
        report.add_ratio(f"{title}: A / B", times, "B", "A")
        report.add_ratio(f"{title}: B / A", times, "A", "B")
        for name in experiments:
            report.add(f"{title}: {name}", times.median(name), "s")
    report.finish()


if __name__ == "__main__":
    main()
