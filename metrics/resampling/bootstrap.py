"""Computes percentile bootstrap intervals over cases.

Each draw takes as many cases as there are, with replacement; an interval leaves out the same share of the draws below
and above. How often a draw has each case is a row of a matrix of weights, so any number in all draws takes two products
with this matrix. The weights depend on the seed and the number of cases alone. So an interval does not depend on which
other methods are ranked, as long as the cases are in the same order.

Percentile intervals are too narrow for few cases. In simulations, for a mean DSC as for a pooled F1, the 95 % interval
holds the true value in 84 % of data sets of 5 cases with the class, 90 % of 10, 93 % of 20 and 94 to 95 % from 30 on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from .case_ratios import CaseRatios, Floats, defined_means, divided, rows_at_once

CONFIDENCE = 0.95
FEWEST_CASES = 5
"""Is the fewest cases that an interval needs: with fewer, single cases would set its ends. A number of five or more
cases is defined in over 99 of 100 draws."""
_PRODUCTS_OF_ONE = 8
"""Is how many products of one method follow each other before their quotients are taken."""
_SOME = 16
"""Is of how many samples one is looked at to guess where a tail ends."""
_MOST_KEPT = 2**23
"""Is the largest number of weights that is kept: 64 MiB of them."""


@dataclass(frozen=True, eq=False)
class Bootstrapped:
    """Holds numbers in every draw."""

    samples: Floats
    """Has the shape (draw, method, column); NaN where a number is undefined in a draw."""
    cases: NDArray[np.int64]
    """Has the shape (method, column): in how many cases each number is defined."""

    def interval(self, method: int, column: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Returns the interval of one number over the draws in which it is defined; NaN twice for fewer cases than
        FEWEST_CASES."""
        return self.intervals(method, confidence)[column]

    def intervals(self, method: int, confidence: float = CONFIDENCE) -> list[tuple[float, float]]:
        """Returns the intervals of all columns; several at once take a fraction of the time."""
        ends = [interval(of_column, confidence) for of_column in np.ascontiguousarray(self.samples[:, method].T)]
        enough = self.cases[method] >= FEWEST_CASES
        return [pair if told else (np.nan, np.nan) for pair, told in zip(ends, enough, strict=True)]


def bootstrap(ratios: Sequence[CaseRatios], resamples: int, seed: int) -> list[Bootstrapped]:
    """Draws cases `resamples` times, the same for all of `ratios`, whose cases are in the order of their sorted ids.

    Without cases every sample is NaN. Raises ValueError when `resamples` is not positive.
    """
    _check(resamples)
    samples = [np.full((len(each.numerator), resamples, each.numerator.shape[2]), np.nan) for each in ratios]
    for start, stop, drawn in _drawn(ratios, resamples, seed):
        for of_all, of_some in zip(samples, drawn, strict=True):
            of_all[:, start:stop] = of_some
    return [Bootstrapped(drawn.swapaxes(0, 1), of.defined_cases) for drawn, of in zip(samples, ratios, strict=True)]


def bootstrap_averages(ratios: Sequence[CaseRatios], resamples: int, seed: int) -> list[Bootstrapped]:
    """Returns `averaged` of each of what `bootstrap` returns, without ever holding the numbers of all columns.

    Raises ValueError as that does.
    """
    _check(resamples)
    samples = [np.full((len(each.numerator), resamples), np.nan) for each in ratios]
    for start, stop, drawn in _drawn(ratios, resamples, seed):
        for of_all, of_some in zip(samples, drawn, strict=True):
            of_all[:, start:stop] = defined_means(of_some)
    return [Bootstrapped(means.T[..., None], _rests_on(each)) for means, each in zip(samples, ratios, strict=True)]


def averaged(drawn: Bootstrapped, ratios: CaseRatios) -> Bootstrapped:
    """Averages over the columns that are defined in a draw; the result has one column. `ratios` is what was drawn."""
    return Bootstrapped(defined_means(drawn.samples)[..., None], _rests_on(ratios))


