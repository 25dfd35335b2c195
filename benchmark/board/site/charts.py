"""Places the marks of charts, which are tables with drawings in their cells: every number can be read.

Positions are in percent of a cell's width: a drawing has the width of its cell on any screen, and its text no scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from mswal_bench.benchmark.scoring.estimates import Estimate

from .boards import Board, BoardClass
from .entries import GROUPS, Entry, Group

_STEPS = (1, 2, 5, 10, 20)
_MOST_TICKS = 6
MOST_SHOWN = 25
"""Of each group so many of the best are in a forest plot: the table has all."""


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, whole percents; `ticks` are marked."""

    low: int
    high: int
    ticks: tuple[int, ...]

    def at(self, fraction: float) -> str:
        """The position of a value."""
        return position((fraction * 100 - self.low) / (self.high - self.low))

    def between(self, low: float, high: float) -> str:
        """The length from one value to another."""
        return position((high - low) * 100 / (self.high - self.low))


@dataclass(frozen=True)
class Forest:
    """One metric of many entries with its intervals."""

    metric: str
    axis: Axis
    groups: tuple[tuple[Group, tuple[tuple[Entry, Estimate], ...]], ...]
    """The best entries of each group that is there, best first."""
    left_out: int
    """How many entries are not among them."""
    people: tuple[float, float] | None
    """The lowest and the highest value of all human raters: a band behind the methods. None without any."""
    ceilings: tuple[float, ...]
    """The values of all ceilings, lowest first: lines behind the methods."""

    @property
    def has_intervals(self) -> bool:
        """Whether any of them has one: hidden tracks publish none, and the paper prints none."""
        return any(estimate.low is not None for _, rows in self.groups for _, estimate in rows)


@dataclass(frozen=True)
class Difficulty:
    """The classes by their mean over entries."""

    metric: str
    axis: Axis
    rows: tuple[tuple[BoardClass, float], ...]
    """Hardest first."""


def position(share: float) -> str:
    """Writes a part of the width for an SVG's attribute."""
    return f"{share * 100:.2f}%"


def axis_of(estimates: Iterable[Estimate], *, from_zero: bool = False) -> Axis:
    """Returns the axis that all values and intervals lie on; from 0 to 100 % where there are none."""
    numbers = [
        number * 100
        for estimate in estimates
        for number in (estimate.value, estimate.low, estimate.high)
        if number is not None
    ]
    lowest, highest = (min(numbers), max(numbers)) if numbers else (0.0, 100.0)
    if from_zero:
        lowest = 0
    step = next((step for step in _STEPS if (highest - lowest) / step <= _MOST_TICKS - 1), _STEPS[-1])
    low = floor(lowest / step) * step
    high = max(ceil(highest / step) * step, low + step)
    return Axis(low, high, tuple(range(low, high + 1, step)))


def forest(board: Board, metric: str) -> Forest:
    """Makes the forest plot of the averages of a board's entries that have one."""
    groups = []
    left_out = 0
    people = None
    ceilings: list[float] = []
    for group in GROUPS:
        rows = [(entry, entry.average[metric]) for entry in board.of(group) if entry.average[metric].value is not None]
        if rows:
            best = sorted(rows, key=lambda row: -(row[1].value or 0))[:MOST_SHOWN]
            groups.append((group, tuple(best)))
            left_out += len(rows) - len(best)
        values = [estimate.value or 0.0 for _, estimate in rows]
        if rows and group == "people":
            people = min(values), max(values)
        if group == "ceiling":
            ceilings = sorted(values)
    axis = axis_of(estimate for _, rows in groups for _, estimate in rows)
    return Forest(metric, axis, tuple(groups), left_out, people, tuple(ceilings))


def difficulty(board: Board, entries: Sequence[Entry], metric: str) -> Difficulty:
    """Orders the classes by their average score over `entries`, ascending, and leaves out those without a value."""
    means: dict[BoardClass, float] = {}
    for lesion in board.classes:
        values = [value for entry in entries if (value := entry.of(lesion.key, metric).value) is not None]
        if values:
            means[lesion] = sum(values) / len(values)
    rows = tuple(sorted(means.items(), key=lambda item: item[1]))
    return Difficulty(metric, axis_of((Estimate(value=mean) for _, mean in rows), from_zero=True), rows)


def class_axis(entry: Entry, metrics: Iterable[str]) -> Axis:
    """Returns the axis, from 0, for the bars of an entry's classes."""
    shown: Mapping[str, None] = dict.fromkeys(metrics)
    return axis_of((values[key] for values in entry.classes.values() for key in shown if key in values), from_zero=True)
