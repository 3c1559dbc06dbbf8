"""The report's figures, as SVG that takes its colours from the page around it."""

import io
import math
import re
import warnings
from statistics import median
from typing import Any, Callable, Dict, Iterable, List, Sequence, Tuple

from allennlp.common.util import JsonDict

from locate_label_allennlp.report.probabilities import SMALLEST, split_points, values_of

# Stand for what the page's style sheet defines, and are found again in the SVG.
_TEXT, _GRID = "#010203", "#010204"
_PLACEHOLDERS = {_TEXT: "currentColor", _GRID: "var(--line)"}

# Told apart by most colour-blind readers, on white and on black.
RIGHT, WRONG = "#3b82c4", "#e0709a"
_TYPE_COLOURS = (
    "#3b82c4",
    "#e08a2e",
    "#2f9e77",
    "#c75d9b",
    "#8a7ad1",
    "#b0903a",
    "#d1605e",
    "#5aa6b8",
)
_REST = "#8d9199"

_STYLE: Dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _TEXT,
    "axes.edgecolor": _GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": _TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": _GRID,
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "figure.facecolor": "none",
    "legend.frameon": False,
    # A type may have a dollar in its name.
    "text.parse_math": False,
}

# So many types have a colour of their own in the plots, the most frequent ones.
MOST_TYPES = len(_TYPE_COLOURS)

# How far the axis of the offsets reaches at least and at most.
_FEWEST_WORDS, _MOST_WORDS = 3, 10


def precision_recall_plot(curves: JsonDict, types: Sequence[str], own: JsonDict) -> str:
    """
    Recall against precision over all thresholds, of all entities and of the given types; a dot
    where the model itself is.
    """

    def draw(axes: Any) -> None:
        lines: List[Tuple[str, Any]] = []
        for label, colour in zip(types, _TYPE_COLOURS, strict=False):
            points = _with_precision(curves, f"type/{label}")
            (line,) = axes.plot(*_columns(points, "recall", "precision"), color=colour, lw=1)
            lines.append((label, line))
        points = _with_precision(curves, "micro")
        (line,) = axes.plot(*_columns(points, "recall", "precision"), color=_TEXT, lw=2)
        lines.append(("all", line))
        if own["predicted"]:
            axes.plot(own["recall"], own["precision"], "o", color=_TEXT, ms=7)
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02))
        axes.set_ylim(top=1.02)
        _legend_beside(axes, lines)

    return _svg("pr", draw)


def threshold_plot(curves: JsonDict, own: Iterable[float]) -> str:
    """Precision, recall and F1 against the threshold; lines where those of the model are."""

    def draw(axes: Any) -> None:
        points = _with_precision(curves, "micro")
        for name, colour in (("precision", RIGHT), ("recall", WRONG), ("f1", _TEXT)):
            shown = "F1" if name == "f1" else name
            axes.plot(*_columns(points, "threshold", name), color=colour, lw=2, label=shown)
        for threshold in own:
            axes.axvline(threshold, color=_TEXT, lw=1, ls=":")
        axes.set(xlabel="score threshold", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="lower left")

    return _svg("threshold", draw)


def reliability_plot(calibration: JsonDict) -> str:
    """The share of right entities in each bin against their mean score."""

    def draw(axes: Any) -> None:
        bins = calibration["bins"]
        most = max(each["number"] for each in bins)
        axes.plot([0, 1], [0, 1], color=_TEXT, lw=1, ls=":")
        score, correct = _columns(bins, "score", "correct")
        axes.plot(score, correct, color=RIGHT, lw=1.5)
        areas = [15 + 135 * each["number"] / most for each in bins]
        axes.scatter(score, correct, s=areas, color=RIGHT, lw=0, clip_on=False, zorder=3)
        axes.set(xlabel="mean score", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02))

    return _svg("reliability", draw)


def _with_precision(curves: JsonDict, group: str) -> List[Dict[str, float]]:
    """The points where anything is predicted; the others have no precision."""
    return [point for point in curves["points"][group] if point["predicted"]]


def offsets_plot(offsets: JsonDict) -> str:
    """How many seeds were moved by how many words, at their starts and at their ends."""

    def draw(axes: Any) -> None:
        sizes = [abs(offset) for side in ("start", "end") for offset, _ in offsets[side]]
        edge = min(_MOST_WORDS, max([_FEWEST_WORDS, *sizes]))
        positions = range(-edge, edge + 1)
        for side, colour, shift in (("start", RIGHT, -0.2), ("end", WRONG, 0.2)):
            heights = dict.fromkeys(positions, 0)
            for offset, count in offsets[side]:
                heights[max(-edge, min(edge, offset))] += count
            axes.bar(
                [position + shift for position in positions],
                heights.values(),
                width=0.4,
                color=colour,
                label=side,
            )
        names = [str(position) for position in positions]
        if edge == _MOST_WORDS:
            names[0], names[-1] = f"≤{-edge}", f"≥{edge}"
        axes.set_xticks(positions, names)
        axes.set(xlabel="words to the right", ylabel="seeds")
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper right")

    return _svg("offsets", draw)


def violin_plot(probabilities: JsonDict, types: Sequence[str]) -> str:
    """
    How the probability of the gold type is distributed: a violin for all entities and one for each
    of the given types, the left half of those classified right, the right half of the others; the
    white bars are medians.
    """

    def draw(axes: Any) -> None:
        names = ["all", *types]
        for position, name in enumerate(names):
            kind = None if not position else probabilities["types"].index(name)
            for is_right, colour, side in ((True, RIGHT, "low"), (False, WRONG, "high")):
                values = values_of(probabilities, kind, is_right)
                _half_violin(axes, values, position, colour, side)
        for name, colour in (("classified right", RIGHT), ("classified wrong", WRONG)):
            axes.plot([], [], "s", color=colour, label=name)
        axes.set_xticks(range(len(names)), names, rotation=30 if len(names) > 5 else 0)
        axes.set(ylabel="probability of the gold type", ylim=(-0.02, 1.02))
        axes.set_xlim(-0.6, max(2, len(names)) - 0.4)
        axes.grid(visible=False, axis="x")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    return _svg("violin", draw)


