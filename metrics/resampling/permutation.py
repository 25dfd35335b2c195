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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from .case_ratios import CaseRatios, Floats, defined_means, divided, rows_at_once

_ROUNDING = 1e-12
"""Makes differences this close equal: the same sum in another order may differ in the sixteenth decimal."""
_MOST_NUMBERS = 2**15
"""Is how many numbers of ways and columns are worked on in one go, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class PairTest:
    """Is the test of one pair of methods; NaN twice when the number of either method is undefined."""

    difference: float
    """Is the first method's number minus the second's."""
    p: float


def permutation_tests(
    ratios: CaseRatios,
    pairs: Sequence[tuple[int, int]],
    permutations: int,
    seed: int,
    *,
    report: Callable[[int, int], None] | None = None,
) -> list[PairTest]:
    """Tests pairs of methods for a difference in the mean of their number over the columns in which it is defined.

    `pairs` are places of methods in `ratios`, whose cases are in the order of their sorted ids. The order of a pair
    changes only the sign, and other methods change nothing. A swap that leaves the number of either method undefined
    counts as one with as large a difference. Equal results give p = 1, as does a single case. While ways to swap are
    drawn, `report` is called with how many there were and will be. Raises ValueError when `permutations` is not
    positive.
    """
    if permutations < 1:
        raise ValueError(f"expected at least one permutation, got {permutations}")
    if not pairs:
        return []
    sums = _MethodSums.of(ratios, pairs)
    differing = [int(sums.differs(pair).sum()) for pair in range(len(pairs))]
    counted = [2**cases <= permutations for cases in differing]
    # The observed way counts as one of those that are drawn.
    as_large = np.array([0 if exact else 1 for exact in counted])
    for pair in np.flatnonzero(counted).tolist():
        as_large[pair] = sums.as_large_of_every_way(pair, rows_at_once(ratios))
    drawn = np.flatnonzero(np.logical_not(counted))
    done = 0
    for swapped in _drawn(ratios.numerator.shape[1], permutations, rows_at_once(ratios), seed) if drawn.size else ():
        as_large[drawn] += sums.as_large(drawn, sums.moved(swapped))
        done += len(swapped)
        if report is not None:
            report(done, permutations)
    ways = (2**cases if exact else 1 + permutations for cases, exact in zip(differing, counted, strict=True))
    return [
        PairTest(difference, nan if isnan(difference) else count / of)
        for difference, count, of in zip(sums.differences.tolist(), as_large.tolist(), ways, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _MethodSums:
    """Holds the sums of the methods of all pairs, and what each case adds to them.

    A swap moves to the one method what the other has in the case, so what a way to swap moves is summed once for every
    method, however many pairs it is in.
    """

    pairs: NDArray[np.int64]
    """Has the shape (pair, 2): places in the arrays below."""
    sums: Floats
    """Has the shape (method, 2, column): numerators, then denominators."""
    parts: Floats
    """Has the shape (method, 2, column, case)."""
    differences: Floats
    """Has the shape (pair,): the first method's number minus the second's."""

    @classmethod
    def of(cls, ratios: CaseRatios, pairs: Sequence[tuple[int, int]]) -> _MethodSums:
        methods, places = np.unique(np.array(pairs), return_inverse=True)
        of_pairs = places.reshape(-1, 2)
        sides = np.stack([ratios.numerator[methods], ratios.denominator[methods]], axis=2)
        sums = sides.sum(axis=1)
        numbers = defined_means(divided(sums[:, 0], sums[:, 1]))
        # A column that nobody has in any case says nothing.
        used = sums[:, 1].any(axis=0)
        parts = np.ascontiguousarray(sides[..., used].transpose(0, 2, 3, 1))
        return cls(of_pairs, sums[..., used], parts, numbers[of_pairs[:, 0]] - numbers[of_pairs[:, 1]])

    def differs(self, pair: int) -> NDArray[np.bool_]:
        """Returns for each case whether a swap changes anything."""
        first, second = self.pairs[pair]
        return np.asarray((self.parts[first] != self.parts[second]).any(axis=(0, 1)), np.bool_)

    def moved(self, swapped: Floats) -> Floats:
        """Returns what each method has in the swapped cases, shape (method, 2, column, way), of ways (way, case)."""
        methods, _, columns, cases = self.parts.shape
        moved: Floats = self.parts.reshape(methods, 2 * columns, cases) @ swapped.T
        return moved.reshape(methods, 2, columns, len(swapped))

    def as_large(self, chosen: NDArray[np.int64], moved: Floats) -> NDArray[np.int64]:
        """Counts for each chosen pair the ways in which its numbers differ at least as much as observed."""
        at_once = max(1, _MOST_NUMBERS // max(1, moved[0, 0].size))
        some = (chosen[start : start + at_once] for start in range(0, chosen.size, at_once))
        return np.concatenate([self._as_large(pairs, moved) for pairs in some])

    def as_large_of_every_way(self, pair: int, at_once: int) -> int:
        """Counts them among all ways to swap the cases that differ."""
        differs = self.differs(pair)
        alone = _MethodSums(
            np.array([[0, 1]]),
            self.sums[self.pairs[pair]],
            np.ascontiguousarray(self.parts[self.pairs[pair]][..., differs]),
            self.differences[[pair]],
        )
        return sum(
            int(alone.as_large(_FIRST, alone.moved(swapped))[0]) for swapped in _every(int(differs.sum()), at_once)
        )

    def _as_large(self, chosen: NDArray[np.int64], moved: Floats) -> NDArray[np.int64]:
        first, second = self.pairs[chosen].T
        gained = moved[second]
        gained -= moved[first]
        one = _numbers(self.sums[first, ..., None] + gained)
        one -= _numbers(self.sums[second, ..., None] - gained)
        np.abs(one, out=one)
        smaller = one < (np.abs(self.differences[chosen]) - _ROUNDING)[:, None]
        # NaN is smaller than nothing.
        return np.asarray(one.shape[1] - np.count_nonzero(smaller, axis=1), np.int64)


_FIRST = np.array([0])


def _numbers(sums: Floats) -> Floats:
    """Returns the numbers, averaged over columns, shape (pair, way), of sums of shape (pair, 2, column, way)."""
    upper, lower = sums[:, 0], sums[:, 1]
    if lower.size and lower.all():
        upper /= lower
        return np.asarray(upper.sum(axis=1) / upper.shape[1])
    quotients = divided(upper, lower)
    defined = lower != 0
    return divided(np.where(defined, quotients, 0.0).sum(axis=1), defined.sum(axis=1).astype(np.float64))


def _drawn(cases: int, permutations: int, at_once: int, seed: int) -> Iterator[Floats]:
    """Yields ways to swap, drawn at random, shape (way, case): 1 for swapped."""
    generator = np.random.default_rng([seed, 1])
    for start in range(0, permutations, at_once):
        ways = min(at_once, permutations - start)
        yield generator.integers(2, size=(ways, cases)).astype(np.float64)


def _every(cases: int, at_once: int) -> Iterator[Floats]:
    """Yields every way to swap cases, shape (way, case): 1 for swapped."""
    for start in range(0, 2**cases, at_once):
        ways = np.arange(start, min(start + at_once, 2**cases))
        yield (ways[:, None] >> np.arange(cases) & 1).astype(np.float64)


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
