import math
import re
import warnings
from typing import Any, Callable, Dict, Iterator, List

import pytest

from locate_label_allennlp.report import plots

ODD = ["_PRIVATE", "中文", "$x^$", "__"]


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def texts(svg: str) -> List[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


OWN = {"precision": 0.6, "recall": 0.3, "predicted": 3}


def curves(types: List[str]) -> Dict[str, Any]:
    point = {"threshold": 0.5, "precision": 0.5, "recall": 0.4, "f1": 0.44, "predicted": 4}
    nothing = {"threshold": 0.9, "precision": 0.0, "recall": 0.0, "f1": 0.0, "predicted": 0}
    groups = ["micro", *(f"type/{label}" for label in types)]
    return {"points": {group: [point, nothing] for group in groups}, "best": point}


def probabilities(types: List[str], ratios: List[float]) -> Dict[str, Any]:
    """Of as many entities as there are ratios, of all types and now right, now wrong."""
    numbers = range(len(ratios))
    return {
        "types": types,
        "gold_type": [number % len(types) for number in numbers],
        "is_right": [number % 2 == 0 for number in numbers],
        "discrepancy": [[float(number % 2), ratio] for number, ratio in enumerate(ratios)],
        "pca": {
            "points": [[float(number), -float(number)] for number in numbers],
            "explained_variance": [0.75, 0.25],
        },
    }


def test_a_legend_has_every_type() -> None:
    shown = texts(plots.precision_recall_plot(curves(ODD), ODD, OWN))
    assert shown[-5:] == [*ODD, "all"]
    shown = texts(plots.pca_plot(probabilities(ODD, [0.1] * 8), ODD))
    assert shown[-6:] == [*ODD, "right", "wrong"]


def test_types_beyond_the_last_colour_share_a_sign() -> None:
    types = [f"_{number}" for number in range(plots.MOST_TYPES + 3)]
    shown = texts(plots.pca_plot(probabilities(types, [0.1] * 30), types[: plots.MOST_TYPES]))
    assert shown[-11:] == [*types[: plots.MOST_TYPES], "other types", "right", "wrong"]


def test_other_warnings_are_heard() -> None:
    def draw(axes: Any) -> None:
        axes.set_xlabel("中文")
        warnings.warn("something else", UserWarning, stacklevel=1)

    with pytest.raises(UserWarning, match="something else"):
        plots._svg("test", draw)


def drawn_by(draw: Callable[[], str]) -> Any:
    """The axes that it drew on."""
    from matplotlib.figure import Figure

    drawn = []
    save = Figure.savefig

    def keep(figure: Figure, *args: object, **kwargs: object) -> None:
        drawn.append(figure.axes[0])
        return save(figure, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", keep)
        draw()
    return drawn[0]


def test_a_violin_a_type_has_a_half_for_right_and_one_for_wrong() -> None:
    found = {
        "types": ["A", "B", "C"],
        "of_gold": [0.9, 0.8, 0.1, 0.3, 0.7, 0.5],
        "gold_type": [0, 0, 0, 0, 1, 2],
        "is_right": [True, True, False, False, True, False],
    }
    axes = drawn_by(lambda: plots.violin_plot(found, ["B", "A"]))
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["all", "B", "A"]
    halves = set()
    for body in axes.collections:
        x, y = body.get_paths()[0].vertices.T
        halves.add((round(min(x), 1), round(max(x), 1), round(min(y), 2), round(max(y), 2)))
    # Of all: 0.9, 0.8, 0.7 to the left, 0.1, 0.3, 0.5 to the right; of A: two on each side.
    assert halves == {
        (-0.4, 0.0, 0.7, 0.9),
        (0.0, 0.4, 0.1, 0.5),
        (1.6, 2.0, 0.8, 0.9),
        (2.0, 2.4, 0.1, 0.3),
    }
    # The only one of B is a dot.
    dots = [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [[[0.9, 0.7]]]
    medians = [line.get_ydata()[0] for line in axes.lines if line.get_color() == "white"]
    assert medians == pytest.approx([0.8, 0.3, 0.7, 0.85, 0.2])


def test_every_bin_of_the_reliability_is_drawn() -> None:
    bins = [
        {"number": 4, "score": 0.1, "correct": 0.25},
        {"number": 8, "score": 0.9, "correct": 0.75},
    ]
    axes = drawn_by(lambda: plots.reliability_plot({"error": 0.1, "bins": bins}))
    (dots,) = axes.collections
    assert dots.get_offsets().tolist() == [[0.1, 0.25], [0.9, 0.75]]
    small, large = dots.get_sizes()
    assert small < large


def test_the_losses_of_epochs_are_drawn_from_one_on() -> None:
    epochs = [
        {"epoch": 0, "training_loss": 3.0, "validation_loss": 2.5},
        {"epoch": 1, "training_loss": 2.0, "validation_loss": None},
    ]
    training, dev = drawn_by(lambda: plots.losses_plot(epochs)).lines
    assert training.get_xydata().tolist() == [[1, 3.0], [2, 2.0]]
    assert dev.get_xydata().tolist() == [[1, 2.5]]


def test_every_entity_of_the_discrepancy_is_drawn() -> None:
    axes = drawn_by(lambda: plots.discrepancy_plot(probabilities(["A"], [0.0, 0.1, 4.0])))
    low, high = axes.get_ylim()
    heights = [y for part in axes.collections for _, y in part.get_offsets()]
    assert sorted(heights) == pytest.approx([math.log2(1e-6), math.log2(0.1), 2.0])
    assert all(low < height < high for height in heights)


def test_a_report_draws_without_warnings(report: Dict[str, Any]) -> None:
    types: List[str] = report["model"]["types"]
    found = report["probabilities"]
    drawings: List[Callable[[], str]] = [
        lambda: plots.precision_recall_plot(report["curves"], types, report["scores"]["micro"]),
        lambda: plots.threshold_plot(report["curves"], [0.5, 0.6]),
        lambda: plots.offsets_plot(report["offsets"]),
        lambda: plots.violin_plot(found, types),
        lambda: plots.pca_plot(found, types),
        lambda: plots.discrepancy_plot(found),
    ]
    for draw in drawings:
        assert draw().startswith("<svg")
