"""
Span max pooling alone: ours, AllenNLP's, and a masked broadcast.

    python benchmarks/span_pooling.py --json FILE --plot FILE.png

Each gets the vectors of one sentence and every span of the given lengths in it. Ours: a
`RangeMaximum` built and asked, as once in every batch. AllenNLP's: the span extractor
`max_pooling`. Broadcast: words masked for each span, then the maximum over words. What would need
more than `--memory-limit` is not run. Peak memory is that of tensors, the result included.

The memory target is on the forward pass at the largest size, in units of the table that a range
maximum query over 1,024 words needs: N x D x 4 bytes x 11 levels.
"""

import warnings
from argparse import ArgumentParser, Namespace
from typing import Callable, Dict, List, Tuple

import torch
from allennlp.modules.span_extractors import MaxPoolingSpanExtractor
from common import Curve, Report, add_report_options, growth, interleaved, plot
from memory import peak_tensor_bytes

from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans

# AllenNLP's extractor copies its indices in a way that PyTorch warns about.
warnings.filterwarnings("ignore", message="To copy construct from a tensor")

WORDS = [32, 64, 128, 256, 512, 1024]
NUM_LENGTHS = [1, 2, 4, 8, 16]
LEVELS = 11
BYTES = 4

Pooling = Callable[[torch.Tensor, FlatSpans], torch.Tensor]
Point = Tuple[str, int, int]
"""Contender, words, number of span lengths."""


def ours(words: torch.Tensor, spans: FlatSpans) -> torch.Tensor:
    return RangeMaximum(words).maximum(spans)


def allennlp(words: torch.Tensor, spans: FlatSpans) -> torch.Tensor:
    indices = torch.stack([spans.start, spans.end], dim=1)[None]
    return MaxPoolingSpanExtractor(words.size(2))(words, indices)[0]


def broadcast(words: torch.Tensor, spans: FlatSpans) -> torch.Tensor:
    position = torch.arange(words.size(1), device=words.device)
    # (S, N)
    inside = (spans.start[:, None] <= position) & (position <= spans.end[:, None])
    # (S, N, D)
    masked = words.expand(inside.size(0), -1, -1).masked_fill(~inside[..., None], float("-inf"))
    return masked.amax(dim=1)


CONTENDERS: Dict[str, Pooling] = {"ours": ours, "allennlp": allennlp, "broadcast": broadcast}


def needed_bytes(name: str, words: int, num_lengths: int, dim: int) -> int:
    """About what its largest tensor takes."""
    copies = {"ours": 1, "allennlp": num_lengths, "broadcast": words}[name]
    return words * num_lengths * dim * BYTES * copies


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_report_options(parser, rounds=3, plot=True)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory-limit", type=float, default=0.5, help="GB of one tensor")
    options = parser.parse_args()
    device = torch.device(options.device)
    report = Report("span pooling", options, device)

    seconds: Dict[str, Dict[Point, float]] = {"forward": {}, "forward and backward": {}}
    memory: Dict[str, Dict[Point, float]] = {"forward": {}, "forward and backward": {}}
    for num_words in WORDS:
        words = torch.randn(1, num_words, options.dim, device=device, requires_grad=True)
        for num_lengths in NUM_LENGTHS:
            lengths = torch.tensor([num_words], device=device)
            spans = enumerate_spans(lengths, range(1, num_lengths + 1), num_words)
            fits = {
                name: pooling
                for name, pooling in CONTENDERS.items()
                if needed_bytes(name, num_words, num_lengths, options.dim)
                <= options.memory_limit * 2**30
            }
            measure(fits, words, spans, num_lengths, options, seconds, memory)

    largest = (WORDS[-1], NUM_LENGTHS[-1])
    table = WORDS[-1] * options.dim * BYTES * LEVELS
    report.add(
        "ours: forward memory / (N x D x 4 bytes x 11)",
        memory["forward"]["ours", *largest] / table,
        "x",
        at_most=3,
    )
    both = memory["forward and backward"]["ours", *largest] / table
    report.add("ours: forward and backward / (N x D x 4 bytes x 11)", both, "x")
    for way in seconds:
        for name in CONTENDERS:
            for title, values, unit, scale in (
                ("time", seconds[way], "ms", 1e3),
                ("memory", memory[way], "MB", 2**-20),
            ):
                points = {point: value for point, value in values.items() if point[0] == name}
                add_figures(report, f"{way}, {name}: {title}", points, unit, scale)
    report.finish()
    if options.plot:
        plot(options.plot, panels(seconds, memory), f"words ({NUM_LENGTHS[-1]} span lengths)")


def measure(
    fits: Dict[str, Pooling],
    words: torch.Tensor,
    spans: FlatSpans,
    num_lengths: int,
    options: Namespace,
    seconds: Dict[str, Dict[Point, float]],
    memory: Dict[str, Dict[Point, float]],
) -> None:
    """Time and memory of all contenders at one size, into `seconds` and `memory`."""

    def forward(pooling: Pooling) -> torch.Tensor:
        with torch.no_grad():
            return pooling(words, spans)

    def both(pooling: Pooling) -> None:
        torch.autograd.grad(pooling(words, spans).sum(), words)

    for way, run in {"forward": forward, "forward and backward": both}.items():
        runs = {
            name: lambda _, run=run, pooling=pooling: run(pooling) for name, pooling in fits.items()
        }
        times = interleaved(runs, [None], options.rounds, words.device, clock=options.clock)
        for name, pooling in fits.items():
            point = (name, words.size(1), num_lengths)
            seconds[way][point] = times.median(name)
            memory[way][point] = peak_tensor_bytes(
                lambda run=run, pooling=pooling: run(pooling), words.device
            )


def add_figures(
    report: Report, title: str, points: Dict[Point, float], unit: str, scale: float
) -> None:
    """The value at the largest size, and how it grows with words and with lengths."""
    _, words, num_lengths = max(points, key=lambda point: (point[1], point[2]))
    value = scale * points[max(points, key=lambda point: (point[1], point[2]))]
    report.add(f"{title}, {words} words, {num_lengths} lengths", value, unit)
    by_words = {n: v for (_, n, k), v in points.items() if k == num_lengths}
    by_lengths = {k: v for (_, n, k), v in points.items() if n == words}
    for name, line in (("words", by_words), ("lengths", by_lengths)):
        if len(line) > 2:
            report.add(f"{title}, exponent in {name}", growth(list(line), list(line.values())))


def panels(
    seconds: Dict[str, Dict[Point, float]], memory: Dict[str, Dict[Point, float]]
) -> Dict[str, List[Curve]]:
    """Time and memory over words at the most lengths."""
    result: Dict[str, List[Curve]] = {}
    for way in seconds:
        for title, values, scale in (
            ("milliseconds", seconds[way], 1e3),
            ("megabytes", memory[way], 2**-20),
        ):
            curves = []
            for name in CONTENDERS:
                line = {
                    n: scale * value
                    for (contender, n, k), value in values.items()
                    if contender == name and k == NUM_LENGTHS[-1]
                }
                curves.append(Curve(name, list(line), list(line.values())))
            result[f"{way}: {title}"] = curves
    return result


if __name__ == "__main__":
    main()
