"""Percentile bootstrap over cases.

Cases are drawn with replacement, as many as there are; the share of the draws below and above the interval is the same.
What a draw counts each case with is a row of one matrix of weights, so that a draw of any number is two products with
it. The weights follow from the seed and the number of cases alone: an interval is the same whoever else is ranked, as
long as the cases are in the same order.

Percentile intervals are narrow for few cases: simulated, of a mean DSC as of a pooled F1, those of 95 % hold the truth
in 84 % of data sets of 5 cases with the class, 90 % of 10, 93 % of 20 and 94 to 95 % from 30 on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .case_ratios import CaseRatios, Floats, defined_mean, divided, rows_at_once

CONFIDENCE = 0.95
FEWEST_CASES = 5
"""A number that rests on fewer cases gets no interval: its ends would be those of single cases. One that rests on five
or more is defined in over 99 of 100 draws."""


@dataclass(frozen=True, eq=False)
class Bootstrapped:
    """A number in every draw."""

    samples: Floats
    """(draw, method, column); NaN where it is undefined in the draw."""
    cases: NDArray[np.int64]
    """How many cases each number rests on, (method, column)."""

    def interval(self, method: int, column: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Of one number, over the draws in which it is defined; NaN twice if it rests on fewer than FEWEST_CASES."""
        if self.cases[method, column] < FEWEST_CASES:
            return np.nan, np.nan
        return interval(self.samples[:, method, column], confidence)


def bootstrap(ratios: Sequence[CaseRatios], resamples: int, seed: int) -> list[Bootstrapped]:
    """Draws `resamples` times, the same cases for all of `ratios`. Cases are in the order of their sorted ids.

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
            # Method by method: a product of another shape may round another way, and then a method's interval would
            # depend on who else is there.
            for method, (upper, lower) in enumerate(zip(each.numerator, each.denominator, strict=True)):
                of_each[start:stop, method] = divided(weights @ upper, weights @ lower)
        start = stop
    return [Bootstrapped(drawn, each.defined_cases) for drawn, each in zip(samples, ratios, strict=True)]


def averaged(drawn: Bootstrapped, ratios: CaseRatios) -> Bootstrapped:
    """The mean over the columns that are defined in a draw, as one column. `ratios` is what was drawn from."""
    rests_on = np.count_nonzero((ratios.denominator != 0).any(axis=2), axis=1)
    return Bootstrapped(defined_mean(drawn.samples)[..., None], np.asarray(rests_on, np.int64)[:, None])


def interval(samples: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The percentile interval of one number's samples, those left out that are undefined; NaN twice without any."""
    defined = samples[~np.isnan(samples)]
    if not defined.size:
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _weights(cases: int, resamples: int, at_once: int, seed: int) -> Iterator[Floats]:
    """How often each case is drawn, (draw, case), some draws at a time: multinomial with equal chances."""
    generator = np.random.default_rng([seed, 0])
    for start in range(0, resamples, at_once):
        draws = min(at_once, resamples - start)
        # Counting picked cases is ten times as quick as numpy's multinomial, and the same distribution.
        picked = generator.integers(cases, size=(draws, cases)) + cases * np.arange(draws)[:, None]
        yield np.bincount(picked.ravel(), minlength=draws * cases).reshape(draws, cases).astype(np.float64)
