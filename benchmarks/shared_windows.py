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
from argparse import Namespace
from typing import Any, Dict, Iterable, List

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


class Contender:
    """A model that was trained for some steps, with a predictor and a data loader of its own."""

    def __init__(self, options: Namespace, overrides: Dict[str, Any], **changes: Any) -> None:
        limited = {"dataset_reader.max_instances": options.limit}
        self.experiment = Experiment(options, {**overrides, **limited}, **changes)
        self.experiment.train(options.train_steps, options.keep)
        self._predictor = self.experiment.predictor()
        self._optimizer = self.experiment.optimizer(self.experiment.model)
        params = self.experiment.params["data_loader"].duplicate()
        reader = self.experiment.new_reader()
        self._loader = DataLoader.from_params(params, reader=reader, data_path=options.corpus)
        self._loader.index_with(self.experiment.vocab)
        documents = self.experiment.documents
        self._lines = document_lines(documents, options.limit, options.document)
        self._lines_at_once = options.lines

    def predict(self, _: None = None) -> None:
        """From the words of documents to JSON lines."""
        for group in lazy_groups_of(self._lines, self._lines_at_once):
            predict_lines(self._predictor, group)

    def epoch(self, _: None = None) -> None:
        for batch in self._loader:
            inputs = move_to_device(batch, self.experiment.device)
            step(self.experiment.model, self._optimizer, inputs)


def main() -> None:
    parser = experiment_parser(__doc__, rounds=3, train_steps=30, limit=256, document=20)
    parser.add_argument("--b-context", default="window", help="as --context")
    parser.add_argument("--reader-overrides", default="{}", metavar="JSON")
    parser.add_argument("--b-overrides", default="{}", metavar="JSON")
    options = parser.parse_args()

    changed = json.loads(options.b_overrides)
    for name, value in json.loads(options.reader_overrides).items():
        changed[f"dataset_reader.{name}"] = value
    runs = {
        "A": Contender(options, {}),
        "B": Contender(options, changed, context=options.b_context),
    }
    device = runs["A"].experiment.device
    report = Report("context", options, device)
    # Prediction first: the filter's threshold fits the weights as they are now.
    for title, part in (("prediction of the corpus", "predict"), ("training epoch", "epoch")):
        contenders = {name: getattr(run, part) for name, run in runs.items()}
        times = interleaved(contenders, [None], options.rounds, device, options.clock)
        report.add_ratio(f"{title}: A / B", times, "B", "A")
        report.add_ratio(f"{title}: B / A", times, "A", "B")
        for name in runs:
            report.add(f"{title}: {name}", times.median(name), "s")
    report.finish()


if __name__ == "__main__":
    main()
