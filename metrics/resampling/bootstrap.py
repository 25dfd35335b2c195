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

import numpy as np
from numpy.typing import NDArray

from .case_ratios import CaseRatios, Floats, defined_means, divided, rows_at_once

CONFIDENCE = 0.95
FEWEST_CASES = 5
"""Is the fewest cases that an interval needs: with fewer, single cases would set its ends. A number of five or more
cases is defined in over 99 of 100 draws."""


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
        if self.cases[method, column] < FEWEST_CASES:
            return np.nan, np.nan
        return interval(self.samples[:, method, column], confidence)


def bootstrap(ratios: Sequence[CaseRatios], resamples: int, seed: int) -> list[Bootstrapped]:
    """Draws cases `resamples` times, the same for all of `ratios`, whose cases are in the order of their sorted ids.

    Without cases every sample is NaN. Raises ValueError when `resamples` is not positive.
    """
    if resamples < 1:
        raise ValueError(f"expected at least one resample, got {resamples}")
    (cases,) = {each.numerator.shape[1] for each in ratios}
    samples = [np.full((resamples, len(each.numerator), each.numerator.shape[2]), np.nan) for each in ratios]
    start = 0
    at_once = min(map(rows_at_once, ratios))
    for weights in _weights(cases, resamples, at_once, seed) if cases else ():
        stop = start + len(weights)
        for each, of_each in zip(ratios, samples, strict=True):
            # Each method has a product of its own: a product of another shape may round otherwise, and a method's
            # interval would depend on the other methods.
            for method, (upper, lower) in enumerate(zip(each.numerator, each.denominator, strict=True)):
                of_each[start:stop, method] = divided(weights @ upper, weights @ lower)
        start = stop
    return [Bootstrapped(drawn, each.defined_cases) for drawn, each in zip(samples, ratios, strict=True)]


def averaged(drawn: Bootstrapped, ratios: CaseRatios) -> Bootstrapped:
    """Averages over the columns that are defined in a draw; the result has one column. `ratios` is what was drawn."""
    rests_on = np.count_nonzero((ratios.denominator != 0).any(axis=2), axis=1)
    return Bootstrapped(defined_means(drawn.samples)[..., None], np.asarray(rests_on, np.int64)[:, None])


def interval(samples: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Returns the percentile interval of one number's samples without the undefined ones; NaN twice without any."""
    defined = samples[~np.isnan(samples)]
    if not defined.size:
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _weights(cases: int, resamples: int, at_once: int, seed: int) -> Iterator[Floats]:
    """Yields how often each case is drawn, shape (draw, case), some draws at a time: multinomial, equal chances."""
    generator = np.random.default_rng([seed, 0])
    for start in range(0, resamples, at_once):
        draws = min(at_once, resamples - start)
        # Counting picked cases has the distribution of numpy's multinomial and is ten times as fast.
        picked = generator.integers(cases, size=(draws, cases)) + cases * np.arange(draws)[:, None]
        yield np.bincount(picked.ravel(), minlength=draws * cases).reshape(draws, cases).astype(np.float64)
