"""
What the benchmarks share: timing, tables, growth, plots, files of figures.

Times that are compared are always taken in one process, interleaved: in each round every contender
runs on each item in turn, so that a slow moment of the machine hits all of them. What is reported
is the median over the rounds, and for a ratio the median of the rounds' ratios.
"""

import json
import platform
import sys
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

import torch

# The processor's time suits a machine that others use too; it is the sum over all threads, and
# leaves out waiting for a GPU.
CLOCKS: Dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


class Times(NamedTuple):
    """
    # Parameters

    seconds : `Dict[str, List[float]]`
        Of each contender: one sum over all items a round.
    """

    seconds: Dict[str, List[float]]

    def median(self, name: str) -> float:
        return median(self.seconds[name])

    def ratios(self, name: str, base: str) -> List[float]:
        """Of each round: how many times as long as `base` it took."""
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        return [mine / other for mine, other in pairs]


def _as_it_is(item: Any) -> Any:
    return item


def interleaved(
    contenders: Dict[str, Callable[[Any], Any]],
    items: Sequence[Any],
    rounds: int,
    device: torch.device,
    prepare: Callable[[Any], Any] = _as_it_is,
    warm_up: int = 1,
    clock: str = "wall",
) -> Times:
    """
    # Parameters

    contenders : `Dict[str, Callable[[Any], Any]]`
        What is timed, by name.
    items : `Sequence[Any]`
        What each is run on, one after the other.
    rounds : `int`
    device : `torch.device`
        Waited for before and after each run.
    prepare : `Callable[[Any], Any]`, optional
        Makes of an item what a contender is given, anew for every run; not timed.
    warm_up : `int`, optional (default = `1`)
        Rounds before the first that counts.
    clock : `str`, optional (default = `"wall"`)
        One of `CLOCKS`.
    """
    times = Times({name: [] for name in contenders})
    for number in range(warm_up + rounds):
        totals = dict.fromkeys(contenders, 0.0)
        for item in items:
            for name, run in contenders.items():
                ready = prepare(item)
                totals[name] += seconds_of(partial(run, ready), device, clock)
        if number >= warm_up:
            for name, total in totals.items():
                times.seconds[name].append(total)
    return times


def seconds_of(run: Callable[[], Any], device: torch.device, clock: str = "wall") -> float:
    now = CLOCKS[clock]
    synchronize(device)
    begin = now()
    run()
    synchronize(device)
    return now() - begin


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent `a` of `value = b * size ** a`, by least squares on the logarithms."""
    x = torch.tensor(sizes, dtype=torch.double).log()
    y = torch.tensor(values, dtype=torch.double).log()
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


class Report:
    """
    Collects figures, prints them as a table with the target beside the figure, and writes them with
    the versions and the machine to the file of `--json`.
    """

    def __init__(self, title: str, arguments: Namespace, device: torch.device) -> None:
        self._title = title
        self._arguments = vars(arguments)
        self._device = device
        self._figures: List[Dict[str, Any]] = []

    def add(self, name: str, value: float, unit: str = "", at_most: Optional[float] = None) -> None:
        self._figures.append({"name": name, "value": value, "unit": unit, "at_most": at_most})

    def add_ratio(
        self,
        name: str,
        times: Times,
        base: str,
        contender: str = "ours",
        at_most: Optional[float] = None,
    ) -> None:
        """The ratio of two contenders; its spread goes into the file."""
        ratios = times.ratios(contender, base)
        self.add(name, median(ratios), "x", at_most)
        self._figures[-1].update(rounds=len(ratios), lowest=min(ratios), highest=max(ratios))

    def finish(self) -> None:
        width = max(len(figure["name"]) for figure in self._figures)
        environment = self._environment()
        print(f"{self._title}  ({', '.join(f'{k} {v}' for k, v in environment.items())})")
        for figure in self._figures:
            line = f"{figure['name']:{width}}  {_short(figure['value']):>10} {figure['unit']:12}"
            if "lowest" in figure:
                line += f"{_short(figure['lowest'])} .. {_short(figure['highest'])}"
            if figure["at_most"] is not None:
                met = "met" if figure["value"] <= figure["at_most"] else "MISSED"
                line += f"  target: at most {_short(figure['at_most'])}: {met}"
            print(line.rstrip())
        if self._arguments["json"]:
            content = {
                "benchmark": self._title,
                "command": sys.argv,
                "environment": environment,
                "figures": self._figures,
            }
            text = json.dumps(content, indent=2, default=str) + "\n"
            Path(self._arguments["json"]).write_text(text, encoding="utf-8")

    def _environment(self) -> Dict[str, Any]:
        import transformers

        device = platform.processor() or platform.machine()
        if self._device.type == "cuda":
            device = torch.cuda.get_device_name(self._device)
        return {
            "device": device,
            "threads": torch.get_num_threads(),
            "clock": self._arguments["clock"],
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def add_report_options(parser: ArgumentParser, rounds: int, plot: bool = False) -> None:
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu: time of the processor, all threads"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    if plot:
        parser.add_argument("--plot", metavar="FILE.png", help="draw the figures there")


class Curve(NamedTuple):
    """A line of a plot."""

    name: str
    sizes: Sequence[float]
    values: Sequence[float]


def plot(file: str, panels: Dict[str, List[Curve]], size_name: str) -> None:
    """Panels side by side, both axes logarithmic; a panel's name is that of its values."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (value_name, curves) in zip(axes, panels.items(), strict=True):
        for curve in curves:
            axis.loglog(curve.sizes, curve.values, marker="o", label=curve.name)
        axis.set_xlabel(size_name)
        axis.set_ylabel(value_name)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(file, dpi=150)
