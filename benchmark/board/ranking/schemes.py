"""Defines what methods are ranked by, and how ties share a rank.

Ranks are competition ranks: equal methods share the best of their places and the next one stands as far down as there
are methods before it, 1 1 3. Where several numbers count, each is ranked so, the ranks' mean is taken, and the means
are ranked so again: two methods that are first and second by turns are both first.

The schemes, by what is ranked:

- `mean-rank`: Avg. DSC and Avg. F1, and the mean of the two ranks. The benchmark's own.
- `dsc`, `f1`: Avg. DSC alone, Avg. F1 alone.
- `class:KEY`: one class's DSC and F1, and the mean of the two ranks.
- `mean-then-rank`: the mean of all cases' DSC and F1, and one rank at the end ("aggregate-then-rank").
- `rank-then-mean`: ranks on every single case, their mean, and a rank of it ("rank-then-aggregate").

The last two begin with the same values, a DSC and an F1 of every case and class where they are defined, and take the
same means, over the cases of a class, then over the classes and the two metrics: only where the rank is taken differs
(Wiesenfarth et al., Sci Rep 11:2369, 2021, and its toolkit challengeR). F1 is therefore that of single cases, not
pooled. A method that is right that a case has nothing of a class has no value there; where others predict something, it
has the best rank of the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, Floats, mean_of, side_by_side

from .score_arrays import ScoreArrays

SCHEMES = ("mean-rank", "dsc", "f1", "class:KEY", "mean-then-rank", "rank-then-mean")
_OF_CLASS = "class:"
_DECIMALS = 12
"""Numbers that agree in so many are equal: the same sum, added up in another order, differs in the sixteenth."""


@dataclass(frozen=True, eq=False)
class Criterion:
    """A number that methods are ordered by: the mean over the columns where it is defined."""

    name: str
    """`dsc`, `f1`, `mean` (of DSC and F1 per case) or `case_rank`."""
    ratios: CaseRatios
    highest_first: bool = True


def criteria(arrays: ScoreArrays, scheme: str) -> tuple[Criterion, ...]:
    """Returns what a scheme orders by. Raises BenchError for a scheme or a class that there is not."""
    # Made where they are asked for alone: of a thousand methods each takes 24 MB.
    if scheme.startswith(_OF_CLASS):
        column = _column(arrays, scheme.removeprefix(_OF_CLASS))
        return Criterion("dsc", arrays.dsc_ratios.only(column)), Criterion("f1", arrays.f1_ratios.only(column))
    match scheme:
        case "mean-rank":
            return Criterion("dsc", arrays.dsc_ratios), Criterion("f1", arrays.f1_ratios)
        case "dsc":
            return (Criterion("dsc", arrays.dsc_ratios),)
        case "f1":
            return (Criterion("f1", arrays.f1_ratios),)
        case "mean-then-rank":
            means = (mean_of(values) for values in (arrays.dsc, arrays.f1_per_case))
            return (Criterion("mean", side_by_side(*means)),)
        case "rank-then-mean":
            of_cases = (mean_of(_ranks_in_each_case(values)) for values in (arrays.dsc, arrays.f1_per_case))
            return (Criterion("case_rank", side_by_side(*of_cases), highest_first=False),)
    known = [*SCHEMES[:3], *(f"{_OF_CLASS}{key}" for key in arrays.classes), *SCHEMES[4:]]
    mend = did_you_mean(scheme, known)
    raise BenchError(Problem("is no way to rank", scheme, expected=" or ".join(SCHEMES), mend=mend))


def shown_numbers(arrays: ScoreArrays, scheme: str) -> tuple[CaseRatios, CaseRatios, CaseRatios]:
    """Returns DSC, F1 and F1 per case to stand beside the rank: of all classes, or of the one that a scheme names."""
    numbers = arrays.dsc_ratios, arrays.f1_ratios, arrays.f1_per_case_ratios
    if not scheme.startswith(_OF_CLASS):
        return numbers
    column = _column(arrays, scheme.removeprefix(_OF_CLASS))
    dsc, f1, f1_per_case = (each.only(column) for each in numbers)
    return dsc, f1, f1_per_case


def ranked(values: Sequence[Floats], highest_first: Sequence[bool]) -> tuple[Floats, Floats]:
    """Ranks by the mean of the ranks of each of `values`, and that mean. Arrays are (..., method).

    A method with an undefined value has no rank and no mean, NaN, and does not count among the others. Nor does a 0
    where the highest is first and another's value is undefined.
    """
    mean = np.mean(
        [
            competition_ranks(_without_false_positives_alone(each) if up else each, highest_first=up)
            for each, up in zip(values, highest_first, strict=True)
        ],
        axis=0,
    )
    return competition_ranks(mean, highest_first=False), mean


def _without_false_positives_alone(values: Floats) -> Floats:
    """DSC or F1 is undefined for one method and a number for another only where no reference has such a lesion: that
    number is 0, of false positives, and no better than rightly finding nothing.
    """
    return np.where((values == 0) & np.isnan(values).any(axis=-1, keepdims=True), np.nan, values)


def competition_ranks(values: Floats, *, highest_first: bool = True) -> Floats:
    """Ranks along the last axis, 1 the first; equal ones share: 1 1 3. NaN has no rank, NaN.

    >>> competition_ranks(np.array([0.5, 0.7, np.nan, 0.7]))
    array([ 3.,  1., nan,  1.])
    """
    rounded = np.round(-values if highest_first else values, _DECIMALS)
    # NaN comes last, and equals nothing.
    order = np.argsort(rounded, axis=-1)
    sorted_values = np.take_along_axis(rounded, order, axis=-1)
    places = np.ones(rounded.shape)
    places[..., 1:] = np.where(
        sorted_values[..., 1:] != sorted_values[..., :-1], np.arange(2.0, rounded.shape[-1] + 1), 1.0
    )
    ranks = np.empty(rounded.shape)
    np.put_along_axis(ranks, order, np.maximum.accumulate(places, axis=-1), axis=-1)
    ranks[np.isnan(rounded)] = np.nan
    return ranks


def _ranks_in_each_case(values: Floats) -> Floats:
    """Of the methods in every case and class, (method, case, class); NaN where no method has a value."""
    ranks = np.empty(values.shape)
    # Case by case: ranking all at once takes ten times the memory of the values.
    for case in range(values.shape[1]):
        of_case = values[:, case].T
        undefined = np.isnan(of_case)
        of_class = competition_ranks(np.where(undefined, np.inf, of_case))
        ranks[:, case] = np.where(undefined.all(axis=1, keepdims=True), np.nan, of_class).T
    return ranks


def _column(arrays: ScoreArrays, key: str) -> int:
    if key not in arrays.classes:
        expected, mend = ", ".join(arrays.classes), did_you_mean(key, arrays.classes)
        raise BenchError(Problem("is no class that was scored", key or "class:", expected, mend=mend))
    return arrays.classes.index(key)
