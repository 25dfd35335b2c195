"""Computes how sure a board's order is from the rows of its cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from mswal_bench.benchmark.board.ranking.ordered_methods import OrderedMethods, RankedMethod
from mswal_bench.benchmark.board.ranking.rank_methods import MOST_COMPARED, rank_methods
from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays

from .board_ranks import RANKED, Place
from .boards import Board
from .charts import position
from .entries import Entry, EntryStatus

SIGNIFICANT = 0.05
_NAMED_RANKS = 5


@dataclass(frozen=True)
class Segment:
    """A part of the bar of an entry: how often it had a rank."""

    rank: str
    """`1` to `5`, or `rest`."""
    share: float
    start: str
    width: str


@dataclass(frozen=True)
class Stability:
    """How often an entry had each rank when the cases were drawn anew."""

    entry: Entry
    ranked: RankedMethod
    segments: tuple[Segment, ...]
    """Empty where there are too few cases to draw from."""


@dataclass(frozen=True)
class MapCell:
    """The entry of the row against that of the column."""

    verdict: Literal["better", "worse", "open"]
    difference: float
    """The row's less the column's, a fraction."""
    p_holm: float


@dataclass(frozen=True)
class SignificanceMap:
    """Every entry against every other, on one metric."""

    metric: str
    entries: tuple[Entry, ...]
    """Best first."""
    cells: Mapping[tuple[str, str], MapCell]
    """By the ids of row and column; a pair that cannot be tested is left out."""


@dataclass(frozen=True)
class Statistics:
    """Of the entries of one status."""

    status: EntryStatus
    ranking: OrderedMethods
    stability: tuple[Stability, ...]
    maps: tuple[SignificanceMap, ...]
    left_out: int
    """How many entries are not among the best that were tested."""


def board_statistics(
    board: Board,
    arrays: Mapping[EntryStatus, ScoreArrays],
    places: Mapping[str, Place],
    *,
    resamples: int,
    seed: int,
) -> Statistics | None:
    """Computes them of the verified entries, or of the claimed where not two are verified; None where neither can be.

    `places` are those of `mean-rank`.
    """
    for status in RANKED:
        entries = {entry.id: entry for entry in board.of(status) if entry.id in places}
        if len(entries) < 2:
            continue
        if status not in arrays:
            return None
        best = sorted(entries, key=lambda id_: (places[id_].rank, id_))[:MOST_COMPARED]
        ranking = rank_methods(_of(arrays[status], best), resamples=resamples, seed=seed)
        stability = [Stability(entries[each.method], each, _segments(each.rank_shares)) for each in ranking.methods]
        return Statistics(
            status,
            ranking,
            tuple(stability),
            tuple(_map(ranking, entries, metric) for metric in ("dsc", "f1")),
            len(entries) - len(best),
        )
    return None


def _of(arrays: ScoreArrays, methods: list[str]) -> ScoreArrays:
    index = [arrays.methods.index(method) for method in methods]
    return ScoreArrays(
        tuple(methods),
        arrays.cases,
        arrays.classes,
        arrays.dsc[index],
        arrays.tp[index],
        arrays.fp[index],
        arrays.fn[index],
    )


def _segments(shares: tuple[float, ...]) -> tuple[Segment, ...]:
    named = {str(rank): share for rank, share in enumerate(shares[:_NAMED_RANKS], 1)}
    parts = named | {"rest": sum(shares[_NAMED_RANKS:])}
    starts = accumulate(parts.values(), initial=0.0)
    return tuple(
        Segment(rank, share, position(start), position(share))
        for (rank, share), start in zip(parts.items(), starts, strict=False)
        if share > 0
    )


def _map(ranking: OrderedMethods, entries: Mapping[str, Entry], metric: str) -> SignificanceMap:
    cells = {}
    for pair in ranking.pairs:
        if pair.number != metric or pair.difference is None or pair.p_holm is None:
            continue
        for row, column, sign in ((pair.first, pair.second, 1), (pair.second, pair.first, -1)):
            difference = sign * pair.difference
            verdict: Literal["better", "worse", "open"] = "open"
            if pair.p_holm < SIGNIFICANT:
                verdict = "better" if difference > 0 else "worse"
            cells[row, column] = MapCell(verdict, difference, pair.p_holm)
    return SignificanceMap(metric, tuple(entries[each.method] for each in ranking.methods if each.rank), cells)
