"""Ranks the methods that a user names: scores, or a folder of scores or records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.records.organiser_key import PublicKey
from mswal_bench.benchmark.scoring.scores import Scores

from .comparable_methods import Comparable, comparable_methods, comparable_scores
from .rank_methods import rank_methods
from .ranking import Ranking, Rankings


@dataclass(frozen=True)
class Draws:
    """What intervals and tests are drawn by."""

    resamples: int
    permutations: int
    seed: int
    all_pairs: bool = False
    """Whether all pairs are tested, in place of those of the best and of neighbours."""
    progress: bool = False


def rank_scores(scores: Scores, by: str, drawn: Draws) -> Ranking:
    """The ranking of scores, as `rank_methods` makes it. Raises BenchError as that does, and as `arrays_of_scores`."""
    return _ranking(comparable_scores(scores), by, drawn)


def rank_folder(
    source: Path,
    by: str,
    drawn: Draws,
    *,
    track: str | None = None,
    claimed: bool = False,
    private: Path | None = None,
    organiser: PublicKey | None = None,
) -> Rankings:
    """The rankings of what `comparable_methods` finds in a folder. Raises BenchError as that and `rank_methods` do."""
    found = comparable_methods(source, track=track, claimed=claimed, private=private, organiser=organiser)
    return Rankings(tuple(_ranking(each, by, drawn) for each in found))


def _ranking(methods: Comparable, by: str, drawn: Draws) -> Ranking:
    return Ranking(
        rank_methods(
            methods.arrays,
            by,
            resamples=drawn.resamples,
            permutations=drawn.permutations,
            seed=drawn.seed,
            all_pairs=drawn.all_pairs,
            progress=drawn.progress,
        ),
        methods.protocol,
        methods.track,
        methods.status,
        methods.notes,
        methods.left_out,
    )
