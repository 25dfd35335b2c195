"""Ranks the methods that a user names by a folder of scores or of records."""

from __future__ import annotations

from pathlib import Path

from .comparable_methods import Comparable, comparable_methods
from .rank_methods import PERMUTATIONS, RESAMPLES, rank_methods
from .ranking import Ranking, Rankings


def rank_folder(
    source: Path,
    by: str = "mean-rank",
    *,
    track: str | None = None,
    claimed: bool = False,
    private: Path | None = None,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Rankings:
    """The rankings of what `comparable_methods` finds in a folder, each as `rank_methods` makes it.

    Raises BenchError as these do.
    """
    found = comparable_methods(source, track=track, claimed=claimed, private=private)
    return Rankings(tuple(rank_comparable(each, by, resamples, permutations, seed) for each in found))


def rank_comparable(methods: Comparable, by: str, resamples: int, permutations: int, seed: int) -> Ranking:
    """The ranking of methods that compare, with what is known of them."""
    return Ranking(
        rank_methods(methods.arrays, by, resamples=resamples, permutations=permutations, seed=seed),
        methods.protocol,
        methods.track,
        methods.status,
        methods.notes,
        methods.left_out,
    )
