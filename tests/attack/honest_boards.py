"""Simulates boards of honest teams, and counts how often a method that is better is shown as better.

A board has ten teams, each with up to as many submissions as the policy gives it, the later ones mostly better, as
teams work. Then another team hands in a method that is better than one of the board's by exactly one point of Avg. DSC
or of Avg. F1, and by up to a point in the other. Ranks are the benchmark's: the mean of the ranks of both averages,
computed by this program from what is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mswal_bench.benchmark.board.ranking.schemes import ranked
from mswal_bench.benchmark.records.release_ledger import ReleaseLine, is_shown
from mswal_bench.benchmark.records.release_policy import ReleasePolicy

from .phantom_track import Bools, Floats

_TEAMS = 10
_POINT = 0.01 - 1e-9

Shown = Callable[[Floats, np.random.Generator], Floats]
"""Makes what is published of fractions."""


@dataclass(frozen=True)
class Boards:
    """Shares of simulated boards."""

    above: float
    """In which the better method is ranked above the one that it is better than."""
    right: float
    """In which it is on the right side of all: below those that lead it by a point in one average and are not behind
    in the other, and above those that it leads so."""
    same_rank: float
    """In which the better method has the rank that the exact numbers give it, ties and all."""


def simulate(shown: Shown, *, ladder: ReleasePolicy | None, boards: int, seed: int = 0) -> Boards:
    """Simulates boards on which numbers are published as `shown`, with the ladder and budget of a policy or without."""
    random = np.random.default_rng([seed, 2])
    above, side, rank = [], [], []
    for _ in range(boards):
        exact, visible = _board(ladder, random)
        target = int(random.choice(np.flatnonzero(visible)))
        gain = random.permutation([0.01, random.uniform(0, 0.01)])
        exact = np.append(exact, [exact[target] + gain], axis=0)[np.append(visible, True)]
        target = int(visible[:target].sum())
        right, told = _ranks(exact), _ranks(shown(exact, random))
        above.append(told[-1] < told[target])
        ahead, behind = exact - exact[-1], exact[-1] - exact
        better, worse = ((each.max(1) >= _POINT) & (each.min(1) >= 0) for each in (ahead, behind))
        side.append(bool((told[better] < told[-1]).all() and (told[worse] > told[-1]).all()))
        rank.append(told[-1] == right[-1])
    return Boards(float(np.mean(above)), float(np.mean(side)), float(np.mean(rank)))


def rounded_down(policy: ReleasePolicy) -> Shown:
    """Publishes as a policy does."""
    return lambda exact, _: np.vectorize(lambda value: policy.fraction(policy.steps(value)))(exact)


def with_noise(sigma: float) -> Shown:
    """Publishes with noise."""
    return lambda exact, random: exact + random.normal(0, sigma, exact.shape)


def _board(ladder: ReleasePolicy | None, random: np.random.Generator) -> tuple[Floats, Bools]:
    """The exact averages of all submissions, shape (submission, 2), and which of them are shown."""
    averages, visible = [], []
    for team in range(_TEAMS):
        dsc = random.uniform(0.30, 0.55)
        value = np.array([dsc, dsc + random.normal(-0.05, 0.03)])
        lines: list[ReleaseLine] = []
        for number in range(random.integers(1, (ladder or ReleasePolicy()).submissions + 1)):
            averages.append(value)
            is_visible = True
            if ladder is not None:
                line = _line(ladder, value, team, number)
                is_visible = is_shown(line, lines)
                lines.append(line.model_copy(update={"shown": is_visible}))
            visible.append(is_visible)
            value = value + random.normal(0.008, 0.01, 2)
    return np.array(averages), np.array(visible)


def _line(policy: ReleasePolicy, value: Floats, team: int, number: int) -> ReleaseLine:
    steps = [policy.steps(float(each)) for each in value]
    return ReleaseLine.model_construct(
        team=str(team), labels="", protocol="", predictions=str(number), dsc_steps=steps[0], f1_steps=steps[1],
        shown=False,
    )  # fmt: skip


def _ranks(averages: Floats) -> Floats:
    ranks, _ = ranked([averages[:, 0], averages[:, 1]], [True, True])
    return ranks
