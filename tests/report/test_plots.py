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
    shown = texts(plots.precision_recall_plot(curves(ODD), ODD, 0.5))
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


RANGES = {
    "a few powers of ten": [0.02, 0.2, 2.0, 40.0],
    "many": [1e-6, 0.1, 1e5],
    "less than one": [0.163, 0.171, 0.182],
    "hardly any": [0.187500, 0.187501],
    "one value": [0.1875],
    "zeros": [0.0, 0.0, 0.0],
    "a zero": [0.0, 0.1, 3.0],
    "just below the power": [0.0999, 0.99],
}


@pytest.mark.parametrize("ratios", RANGES.values(), ids=RANGES.keys())
def test_the_discrepancy_s_axis_can_be_read(ratios: List[float]) -> None:
    svg = plots.discrepancy_plot(probabilities(["A"], ratios))
    of_axis = texts(svg[svg.index("matplotlib.axis_2") :])
    ticks = of_axis[: of_axis.index("variance / gold type's probability")]
    # As matplotlib writes a minus.
    ticks = [tick.replace("\N{MINUS SIGN}", "-") for tick in ticks]
    numbers = [float(tick) for tick in ticks]
    assert 3 <= len(numbers) <= 10
    assert numbers == sorted(set(numbers))
    for number, tick in zip(numbers, ticks, strict=True):
        assert f"{number:g}" == tick
        assert re.fullmatch("[125](.0+)?e.*", f"{number:e}")


def test_every_entity_of_the_discrepancy_is_drawn() -> None:
    from matplotlib.figure import Figure

    drawn = []

    def keep(figure: Figure, *args: object, **kwargs: object) -> None:
        drawn.append(figure.axes[0])
        return save(figure, *args, **kwargs)

    save = Figure.savefig
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", keep)
        plots.discrepancy_plot(probabilities(["A"], RANGES["a zero"]))
    low, high = drawn[0].get_ylim()
    heights = [y for part in drawn[0].collections for _, y in part.get_offsets()]
    assert len(heights) == 3
    assert all(low < height < high for height in heights)


def test_a_report_draws_without_warnings(report: Dict[str, Any]) -> None:
    types: List[str] = report["model"]["types"]
    found = report["probabilities"]
    drawings: List[Callable[[], str]] = [
        lambda: plots.precision_recall_plot(report["curves"], types, 0.5),
        lambda: plots.threshold_plot(report["curves"], 0.5),
        lambda: plots.offsets_plot(report["offsets"]),
        lambda: plots.violin_plot(found),
        lambda: plots.pca_plot(found, types),
        lambda: plots.discrepancy_plot(found),
    ]
    for draw in drawings:
        assert draw().startswith("<svg")
