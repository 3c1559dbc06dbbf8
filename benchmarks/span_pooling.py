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
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple

import torch
from allennlp.modules.span_extractors import MaxPoolingSpanExtractor
from common import Curve, Report, growth, interleaved, plot, report_parser
from memory import MEGABYTE, peak_tensor_bytes

from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans

# AllenNLP's extractor copies its indices in a way that PyTorch warns about.
warnings.filterwarnings("ignore", message="To copy construct from a tensor")

WORDS = [32, 64, 128, 256, 512, 1024]
NUM_LENGTHS = [1, 2, 4, 8, 16]
LEVELS = 11
BYTES = 4

Pooling = Callable[[torch.Tensor, FlatSpans], torch.Tensor]


class Figure(NamedTuple):
    """What a pooling took in one of the `WAYS`, at one size."""

    way: str
    name: str
    words: int
    lengths: int
    milliseconds: float
    megabytes: float


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


POOLINGS: Dict[str, Pooling] = {"ours": ours, "allennlp": allennlp, "broadcast": broadcast}


def forward(pooling: Pooling, words: torch.Tensor, spans: FlatSpans) -> Any:
    with torch.no_grad():
        return pooling(words, spans)


def forward_and_backward(pooling: Pooling, words: torch.Tensor, spans: FlatSpans) -> Any:
    return torch.autograd.grad(pooling(words, spans).sum(), words)


WAYS = {"forward": forward, "forward and backward": forward_and_backward}


def needed_bytes(name: str, words: int, num_lengths: int, dim: int) -> int:
    """About what its largest tensor takes."""
    copies = {"ours": 1, "allennlp": num_lengths, "broadcast": words}[name]
    return words * num_lengths * dim * BYTES * copies


def main() -> None:
    parser = report_parser(__doc__, rounds=3, plot=True)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory-limit", type=float, default=0.5, help="GB of one tensor")
    options = parser.parse_args()
    device = torch.device(options.device)
    report = Report("span pooling", options, device)

    figures: List[Figure] = []
    for num_words in WORDS:
        words = torch.randn(1, num_words, options.dim, device=device, requires_grad=True)
        for num_lengths in NUM_LENGTHS:
            lengths = torch.tensor([num_words], device=device)
            spans = enumerate_spans(lengths, range(1, num_lengths + 1), num_words)
            for way, run in WAYS.items():
                runs = {
                    name: partial(run, pooling, words)
                    for name, pooling in POOLINGS.items()
                    if needed_bytes(name, num_words, num_lengths, options.dim)
                    <= options.memory_limit * 2**30
                }
                times = interleaved(runs, [spans], options.rounds, device, options.clock)
                for name in runs:
                    peak = peak_tensor_bytes(partial(runs[name], spans), device) / MEGABYTE
                    milliseconds = 1e3 * times.median(name)
                    figures.append(Figure(way, name, num_words, num_lengths, milliseconds, peak))

    table = WORDS[-1] * options.dim * BYTES * LEVELS / MEGABYTE
    for way, target in zip(WAYS, (3, None), strict=True):
        largest = [figure for figure in figures if (figure.way, figure.name) == (way, "ours")][-1]
        title = f"ours: {way} memory / (N x D x 4 bytes x 11)"
        report.add(title, largest.megabytes / table, "x", target)
    panels: Dict[str, List[Curve]] = {}
    for way in WAYS:
        for unit in ("milliseconds", "megabytes"):
            panels[f"{way}: {unit}"] = []
            for name in POOLINGS:
                mine = [figure for figure in figures if (figure.way, figure.name) == (way, name)]
                add_figures(report, mine, unit)
                line = [figure for figure in mine if figure.lengths == NUM_LENGTHS[-1]]
                sizes = [figure.words for figure in line]
                values = [getattr(figure, unit) for figure in line]
                panels[f"{way}: {unit}"].append(Curve(name, sizes, values))
    report.finish()
    if options.plot:
        plot(options.plot, panels, f"words ({NUM_LENGTHS[-1]} span lengths)")


def add_figures(report: Report, figures: List[Figure], unit: str) -> None:
    """The value at the largest size, and how it grows with words and with lengths."""
    largest = figures[-1]
    title = f"{largest.way}, {largest.name}: {unit}"
    size = f"{largest.words} words, {largest.lengths} lengths"
    report.add(f"{title}, {size}", getattr(largest, unit))
    for name, other in (("words", "lengths"), ("lengths", "words")):
        line = [figure for figure in figures if getattr(figure, other) == getattr(largest, other)]
        if len(line) > 2:
            sizes = [getattr(figure, name) for figure in line]
            values = [getattr(figure, unit) for figure in line]
            report.add(f"{title}, exponent in {name}", growth(sizes, values))


if __name__ == "__main__":
    main()
