"""
The reader and the batches: from a corpus file to padded tensors, part by part.

    python benchmarks/reader.py --corpus FILE --encoder FOLDER --json FILE

- parsing: file to documents;
- instances: documents to instances, which with a limit of context also counts wordpieces;
- indexing: `Batch.index_instances`, tokenising included;
- padding: `Batch.as_tensor_dict`, in batches of sentences of like length.

With neighbouring sentences (`--context`) and without; the first pass, when the tokenizer has met no
word yet, and the passes after it, of which the median is taken.
"""

from statistics import median
from typing import Any, Callable, Dict

import torch
from allennlp.data import Batch
from common import CLOCKS, Report
from experiment import Experiment, choose_batches, experiment_parser

from locate_label_allennlp.data.formats import AutoFormat

PARTS = ("parsing", "instances", "indexing", "padding")


def main() -> None:
    parser = experiment_parser(__doc__, rounds=3)
    options = parser.parse_args()
    report = Report("reader", options, torch.device(options.device))

    for context in dict.fromkeys(("0", options.context)):
        experiment = Experiment(options, context=context)
        sentences = [s for document in experiment.documents for s in document.sentences]
        num_words = sum(len(sentence.words) for sentence in sentences)
        reader = experiment.new_reader()
        passes = [one_pass(experiment, reader) for _ in range(1 + options.rounds)]
        for name, runs in (("first pass", passes[:1]), ("later passes", passes[1:])):
            seconds = {part: median(run[part] for run in runs) for part in PARTS}
            title = f"context {context}, {name}"
            ways = {
                "instances": seconds["parsing"] + seconds["instances"],
                "tensors": sum(seconds.values()),
            }
            for way, time in ways.items():
                report.add(f"{title}: file to {way}", len(sentences) / time, "sent./s")
                report.add(f"{title}: file to {way}", num_words / time, "words/s")
            for part in PARTS:
                report.add(f"{title}: {part}", 1e6 * seconds[part] / len(sentences), "us/sent.")
    report.finish()


def one_pass(experiment: Experiment, reader: Any) -> Dict[str, float]:
    """Seconds of each part over the whole corpus."""
    now = CLOCKS[experiment.options.clock]
    seconds = dict.fromkeys(PARTS, 0.0)

    def timed(part: str, run: Callable[[], Any]) -> Any:
        begin = now()
        result = run()
        seconds[part] += now() - begin
        return result

    corpus = experiment.options.corpus
    timed("parsing", lambda: list(AutoFormat().read(corpus)))
    instances = timed("instances", lambda: list(reader.read(corpus)))
    # It parses the file as well.
    seconds["instances"] -= seconds["parsing"]
    for group in choose_batches(instances, len(instances), experiment.options):
        batch = Batch(group)
        timed("indexing", lambda batch=batch: batch.index_instances(experiment.vocab))
        timed("padding", batch.as_tensor_dict)
    return seconds


if __name__ == "__main__":
    main()
