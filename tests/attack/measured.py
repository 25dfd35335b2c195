"""Runs every attack and the honest boards, and holds what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy

from .exact_attacks import (
    Recovered,
    from_averages,
    numbers_of_lesions,
    one_case_at_a_time,
    told_by_an_interval,
    weighings,
)
from .group_curves import bits_of_groups
from .honest_boards import Boards, rounded_down, simulate, with_noise
from .ladder_climb import Rules, climb
from .phantom_track import draw_track

_SEEN = (0.3, 0.6, 0.9)
_PATIENCE = (0.003, 0.01)
_LONG = 10
_SUBMISSIONS = (1, 2, 3, 5, 7, 10, 16, 24, 32, 48, 64, 100, 150, 210)

Curve = list[tuple[float, float]]
"""Submissions and bits."""


@dataclass(frozen=True)
class Measured:
    """What came out."""

    bits_left: float
    """Of presence, to the attacker of the exact attacks."""
    before: tuple[Recovered, Recovered]
    """One case at a time, and groups."""
    after: tuple[Recovered, Recovered]
    from_averages: tuple[int, float]
    """Of one case at a time, how many the ladder shows, and what each would tell at most without it."""
    lesions_before: int
    """Of how many classes one record gives the number of lesions exactly."""
    lesions_after: int
    interval: tuple[float, float]
    """Of 8 bits: by the value alone, and with its interval."""
    curves: dict[str, Curve]
    boards: dict[str, Boards]

    def at_most(self, name: str, submissions: int) -> float:
        """The bits of a curve at so many submissions."""
        return dict(self.curves[name])[submissions]


DEFAULT, LADDER, NO_LADDER = "the default", "whole points, ladder", "whole points, no ladder"
FINER, COARSER = "half points, ladder", "steps of 2 points, ladder"
EXACT, PERCENT, NOISE = "classes to 4 decimals (before)", "classes to 2 decimals", "classes with noise of 0.005"


def measure(tracks: int, report: Callable[[str], None]) -> Measured:
    """Attacks so many tracks of each kind by the ladder; the exact attacks are the same on any."""
    policy = ReleasePolicy()
    now = Release(policy=policy, shown=True)
    track = draw_track(0.2, 0)
    report("one case at a time")
    single = one_case_at_a_time(track, None), one_case_at_a_time(track, now)
    report("groups")
    groups = weighings(track, None), weighings(track, now)
    truth = track.lesions.sum(0).tolist()
    exact = [
        sum(told == true for told, true in zip(numbers_of_lesions(track, release), truth, strict=True))
        for release in (None, now)
    ]
    report("intervals")
    interval = told_by_an_interval()
    curves: dict[str, Curve] = {}
    for name, error in ((EXACT, 0.0001 / sqrt(12)), (PERCENT, 0.01 / sqrt(12)), (NOISE, 0.005)):
        curves[name] = [(n, max(bits_of_groups(draw_track(s, 0), error, n) for s in (0.2, 0.6))) for n in _SUBMISSIONS]
    for name, number, rules in (
        (DEFAULT, policy.submissions, Rules(policy)),
        (LADDER, _LONG, Rules(policy)),
        (NO_LADDER, _LONG, Rules(policy, ladder=False)),
        (FINER, _LONG, Rules(ReleasePolicy(points=0.5))),
        (COARSER, _LONG, Rules(ReleasePolicy(points=2))),
    ):
        report(f"{name}: {number} submissions")
        curves[name] = _climbed(rules, number, tracks)
    # Who prepares for more submissions than he has may learn more with the first ones.
    begun = curves[LADDER][: policy.submissions]
    curves[DEFAULT] = max(curves[DEFAULT], begun, key=lambda curve: curve[-1][1])
    report("boards")
    return Measured(
        bits_left=track.bits_left,
        before=(single[0], groups[0]),
        after=(single[1], groups[1]),
        from_averages=from_averages(draw_track(0.6, 0), policy),
        lesions_before=exact[0],
        lesions_after=exact[1],
        interval=interval,
        curves=curves,
        boards=dict(_boards(policy)),
    )


def _climbed(rules: Rules, submissions: int, tracks: int) -> Curve:
    """The most that an attacker learns on average, over how much he sees and how patient he is."""
    means = []
    for seen in _SEEN:
        for patience in _PATIENCE[: None if rules.ladder else 1]:
            told = [
                climb(rules, submissions, seen=seen, patience=patience, tracks=2000, seed=seed)
                for seed in range(tracks)
            ]
            means.append(np.mean(told, axis=0))
    # He decides beforehand, so that he has one of the series and not the best of each place.
    best = max(means, key=lambda series: float(series[-1]))
    return [(number + 1, float(bits)) for number, bits in enumerate(best)]


def _boards(policy: ReleasePolicy) -> Iterator[tuple[str, Boards]]:
    boards = 400
    yield "4 decimals (before)", simulate(lambda exact, _: np.round(exact, 4), ladder=None, boards=boards)
    yield "noise of 0.005", simulate(with_noise(0.005), ladder=None, boards=boards)
    yield FINER, _by_policy(ReleasePolicy(points=0.5), boards)
    yield "whole points, ladder (the default)", _by_policy(policy, boards)
    yield COARSER, _by_policy(ReleasePolicy(points=2), boards)
    yield "steps of 5 points, ladder", _by_policy(ReleasePolicy(points=5), boards)


def _by_policy(policy: ReleasePolicy, boards: int) -> Boards:
    return simulate(rounded_down(policy), ladder=policy, boards=boards)