def _half_violin(axes: Any, values: List[float], position: int, colour: str, side: str) -> None:
    if not values:
        return
    direction = -1 if side == "low" else 1
    # A density needs values that differ.
    if len(set(values)) > 1:
        violins = axes.violinplot([values], [position], widths=0.8, showextrema=False, side=side)
        violins["bodies"][0].set(facecolor=colour, edgecolor="none", alpha=1)
    else:
        axes.plot([position + direction * 0.1] * len(values), values, "o", color=colour)
    middle = median(values)
    axes.plot([position, position + direction * 0.14], [middle, middle], color="white", lw=3)


def pca_plot(probabilities: JsonDict, types: Sequence[str]) -> str:
    """Each gold entity's class probabilities in their two main directions."""

    def draw(axes: Any) -> None:
        pca = probabilities["pca"]
        names = probabilities["types"]
        for want_right, marker, size in ((True, "^", 22), (False, "o", 16)):
            for label, colour in _coloured(types, names):
                chosen = [
                    names[kind] in label and right == want_right
                    for kind, right in zip(
                        probabilities["gold_type"], probabilities["is_right"], strict=True
                    )
                ]
                x, y = split_points(pca["points"], chosen, True)
                axes.scatter(
                    x, y, s=size, c=colour, marker=marker, alpha=0.6, lw=0, rasterized=True
                )
        keys = [
            (label[0] if len(label) == 1 else "other types", "s", colour)
            for label, colour in _coloured(types, names)
        ]
        keys += [("right", "^", _TEXT), ("wrong", "o", _TEXT)]
        signs = [
            (name, axes.plot([], [], marker, color=colour)[0]) for name, marker, colour in keys
        ]
        shares = [f"{100 * share:.0f} %" for share in pca["explained_variance"]]
        axes.set(xlabel=f"first component ({shares[0]})", ylabel=f"second ({shares[1]})")
        _legend_beside(axes, signs)

    return _svg("pca", draw)


def discrepancy_plot(probabilities: JsonDict) -> str:
    """How far the highest probability lies above the gold type's, and the variance between them."""

    def draw(axes: Any) -> None:
        points, is_right = probabilities["discrepancy"], probabilities["is_right"]
        for name, colour, want_right in (("stable", RIGHT, True), ("up", WRONG, False)):
            x, y = split_points(points, is_right, want_right)
            # A logarithm needs more than 0.
            y = [math.log2(max(SMALLEST, value)) for value in y]
            axes.scatter(x, y, s=18, c=colour, alpha=0.6, lw=0, label=name, rasterized=True)
        axes.set(
            xlabel="log2 (highest probability / gold type's)",
            ylabel="log2 (variance / gold type's probability)",
        )
        axes.legend(loc="lower right")

    return _svg("discrepancy", draw)


def losses_plot(training: Sequence[JsonDict]) -> str:
    """The mean loss of each epoch, of the training set and of the development set."""

    def draw(axes: Any) -> None:
        for name, colour, key in (
            ("training", RIGHT, "training_loss"),
            ("development set", WRONG, "validation_loss"),
        ):
            epochs = [epoch for epoch in training if epoch[key] is not None]
            if epochs:
                numbers = [epoch["epoch"] + 1 for epoch in epochs]
                losses = [epoch[key] for epoch in epochs]
                axes.plot(numbers, losses, "o-", color=colour, lw=2, ms=4, label=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", ylabel="mean loss")
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper right")

    return _svg("losses", draw)


def _legend_beside(axes: Any, entries: Sequence[Tuple[str, Any]]) -> None:
    """
    A legend to the right of the axes.

    # Parameters

    entries : `Sequence[Tuple[str, Any]]`
        What it says, and what is drawn so. A label that an artist has itself is left out of legends
        if it begins with an underscore.
    """
    labels, artists = zip(*entries, strict=True)
    axes.legend(artists, labels, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _coloured(types: Sequence[str], names: Sequence[str]) -> List[Tuple[List[str], str]]:
    """The types of one colour, and the colour; all beyond the last colour share one."""
    own = [([label], colour) for label, colour in zip(types, _TYPE_COLOURS, strict=False)]
    rest = [label for label in names if label not in types[:MOST_TYPES]]
    return [*own, (rest, _REST)] if rest else own


def _columns(points: Sequence[Dict[str, float]], *names: str) -> List[List[float]]:
    return [[point[name] for point in points] for name in names]


def _svg(name: str, draw: Callable[[Any], None]) -> str:
    """
    An `svg` element to stand in a page.

    # Parameters

    name : `str`
        Begins every identifier in it: those of several figures on a page must differ.
    draw : `Callable[[Any], None]`
        Draws on the axes it is given.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(7, 3.9), layout="constrained", dpi=200)
        draw(figure.add_subplot())
        target = io.StringIO()
        # Who made it when would make each file another one.
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with warnings.catch_warnings():
            # The page's fonts write the text, not those that measure it here.
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
            figure.savefig(target, format="svg", metadata=nothing)
    svg = target.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(
        r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 aria-hidden="true"', svg, count=1
    )
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    for placeholder, colour in _PLACEHOLDERS.items():
        svg = svg.replace(placeholder, colour)
    return svg
