"""Recovers what can be from two rounded averages and a ladder: the best attack that is known here.

The attacker holds thousands of tracks that are all as likely, given what he was told. Before each submission he tries
many designs on them (which classes to predict, how many of the lesions that he sees, specks in which quarters of the
other cases) and takes the one whose answer he can foretell least. Each answer that is shown uses up a part of the
ladder, so he begins with a poor submission and weighs what a design tells against how high it climbs.

How sure an answer was beforehand is what it tells. Summed over the submissions, -log2 of the chance that the attacker
gave to the answer is all the information in the answers: about presence, numbers of lesions and everything else
together. No attacker who hands in the same can make more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy

from .asked import Submission, answer
from .phantom_track import (
    KEYS,
    MORE,
    N_CASES,
    OWN_DSC,
    SPREAD,
    Bools,
    Floats,
    Ints,
    PhantomTrack,
    draw_track,
    entropy_of,
)

_QUARTERS = 4
_LEVELS = (0.0, 0.5, 1.0)
_DESIGNS = 80
_TRIED_ON = 1500
_MOVES = 6
_NOT_SHOWN = -1
_CODE = 1000


@dataclass(frozen=True, eq=False)
class Design:
    """A submission, class by class."""

    level: Floats
    """The share of the seen cases in which the class is predicted, one of `_LEVELS`."""
    specks: Bools
    """In which quarters of the other cases specks are, shape (class, quarter)."""


@dataclass(eq=False)
class Known:
    """What the attacker knows of a track beforehand, and the design's places in it."""

    track: PhantomTrack
    quarters: Ints = field(init=False)
    """How many cases are in each quarter of those he sees nothing in, shape (class, quarter)."""

    def __post_init__(self) -> None:
        self.seen = [np.flatnonzero(column) for column in self.track.plain.T]
        self.parts = [np.array_split(np.flatnonzero(~column), _QUARTERS) for column in self.track.plain.T]
        self.quarters = np.array([[len(part) for part in parts] for parts in self.parts])
        self.matched = {level: self._summed(self.track.matched, level) for level in _LEVELS}
        self.predicted = {level: self._summed(self.track.lesions, level) for level in _LEVELS}
        self.cases = {level: np.array([round(level * len(seen)) for seen in self.seen]) for level in _LEVELS}

    def _summed(self, of_case: Ints, level: float) -> Ints:
        return np.array([of_case[seen[: round(level * len(seen))], k].sum() for k, seen in enumerate(self.seen)])

    def submission(self, design: Design) -> Submission:
        own, far = np.zeros((N_CASES, len(KEYS)), np.bool_), np.zeros((N_CASES, len(KEYS)), np.int64)
        for column, seen in enumerate(self.seen):
            own[seen[: self.cases[design.level[column]][column]], column] = True
            for quarter in np.flatnonzero(design.specks[column]):
                far[self.parts[column][quarter], column] = 1
        return Submission(own, far)


@dataclass(eq=False)
class Possible:
    """Tracks that are as likely: `has` of shape (track, class, quarter), `lesions` of shape (track, class)."""

    has: Ints
    lesions: Ints

    def only(self, chosen: Ints | Bools | slice) -> Possible:
        return Possible(self.has[chosen], self.lesions[chosen])


_ALL = np.arange(len(KEYS))


def draw_possible(known: Known, number: int, random: np.random.Generator, columns: Ints = _ALL) -> Possible:
    """Draws tracks, or these classes of tracks, from what the attacker knows beforehand."""
    quarters, spread, more_each = known.quarters[columns], SPREAD[columns], MORE[columns]
    has = random.binomial(quarters, known.track.chance[columns, None], size=(number, *quarters.shape))
    carriers = has.sum(2)
    more = random.poisson(random.gamma(np.maximum(carriers * spread, 1e-9)) * more_each / spread)
    return Possible(has, known.predicted[1.0][columns] + carriers + more * (carriers > 0))


def numbers(known: Known, possible: Possible, design: Design, columns: Ints = _ALL) -> tuple[Floats, Floats]:
    """Each class's DSC and F1 in each possible track, shape (track, class): what the protocol would give.

    `possible` has the classes `columns` alone.
    """
    cases, matched, predicted = (
        np.array([table[design.level[k]][k] for k in columns])
        for table in (known.cases, known.matched, known.predicted)
    )
    in_specks = design.specks[columns]
    specks = (known.quarters[columns] * in_specks).sum(1)
    hit = (possible.has * in_specks).sum(2)
    carriers = np.array([len(known.seen[k]) for k in columns]) + possible.has.sum(2)
    dsc = OWN_DSC * cases / (carriers + specks - hit)
    return dsc, 2 * matched / (possible.lesions + predicted + specks)


