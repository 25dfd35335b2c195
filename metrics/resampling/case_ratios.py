"""Expresses every number that is resampled as a quotient of two sums over cases.

A class's DSC is the sum of its cases' DSC, divided by the number of cases that have one; its F1 is 2TP divided by
2TP + FP + FN, each summed over all cases. When cases are drawn or swapped, only these two sums are computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import fsum, prod

import numpy as np
from numpy.typing import NDArray

from mswal_bench.metrics import aggregation

Floats = NDArray[np.float64]
_MOST_MULTIPLICATIONS = 2**18
_ADDED_IN_ORDER = 8
"""Is the number of values from which on numpy's sum adds them in another order than the first to the last."""


@dataclass(frozen=True, eq=False)
class CaseRatios:
    """Holds what each case adds to the numerator and to the denominator of numbers.

    Both arrays have the shape (method, case, column) and no NaN. A column is a class, or another thing that has a
    number. A number whose denominator sums to 0 is undefined.
    """

    numerator: Floats
    denominator: Floats

    @property
    def defined_cases(self) -> NDArray[np.int64]:
        """Returns in how many cases each number is defined, shape (method, column)."""
        return np.asarray(np.count_nonzero(self.denominator, axis=1), np.int64)

    @cached_property
    def values(self) -> Floats:
        """Returns the numbers, shape (method, column); they equal those of `metrics.aggregation` to the last digit."""
        return divided(_exact_sums(self.numerator), _exact_sums(self.denominator))

    @cached_property
    def averages(self) -> Floats:
        """Returns each method's mean over the columns in which its number is defined, shape (method,)."""
        return np.array([aggregation.defined_mean(of_method)[0] for of_method in self.values.tolist()])

    def only(self, column: int) -> CaseRatios:
        """Makes all columns but one undefined. They are kept, for a product of another shape may round otherwise."""
        wanted = np.arange(self.numerator.shape[2]) == column
        return CaseRatios(np.where(wanted, self.numerator, 0.0), np.where(wanted, self.denominator, 0.0))


def _exact_sums(part: Floats) -> Floats:
    """Returns the sums over the cases, rounded once, shape (method, column)."""
    if (part == np.rint(part)).all() and np.abs(part).sum(axis=1).max(initial=0) < 2**53:
        # Sums of whole numbers are not rounded, in whatever order.
        return np.asarray(part.sum(axis=1), np.float64)
    sums = [[fsum(column) for column in of_method.T.tolist()] for of_method in part]
    return np.array(sums, np.float64).reshape(part.shape[0], part.shape[2])


def mean_of(values: Floats) -> CaseRatios:
    """Expresses the mean over the cases with a value; `values` has the shape (method, case, column), NaN for none."""
    defined = ~np.isnan(values)
    return CaseRatios(np.where(defined, values, 0.0), defined.astype(np.float64))


def pooled(part: NDArray[np.int64], whole: NDArray[np.int64]) -> CaseRatios:
    """Expresses the quotient of two counts that are summed over all cases, both of shape (method, case, column)."""
    return CaseRatios(part.astype(np.float64), whole.astype(np.float64))


def side_by_side(*ratios: CaseRatios) -> CaseRatios:
    """Puts the columns of all of `ratios` one after the other; methods and cases must be the same."""
    return CaseRatios(
        np.concatenate([each.numerator for each in ratios], axis=2),
        np.concatenate([each.denominator for each in ratios], axis=2),
    )


def rows_at_once(ratios: CaseRatios) -> int:
    """Returns how many rows of a matrix over the cases to multiply in one go, so that OpenBLAS uses one thread.

    For larger products OpenBLAS uses several threads, which mostly wait for each other when a matrix is this thin: on
    a busy machine, a ranking that takes one second took twenty.
    """
    of_a_row: int = 2 * prod(ratios.numerator.shape[1:])
    return max(1, _MOST_MULTIPLICATIONS // max(1, of_a_row))


def divided(numerator: Floats, denominator: Floats) -> Floats:
    """Divides sums; gives NaN where the denominator is 0."""
    if denominator.all():
        return np.asarray(numerator / denominator, np.float64)
    quotient: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator != 0)
    return quotient


def defined_means(values: Floats) -> Floats:
    """Returns the means over the last axis of the values that are not NaN; NaN, without a warning, where all are."""
    defined = ~np.isnan(values)
    if defined.all():
        return _row_sums(values) / values.shape[-1] if values.shape[-1] else np.full(values.shape[:-1], np.nan)
    return divided(_row_sums(np.where(defined, values, 0.0)), defined.sum(axis=-1).astype(np.float64))


def _row_sums(values: Floats) -> Floats:
    """Returns the sums over the last axis, bit by bit those of numpy's `sum`, which takes many times as long for few
    values a row."""
    columns = values.shape[-1]
    if not 0 < columns < _ADDED_IN_ORDER:
        return np.asarray(values.sum(axis=-1), np.float64)
    total: Floats = values[..., 0].copy()
    for column in range(1, columns):
        total += values[..., column]
    return total
