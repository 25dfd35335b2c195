"""Numbers that are a quotient of two sums over cases: every number that is resampled is one.

A class's DSC is the sum of its cases' DSC over the number of cases that have one; its F1 is twice the matched lesions
of all cases over 2TP + FP + FN. Whatever cases are drawn or swapped, two sums per class are all that is needed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, prod

import numpy as np
from numpy.typing import NDArray

from mswal_bench.metrics import aggregation

Floats = NDArray[np.float64]
_MOST_MULTIPLICATIONS = 2**18


@dataclass(frozen=True, eq=False)
class CaseRatios:
    """What each case adds to the sums above and below the line. Both arrays are (method, case, column).

    A column is a class, or whatever else the number is there once for. Where the sum below the line is 0, the number is
    undefined. Nothing here is NaN.
    """

    numerator: Floats
    denominator: Floats

    @property
    def defined_cases(self) -> NDArray[np.int64]:
        """How many cases each number rests on, (method, column)."""
        return np.asarray(np.count_nonzero(self.denominator, axis=1), np.int64)

    @property
    def values(self) -> Floats:
        """The numbers themselves, (method, column); to the last digit those of `metrics.aggregation`."""
        sums = [np.apply_along_axis(fsum, 1, part) for part in (self.numerator, self.denominator)]
        return divided(sums[0], sums[1])

    @property
    def averages(self) -> Floats:
        """The mean over the columns where the number is defined, (method)."""
        return np.array([aggregation.defined_mean(of_method)[0] for of_method in self.values.tolist()])

    def only(self, column: int) -> CaseRatios:
        """The others made undefined, not taken out: a product of another shape may round another way."""
        wanted = np.arange(self.numerator.shape[2]) == column
        return CaseRatios(np.where(wanted, self.numerator, 0.0), np.where(wanted, self.denominator, 0.0))


def mean_of(values: Floats) -> CaseRatios:
    """The mean over the cases where a value is defined. `values` is (method, case, column), NaN for undefined."""
    defined = ~np.isnan(values)
    return CaseRatios(np.where(defined, values, 0.0), defined.astype(np.float64))


def pooled(part: NDArray[np.int64], whole: NDArray[np.int64]) -> CaseRatios:
    """The quotient of counts that are added up over all cases."""
    return CaseRatios(part.astype(np.float64), whole.astype(np.float64))


def side_by_side(*ratios: CaseRatios) -> CaseRatios:
    """The columns of all of `ratios`, of the same methods and cases, one after the other."""
    return CaseRatios(
        np.concatenate([each.numerator for each in ratios], axis=2),
        np.concatenate([each.denominator for each in ratios], axis=2),
    )


def rows_at_once(ratios: CaseRatios) -> int:
    """How many rows of a matrix over the cases are to be multiplied with both sums of a method in one go.

    OpenBLAS takes several threads for a larger product. Of so thin ones they spend most of their time waiting for each
    other: a ranking that takes a second took twenty where other programs kept the cores busy.
    """
    of_a_row: int = 2 * prod(ratios.numerator.shape[1:])
    return max(1, _MOST_MULTIPLICATIONS // max(1, of_a_row))


def divided(numerator: Floats, denominator: Floats) -> Floats:
    """Sums divided; NaN where the lower one is 0."""
    quotient: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator != 0)
    return quotient


def defined_mean(values: Floats) -> Floats:
    """The mean over the last axis of what is not NaN; NaN where nothing is, without a warning."""
    defined = ~np.isnan(values)
    return divided(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(np.float64))