@dataclass
class Rules:
    """A policy, with the ladder or without one, and where the attacker's team stands on it."""

    policy: ReleasePolicy
    ladder: bool = True
    dsc: int = -1
    f1: int = -1

    def codes(self, dsc: Floats, f1: Floats) -> Ints:
        """What is published of averages: a number for each pair of steps, or `_NOT_SHOWN`."""
        steps = [np.floor(100 * each / self.policy.points + 1e-9).astype(np.int64) for each in (dsc, f1)]
        shown = (steps[0] > self.dsc) | (steps[1] > self.f1) | (not self.ladder)
        return np.where(shown, steps[0] * _CODE + steps[1], _NOT_SHOWN)

    def climbed(self, code: int) -> Rules:
        if code == _NOT_SHOWN:
            return self
        return Rules(self.policy, self.ladder, max(self.dsc, code // _CODE), max(self.f1, code % _CODE))


def climb(rules: Rules, submissions: int, *, seen: float, patience: float, tracks: int, seed: int) -> list[float]:
    """Attacks one track, and gives the bits that were told by each submission and those before it.

    `patience` is how many bits a step of the ladder is worth for each submission that is left.
    """
    random = np.random.default_rng([seed, 1])
    known = Known(draw_track(seen, seed))
    possible = draw_possible(known, tracks, random)
    asked: list[tuple[Design, Rules, int]] = []
    told: list[float] = []
    for left in reversed(range(submissions)):
        design = _best_design(known, possible, rules, patience * left, random)
        code = _asked(known, design, rules)
        dsc, f1 = numbers(known, possible, design)
        agrees = rules.codes(dsc.mean(1), f1.mean(1)) == code
        told.append(-float(np.log2(max(agrees.sum(), 0.5) / len(agrees))))
        asked.append((design, rules, code))
        if agrees.any():
            chosen = random.choice(np.flatnonzero(agrees), tracks)
            possible = _moved(known, possible.only(chosen), asked, random)
        rules = rules.climbed(code)
    return np.cumsum(told).tolist()


def _asked(known: Known, design: Design, rules: Rules) -> int:
    """What the evaluation itself publishes of the design."""
    submission = known.submission(design)
    _, average = answer(known.track, submission, Release(policy=rules.policy, shown=True))
    return int(rules.codes(np.array([average.dsc.value]), np.array([average.f1.value]))[0])


def _best_design(known: Known, possible: Possible, rules: Rules, cost: float, random: np.random.Generator) -> Design:
    tried = possible.only(slice(0, _TRIED_ON))
    best, most = None, -np.inf
    for _ in range(_DESIGNS):
        full = random.random()
        level = random.choice(_LEVELS, len(KEYS), p=[0.9 * (1 - full), 0.1, 0.9 * full])
        design = Design(level, random.random((len(KEYS), _QUARTERS)) < random.choice([0, 0, 0.5]))
        dsc, f1 = numbers(known, tried, design)
        codes = rules.codes(dsc.mean(1), f1.mean(1))
        shares = np.unique(codes, return_counts=True)[1] / len(codes)
        up = np.maximum(codes // _CODE - rules.dsc, 0) + np.maximum(codes % _CODE - rules.f1, 0)
        worth = entropy_of(shares) - cost * rules.ladder * float((up * (codes != _NOT_SHOWN)).mean())
        if worth > most:
            best, most = design, worth
    assert best is not None
    return best


def _moved(
    known: Known, possible: Possible, asked: Sequence[tuple[Design, Rules, int]], random: np.random.Generator
) -> Possible:
    """Draws one class after the other anew, and keeps the draws that still agree with every answer: a Gibbs sampler.

    Else the possible tracks would soon be copies of one another.
    """
    parts = [numbers(known, possible, design) for design, *_ in asked]
    for _ in range(_MOVES):
        for column in range(len(KEYS)):
            one = np.array([column])
            drawn = draw_possible(known, len(possible.lesions), random, one)
            trial = [numbers(known, drawn, design, one) for design, *_ in asked]
            agrees = np.ones(len(possible.lesions), np.bool_)
            for (_, rules, code), now, new in zip(asked, parts, trial, strict=True):
                dsc, f1 = (
                    old.mean(1) + (drawn_anew[:, 0] - old[:, column]) / len(KEYS)
                    for old, drawn_anew in zip(now, new, strict=True)
                )
                agrees &= rules.codes(dsc, f1) == code
            possible.has[agrees, column] = drawn.has[agrees, 0]
            possible.lesions[agrees, column] = drawn.lesions[agrees, 0]
            for now, new in zip(parts, trial, strict=True):
                for old, drawn_anew in zip(now, new, strict=True):
                    old[agrees, column] = drawn_anew[agrees, 0]
    return possible
