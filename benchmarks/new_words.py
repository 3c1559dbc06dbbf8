"""
How much memory a process that predicts on and on takes for words that it has not met before. Needs
Linux.

    python benchmarks/new_words.py --words 1000000 --json FILE

Raw texts of `--text` words, none of which comes twice, go through one predictor, as in a server:
spaCy's rules, the characters and the wordpieces of each word, the model. The first `--warm-up`
words fill what has a size of its own. From then on the resident memory is looked at twenty times;
the figure is the most it has grown. The model is small (`--shape tiny`, `--hidden 16`, `--keep` of
the seeds pass its filter): what it keeps of a word does not depend on that.
"""

import random
from string import ascii_lowercase as LETTERS
from typing import Iterator

from experiment import Experiment, experiment_parser
from memory import MEGABYTE, resident_bytes

from common import Report  # isort: skip

WANTED = 100
LOOKS = 20


def main() -> None:
    parser = experiment_parser(__doc__, rounds=0)
    parser.add_argument("--keep", type=float, default=0.02, help="share of seeds that pass")
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--warm-up", type=int, default=20_000)
    parser.add_argument("--text", type=int, default=1000, help="words of a text")
    parser.set_defaults(shape="tiny", hidden=16)
    options = parser.parse_args()

    experiment = Experiment(options)
    experiment.fit_threshold(experiment.tensors(experiment.instances(True, 8)), options.keep)
    predictor = experiment.predictor()
    report = Report("new words", options, experiment.device)
    texts = new_texts(options.text)

    def predict(num_words: int) -> None:
        for _ in range(max(1, num_words // options.text)):
            predictor.predict(next(texts))

    predict(options.warm_up)
    before = resident_bytes()
    grown = []
    for _ in range(LOOKS):
        predict(options.words // LOOKS)
        grown.append((resident_bytes() - before) / MEGABYTE)
    report.add(f"growth, {options.words:,} new words: at most", max(grown), "MB", WANTED)
    report.add("growth: in the end", grown[-1], "MB")
    report.finish()


def new_texts(num_words: int) -> Iterator[str]:
    """Texts of sentences of twenty words, each word of nine letters and new."""
    generator = random.Random(0)
    number = 0
    while True:
        words = []
        for _ in range(num_words):
            number += 1
            word = "".join(generator.choices(LETTERS, k=5)) + "".join(
                LETTERS[number // 26**power % 26] for power in range(5)
            )
            words.append(word if number % 20 else f"{word}.")
        yield " ".join(words)


if __name__ == "__main__":
    main()
