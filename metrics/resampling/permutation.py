"""Paired permutation tests: would two methods differ as much if it were chance which one had which result?

If two methods are alike, their results of a case can be swapped and nothing is lost. The test swaps them in every case
with a chance of a half, takes the difference of the two numbers anew, and counts how often it is as large as the one
that was found, whatever its sign. A class's pooled F1 and an average over classes are taken anew as well: no number has
to be a mean over cases.

Where the cases can be swapped in few ways, every way is counted and p is exact. Otherwise ways are drawn, and
p = (1 + as large) / (1 + drawn), for the found one is one of them (Phipson & Smyth, Stat Appl Genet Mol Biol 9:39,
2010).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from .case_ratios import CaseRatios, Floats, defined_mean, divided, rows_at_once

_ROUNDING = 1e-12
"""Differences this close are equal: the same sum, added up in another order, differs in the sixteenth decimal."""


@dataclass(frozen=True)
class PairTest:
    """Of one pair; NaN twice where the number of either method is undefined."""

    difference: float
    """The first's less the second's."""
    p: float


def permutation_tests(
    ratios: CaseRatios, pairs: Sequence[tuple[int, int]], permutations: int, seed: int
) -> list[PairTest]:
    """Tests the pairs of methods, on the mean of the number over the columns where it is defined.

    Cases are in the order of their sorted ids. A pair's result does not depend on which is first, but for the sign, nor
    on who else is there. A swap after which the number of either method is undefined counts as one with as large a
    difference. Equal results, as well as a single case, give p = 1. Raises ValueError when `permutations` is not
    positive.
    """
    if permutations < 1:
        raise ValueError(f"expected at least one permutation, got {permutations}")
    tests = [_PairSums.of(ratios, first, second) for first, second in pairs]
    counted = [2**test.differing <= permutations for test in tests]
    # The way that was found is one of those that are drawn.
    as_large = [0 if exact else 1 for exact in counted]
    at_once = rows_at_once(ratios)
    for swapped in () if all(counted) else _drawn(ratios.numerator.shape[1], permutations, at_once, seed):
        for index, test in enumerate(tests):
            as_large[index] += 0 if counted[index] else test.as_large(swapped)
    for index, test in enumerate(tests):
        as_large[index] += sum(map(test.as_large, _every(test.differs, at_once))) if counted[index] else 0
    ways = (2**test.differing if exact else 1 + permutations for test, exact in zip(tests, counted, strict=True))
    return [
        PairTest(test.difference, nan if isnan(test.difference) else count / of)
        for test, count, of in zip(tests, as_large, ways, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _PairSums:
    """What two methods' sums are, and what a swap in each case moves from one to the other."""

    first: Floats
    """(numerator and denominator, column)."""
    second: Floats
    moves: Floats
    """(case, numerator and denominator and column)."""

    @classmethod
    def of(cls, ratios: CaseRatios, first: int, second: int) -> _PairSums:
        sides = np.stack([ratios.numerator, ratios.denominator], axis=2)[[first, second]]
        sums = sides.sum(axis=1)
        return cls(sums[0], sums[1], (sides[1] - sides[0]).reshape(sides.shape[1], -1))

    @cached_property
    def differs(self) -> NDArray[np.bool_]:
        """The cases in which a swap changes anything."""
        return np.asarray((self.moves != 0).any(axis=1), np.bool_)

    @property
    def differing(self) -> int:
        return int(self.differs.sum())

    @cached_property
    def difference(self) -> float:
        return float(_number(self.first[None])[0] - _number(self.second[None])[0])

    def as_large(self, swapped: Floats) -> int:
        """In how many of the ways to swap, (way, case), the numbers differ at least as much as without."""
        moved = (swapped @ self.moves).reshape(-1, *self.first.shape)
        differences = np.abs(_number(self.first + moved) - _number(self.second - moved))
        return int(np.count_nonzero(np.isnan(differences) | (differences >= abs(self.difference) - _ROUNDING)))


def _number(sums: Floats) -> Floats:
    """Of sums (way, numerator and denominator, column)."""
    return defined_mean(divided(sums[:, 0], sums[:, 1]))


def _drawn(cases: int, permutations: int, at_once: int, seed: int) -> Iterator[Floats]:
    """Ways to swap, (way, case), 1 for swapped."""
    generator = np.random.default_rng([seed, 1])
    for start in range(0, permutations, at_once):
        ways = min(at_once, permutations - start)
        yield generator.integers(2, size=(ways, cases)).astype(np.float64)


def _every(differs: NDArray[np.bool_], at_once: int) -> Iterator[Floats]:
    """Every way to swap the cases that differ."""
    (places,) = np.nonzero(differs)
    for start in range(0, 2**places.size, at_once):
        ways = np.arange(start, min(start + at_once, 2**places.size))
        swapped = np.zeros((ways.size, differs.size))
        swapped[:, places] = ways[:, None] >> np.arange(places.size) & 1
        yield swapped


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrects p values for their number: of twenty tests one is significant by chance.

    They stay in their order (Holm, Scand J Stat 6:65, 1979). NaN stays and does not count as a test.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted((index for index, p in enumerate(p_values) if not isnan(p)), key=p_values.__getitem__)
    corrected = list(p_values)
    highest = 0.0
    for place, index in enumerate(order):
        # A larger p never becomes the smaller one.
        highest = max(highest, min(1.0, (len(order) - place) * p_values[index]))
        corrected[index] = highest
    return corrected
