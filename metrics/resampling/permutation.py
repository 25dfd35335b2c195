"""Tests by paired permutations whether two methods differ by more than chance.

If two methods are equally good, it does not matter which of them produced which result of a case. The test swaps their
results in each case with a chance of one half, computes the difference of the two methods' numbers again, and counts
how often it is at least as large as the observed difference, whatever its sign. A pooled F1 or an average over classes
is computed again from the swapped cases, so a number need not be a mean over cases.

With few cases, every way to swap them is counted and p is exact. Otherwise ways are drawn at random, and
p = (1 + as large) / (1 + drawn), for the observed way is one of them (Phipson & Smyth, Stat Appl Genet Mol Biol 9:39,
2010).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from .case_ratios import CaseRatios, Floats, defined_means, divided, rows_at_once

_ROUNDING = 1e-12
"""Makes differences this close equal: the same sum in another order may differ in the sixteenth decimal."""


@dataclass(frozen=True)
class PairTest:
    """Is the test of one pair of methods; NaN twice when the number of either method is undefined."""

    difference: float
    """Is the first method's number minus the second's."""
    p: float


def permutation_tests(
    ratios: CaseRatios, pairs: Sequence[tuple[int, int]], permutations: int, seed: int
) -> list[PairTest]:
    """Tests pairs of methods for a difference in the mean of their number over the columns in which it is defined.

    `pairs` are places of methods in `ratios`, whose cases are in the order of their sorted ids. The order of a pair
    changes only the sign, and other methods change nothing. A swap that leaves the number of either method undefined
    counts as one with as large a difference. Equal results give p = 1, as does a single case. Raises ValueError when
    `permutations` is not positive.
    """
    if permutations < 1:
        raise ValueError(f"expected at least one permutation, got {permutations}")
    tests = [_PairSums.of(ratios, first, second) for first, second in pairs]
    counted = [2**test.differing <= permutations for test in tests]
    # The observed way counts as one of those that are drawn.
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
    """Holds two methods' sums, and what a swap in each case moves from one to the other."""

    first: Floats
    """Has the shape (2, column): numerators, then denominators."""
    second: Floats
    """Has the shape (2, column): numerators, then denominators."""
    moves: Floats
    """Has the shape (case, 2 x column): what the first method gains, and the second loses, by a swap in the case."""

    @classmethod
    def of(cls, ratios: CaseRatios, first: int, second: int) -> _PairSums:
        sides = np.stack([ratios.numerator, ratios.denominator], axis=2)[[first, second]]
        sums = sides.sum(axis=1)
        return cls(sums[0], sums[1], (sides[1] - sides[0]).reshape(sides.shape[1], -1))

    @cached_property
    def differs(self) -> NDArray[np.bool_]:
        """Returns for each case whether a swap changes anything."""
        return np.asarray((self.moves != 0).any(axis=1), np.bool_)

    @property
    def differing(self) -> int:
        return int(self.differs.sum())

    @cached_property
    def difference(self) -> float:
        return float(_number(self.first[None])[0] - _number(self.second[None])[0])

    def as_large(self, swapped: Floats) -> int:
        """Counts the ways to swap, shape (way, case), in which the numbers differ at least as much as observed."""
        moved = (swapped @ self.moves).reshape(-1, *self.first.shape)
        differences = np.abs(_number(self.first + moved) - _number(self.second - moved))
        return int(np.count_nonzero(np.isnan(differences) | (differences >= abs(self.difference) - _ROUNDING)))


def _number(sums: Floats) -> Floats:
    """Returns the number, averaged over columns, of sums of shape (way, 2, column)."""
    return defined_means(divided(sums[:, 0], sums[:, 1]))


def _drawn(cases: int, permutations: int, at_once: int, seed: int) -> Iterator[Floats]:
    """Yields ways to swap, drawn at random, shape (way, case): 1 for swapped."""
    generator = np.random.default_rng([seed, 1])
    for start in range(0, permutations, at_once):
        ways = min(at_once, permutations - start)
        yield generator.integers(2, size=(ways, cases)).astype(np.float64)


def _every(differs: NDArray[np.bool_], at_once: int) -> Iterator[Floats]:
    """Yields every way to swap the cases that differ, shape (way, case): 1 for swapped."""
    (places,) = np.nonzero(differs)
    for start in range(0, 2**places.size, at_once):
        ways = np.arange(start, min(start + at_once, 2**places.size))
        swapped = np.zeros((ways.size, differs.size))
        swapped[:, places] = ways[:, None] >> np.arange(places.size) & 1
        yield swapped


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrects p values for multiple testing by Holm's method (Scand J Stat 6:65, 1979).

    The result has the order of the input. NaN stays NaN and does not count as a test.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted((index for index, p in enumerate(p_values) if not isnan(p)), key=p_values.__getitem__)
    corrected = list(p_values)
    highest = 0.0
    for place, index in enumerate(order):
        # A larger p must not become smaller than the one before it.
        highest = max(highest, min(1.0, (len(order) - place) * p_values[index]))
        corrected[index] = highest
    return corrected
