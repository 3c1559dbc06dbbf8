"""
Is one system better than another on a corpus, or is it chance? A paired bootstrap over sentences.

    python benchmarks/significance.py test.jsonl \\
        --first first-13.jsonl first-17.jsonl --second second-13.jsonl second-17.jsonl

The files hold what each system predicts for the corpus, as `allennlp predict --use-dataset-reader`
writes it; several of a system are trainings with several seeds, and the mean of their micro F1 is
compared. Sentences are drawn with replacement, the same ones for both systems, as often as there
are sentences; `--draws` times. See docs/compare.md.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import List, NamedTuple, Sequence

import numpy
from numpy.typing import NDArray

from locate_label_allennlp.data.corpus.comparison import compare
from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats import AutoFormat

# Draws held at a time.
_CHUNK = 500

# Of a sentence: gold entities, predicted ones, and those that are both.
SentenceCounts = NDArray[numpy.int64]


class Significance(NamedTuple):
    """
    # Parameters

    first, second : `float`
        Mean micro F1 of each system.
    low, high : `float`
        Between them lie 95 of 100 differences, first less second, of the draws.
    share : `float`
        Of the draws, in how many the second is as good as the first or better.
    """

    first: float
    second: float
    low: float
    high: float
    share: float


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="with the gold entities")
    parser.add_argument("--first", nargs="+", required=True, metavar="FILE")
    parser.add_argument("--second", nargs="+", required=True, metavar="FILE")
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args()
    if options.draws < 1:
        parser.error(f"--draws is {options.draws}; allowed is 1 or more")
    corpus = list(AutoFormat().read(options.corpus))
    first, second = (
        [sentence_counts(corpus, options.corpus, path) for path in paths]
        for paths in (options.first, options.second)
    )
    found = significance(first, second, options.draws, options.seed)
    difference = found.first - found.second
    print(f"first   {100 * found.first:.2f}")
    print(f"second  {100 * found.second:.2f}")
    print(f"difference {100 * difference:+.2f} ({100 * found.low:+.2f} to {100 * found.high:+.2f})")
    print(
        f"the second is as good or better in {100 * found.share:.2f} % of {options.draws:,} draws"
    )


def sentence_counts(corpus: Sequence[Document], corpus_path: str, path: str) -> SentenceCounts:
    """Shape `(S, 3)`: of each sentence of the corpus, against the predictions in a file."""
    compared = compare(corpus, AutoFormat().read(path), corpus_path, path)
    differences = {difference.source: difference for difference in compared.differences}
    rows: List[List[int]] = []
    for sentence in (sentence for document in corpus for sentence in document.sentences):
        gold = len({entity.key for entity in sentence.entities})
        difference = differences.get(sentence.source)
        missing, added = (len(difference.missing), len(difference.added)) if difference else (0, 0)
        rows.append([gold, gold - missing + added, gold - missing])
    return numpy.array(rows, dtype=numpy.int64).reshape(-1, 3)


def significance(
    first: Sequence[SentenceCounts], second: Sequence[SentenceCounts], draws: int, seed: int
) -> Significance:
    """Of the counts of each system's trainings, all of the same sentences."""
    generator = numpy.random.default_rng(seed)
    num_sentences = len(first[0])
    chances = numpy.full(num_sentences, 1 / num_sentences)
    differences = []
    for begin in range(0, draws, _CHUNK):
        # (D, S): how often each sentence is drawn
        drawn = generator.multinomial(num_sentences, chances, min(_CHUNK, draws - begin))
        differences.append(mean_f1(first, drawn) - mean_f1(second, drawn))
    difference = numpy.concatenate(differences)
    once = numpy.ones((1, num_sentences), dtype=numpy.int64)
    low, high = numpy.quantile(difference, [0.025, 0.975])
    return Significance(
        float(mean_f1(first, once)[0]),
        float(mean_f1(second, once)[0]),
        float(low),
        float(high),
        float((difference <= 0).mean()),
    )


def mean_f1(
    trainings: Sequence[SentenceCounts], drawn: NDArray[numpy.int64]
) -> NDArray[numpy.float64]:
    """The mean over trainings of the micro F1 of each draw: shape `(D,)`."""
    scores = []
    for counts in trainings:
        gold, predicted, correct = (drawn @ counts).T
        # 2 P R / (P + R), without a division by zero where nothing is gold or predicted
        scores.append(2 * correct / numpy.maximum(gold + predicted, 1))
    return numpy.mean(scores, axis=0)


if __name__ == "__main__":
    main()