def interval(samples: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Returns the percentile interval of one number's samples without the undefined ones; NaN twice without any."""
    defined = samples[~np.isnan(samples)]
    if not defined.size:
        return np.nan, np.nan
    low, high = (tail * (defined.size - 1) for tail in _tails(confidence))
    return _between(*_neighbours(defined, int(low)), low % 1), _between(
        *_upper_neighbours(defined, int(high)), high % 1
    )


def _between(below: float, above: float, part: float) -> float:
    """Returns the point between two values as numpy's quantile rounds it."""
    return above - (above - below) * (1 - part) if part >= 0.5 else below + (above - below) * part


def _upper_neighbours(samples: Floats, below: int) -> tuple[float, float]:
    """Returns what `_neighbours` does, of a place that is far up."""
    above, beneath = _neighbours(-samples, max(0, samples.size - 2 - below))
    return -beneath, -above


def _neighbours(samples: Floats, below: int) -> tuple[float, float]:
    """Returns the value at a place in their order and the next one. numpy's quantile takes twice as long for both
    tails: it looks at all samples."""
    every = samples[::_SOME].copy()
    # Some more than are wanted are below this one, mostly; where they are not, all are looked at.
    limit = min(every.size - 1, below * 5 // (4 * _SOME) + 8)
    every.partition(limit)
    least = samples[samples <= every[limit]]
    if least.size < below + 2:
        least = samples.copy()
    above = min(below + 1, samples.size - 1)
    least.partition((below, above))
    return float(least[below]), float(least[above])


def _tails(confidence: float) -> list[float]:
    return [(1 - confidence) / 2, (1 + confidence) / 2]


def _check(resamples: int) -> None:
    if resamples < 1:
        raise ValueError(f"expected at least one resample, got {resamples}")


def _rests_on(ratios: CaseRatios) -> NDArray[np.int64]:
    """Returns in how many cases the average of each method is defined, shape (method, 1)."""
    return np.asarray(np.count_nonzero((ratios.denominator != 0).any(axis=2), axis=1), np.int64)[:, None]


def _drawn(ratios: Sequence[CaseRatios], resamples: int, seed: int) -> Iterator[tuple[int, int, list[Floats]]]:
    """Yields some draws at a time: the first, the one after the last, and all numbers, each (method, draw, column)."""
    (cases,) = {each.numerator.shape[1] for each in ratios}
    if not cases:
        return
    # What is in several numbers, as the cases that have a class, is summed once.
    parts: list[Floats] = []
    places = [[_place(part, parts) for part in (each.numerator, each.denominator)] for each in ratios]
    added = _sums_of_two(parts)
    multiplied = [place for place in range(len(parts)) if place not in added]
    # Numbers of one method each, as a record's, are multiplied in one go.
    is_of_one = {part.shape for part in parts} == {(1, *parts[0].shape[1:])}
    together = np.concatenate([parts[place] for place in multiplied]) if is_of_one else None
    start = 0
    at_once = min(map(rows_at_once, ratios))
    # Of one method alone, what is done with the products takes fewer and longer steps.
    for weights in _weights(cases, resamples, at_once * (_PRODUCTS_OF_ONE if is_of_one else 1), seed):
        stop = start + len(weights)
        # Each method has a product of its own: a product of another shape may round otherwise, and a method's
        # interval would depend on the other methods.
        if together is None:
            products = [weights @ parts[place] for place in multiplied]
        else:
            products = list(_products(weights, together, at_once)[:, None])
        sums = dict(zip(multiplied, products, strict=True))
        for place, (one, other) in added.items():
            sums[place] = sums[one] + sums[other]
        yield start, stop, [divided(sums[upper], sums[lower]) for upper, lower in places]
        start = stop


def _place(part: Floats, known: list[Floats]) -> int:
    """Returns the place of an equal array among those that are known, to which it is added where there is none."""
    place = next((place for place, other in enumerate(known) if np.array_equal(other, part)), len(known))
    known += [part] * (place == len(known))
    return place


def _products(weights: Floats, parts: Floats, at_once: int) -> Floats:
    """Returns the product with each of the parts, some rows of the weights at a time."""
    products = np.empty((len(parts), len(weights), parts.shape[2]))
    for start in range(0, len(weights), at_once):
        np.matmul(weights[start : start + at_once], parts, out=products[:, start : start + at_once])
    return products


def _sums_of_two(parts: Sequence[Floats]) -> dict[int, tuple[int, int]]:
    """Returns the places of parts that are the sum of two others, as all lesions are of small and large ones, and of
    which: adding up is many times as fast as a product, and sums of whole numbers are not rounded. A part comes after
    those that it is the sum of."""
    totals = {place: part.sum() for place, part in enumerate(parts) if (part == np.rint(part)).all()}
    added = {}
    for place in sorted(totals, key=totals.__getitem__):
        smaller = [other for other in totals if totals[other] < totals[place]]
        for one, other in combinations_with_replacement(smaller, 2):
            if totals[one] + totals[other] == totals[place] and (parts[one] + parts[other] == parts[place]).all():
                added[place] = one, other
                break
    return added


def _weights(cases: int, resamples: int, at_once: int, seed: int) -> Iterator[Floats]:
    """Yields how often each case is drawn, shape (draw, case), some draws at a time: multinomial, equal chances."""
    if cases * resamples <= _MOST_KEPT:
        kept = _kept_weights(cases, resamples, seed)
        yield from (kept[start : start + at_once] for start in range(0, resamples, at_once))
        return
    generator = np.random.default_rng([seed, 0])
    for start in range(0, resamples, at_once):
        yield _next_weights(generator, cases, min(at_once, resamples - start))


@lru_cache(maxsize=2)
def _kept_weights(cases: int, resamples: int, seed: int) -> Floats:
    """Returns all of them, kept for the next method: drawing them takes a third of the time of a record's intervals."""
    weights = _next_weights(np.random.default_rng([seed, 0]), cases, resamples)
    weights.flags.writeable = False
    return weights


def _next_weights(generator: np.random.Generator, cases: int, draws: int) -> Floats:
    # Counting picked cases has the distribution of numpy's multinomial and is ten times as fast.
    picked = generator.integers(cases, size=(draws, cases)) + cases * np.arange(draws)[:, None]
    return np.bincount(picked.ravel(), minlength=draws * cases).reshape(draws, cases).astype(np.float64)
