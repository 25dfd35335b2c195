"""Ranks the entries of a board under every scheme, those of each status among themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from mswal_bench.benchmark.board.ranking.schemes import criteria, ranked
from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays
from mswal_bench.benchmark.records.release_policy import ReleasePolicy

from .boards import Board
from .entries import Entry, EntryStatus

RANKED: tuple[EntryStatus, ...] = ("verified", "claimed")
"""Each is ranked among its own; what is reported is not ranked."""

_FROM_NUMBERS: Mapping[str, tuple[str, ...]] = {"mean-rank": ("dsc", "f1"), "dsc": ("dsc",), "f1": ("f1",)}
_FROM_ROWS = ("mean-then-rank", "rank-then-mean")


@dataclass(frozen=True)
class Scheme:
    """A way to rank that a reader can choose."""

    key: str
    """As `mswal-bench rank` calls it."""
    label: str
    explanation: str


@dataclass(frozen=True)
class Place:
    """The rank of an entry among those of its status."""

    rank: int
    shared: bool
    """Whether others have the same."""


SCHEMES = (
    Scheme("mean-rank", "Mean rank (DSC, F1)", "The mean of the ranks of Avg. DSC and Avg. F1."),
    Scheme("dsc", "Avg. DSC", "Avg. DSC alone."),
    Scheme("f1", "Avg. F1", "Avg. F1 alone."),
    Scheme("mean-then-rank", "Mean, then rank", "The mean of all cases' DSC and F1, and one rank at the end."),
    Scheme("rank-then-mean", "Rank, then mean", "The mean of the ranks on every single case, and a rank of it."),
)


def class_scheme(key: str, name: str) -> Scheme:
    """Makes the scheme that ranks by one lesion class."""
    return Scheme(f"class:{key}", name, f"The mean of the ranks of DSC and F1 of this type alone: {name.lower()}.")


def board_places(
    board: Board, arrays: Mapping[EntryStatus, ScoreArrays]
) -> tuple[tuple[Scheme, ...], dict[str, dict[str, Place]]]:
    """Returns the schemes that can be had, and scheme -> entry id -> place; an entry without a rank is left out.

    `arrays` are the rows of all entries of a status, methods by entry id. Without those of every status that is there,
    the schemes that begin with single cases cannot be had.
    """
    there = [status for status in RANKED if board.of(status)]
    schemes = [
        scheme for scheme in SCHEMES if scheme.key not in _FROM_ROWS or (there and all(s in arrays for s in there))
    ]
    schemes += [class_scheme(lesion.key, lesion.name) for lesion in board.known_classes] if there else []
    places: dict[str, dict[str, Place]] = {scheme.key: {} for scheme in schemes}
    for status in there:
        for key, of_scheme in places.items():
            of_scheme.update(_places(board.of(status), key, arrays.get(status), board.policy))
    return tuple(schemes), places


def _places(
    entries: Sequence[Entry], scheme: str, arrays: ScoreArrays | None, policy: ReleasePolicy | None
) -> dict[str, Place]:
    if scheme in _FROM_ROWS and arrays is not None:
        by = criteria(arrays, scheme)
        ids: Sequence[str] = arrays.methods
        ranks, _ = ranked([one.ratios.averages for one in by], [one.highest_first for one in by])
    else:
        ids = [entry.id for entry in entries]
        values = [np.array(column) for column in _columns(entries, scheme)]
        if policy is not None:
            # Records from before there were policies have more digits, which would put them above what is rounded down.
            values = [np.array([_rounded_down(value, policy) for value in column]) for column in values]
        ranks, _ = ranked(values, [True] * len(values))
    counts = Counter(ranks.tolist())
    return {
        id_: Place(int(rank), counts[rank] > 1)
        for id_, rank in zip(ids, ranks.tolist(), strict=True)
        if not isnan(rank)
    }


def _rounded_down(value: float, policy: ReleasePolicy) -> float:
    return nan if isnan(value) else float(policy.steps(value) or 0)


def _columns(entries: Sequence[Entry], scheme: str) -> list[list[float]]:
    """The stored numbers that a scheme ranks by, NaN where undefined."""
    if scheme in _FROM_NUMBERS:
        estimates = [[entry.average[metric] for entry in entries] for metric in _FROM_NUMBERS[scheme]]
    else:
        lesion = scheme.removeprefix("class:")
        estimates = [[entry.of(lesion, metric) for entry in entries] for metric in ("dsc", "f1")]
    return [[nan if estimate.value is None else estimate.value for estimate in column] for column in estimates]
