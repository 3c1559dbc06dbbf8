"""
Decoding alone: time of every registered decoder by the number of scored spans of one sentence.

    python benchmarks/decoding.py --json FILE --plot FILE.png

The spans are like those of a trained model: around every true entity (one every six words, of 1 to
12 words) lie several, some exact and some off by a word or two, so that most overlap others; their
types mostly agree, and their scores are better the nearer they are.
"""

import random
from typing import Dict, List

import torch
from allennlp.common.util import import_module_and_submodules
from common import Curve, Report, growth, interleaved, plot, report_parser

import_module_and_submodules("locate_label_allennlp")

from locate_label_allennlp.data.document import Entity  # noqa: E402
from locate_label_allennlp.decoders import EntityDecoder  # noqa: E402

NUM_SPANS = [10, 100, 1_000, 10_000]
TYPES = ["DNA", "RNA", "cell_line", "cell_type", "protein"]
SPANS_AN_ENTITY = 5
WORDS_AN_ENTITY = 6


def candidates(number: int, draw: random.Random) -> List[Entity]:
    drawn: Dict[tuple, Entity] = {}
    num_words = max(16, number // SPANS_AN_ENTITY * WORDS_AN_ENTITY)
    while len(drawn) < number:
        start, label = draw.randrange(num_words - 12), draw.choice(TYPES)
        end = start + draw.randint(1, 12) - 1
        for _ in range(SPANS_AN_ENTITY):
            left, right = draw.choice((0, 0, 1, -1, 2)), draw.choice((0, 0, 1, -1, -2))
            near_start, near_end = max(0, start + left), min(num_words - 1, end + right)
            kind = label if draw.random() < 0.9 else draw.choice(TYPES)
            score = draw.uniform(0.6, 1.0) - 0.1 * (abs(left) + abs(right))
            if near_start <= near_end and len(drawn) < number:
                key = (near_start, near_end + 1, kind)
                drawn[key] = Entity(*key, score=score)
    shuffled = list(drawn.values())
    draw.shuffle(shuffled)
    return shuffled


def main() -> None:
    parser = report_parser(__doc__, rounds=7, plot=True)
    options = parser.parse_args()
    report = Report("decoding", options, torch.device("cpu"))

    draw = random.Random(13)
    decoders = {name: EntityDecoder.by_name(name)() for name in EntityDecoder.list_available()}
    milliseconds: Dict[str, List[float]] = {name: [] for name in decoders}
    for number in NUM_SPANS:
        # As many calls a round as make it long enough to be timed.
        calls = max(1, 2_000 // number)
        times = interleaved(
            {name: decoder.decode for name, decoder in decoders.items()},
            [candidates(number, draw) for _ in range(calls)],
            options.rounds,
            torch.device("cpu"),
            options.clock,
        )
        for name in decoders:
            milliseconds[name].append(1e3 * times.median(name) / calls)
            report.add(f"{name}: {number:,} spans", milliseconds[name][-1], "ms a call")
    for name, values in milliseconds.items():
        report.add(f"{name}: growth exponent, 100 to 10,000", growth(NUM_SPANS[1:], values[1:]))
    report.finish()
    if options.plot:
        curves = [Curve(name, NUM_SPANS, values) for name, values in milliseconds.items()]
        plot(options.plot, {"milliseconds a call": curves}, "candidates of a sentence")


if __name__ == "__main__":
    main()
