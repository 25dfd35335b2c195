"""Decides what of a hidden track's record is published, and says what can still be learnt from it.

No number of a single case leaves the organiser's private folder: no row, no count of lesions or of cases of a class,
nothing that rests on fewer than five cases (it has no interval either), and no digest of the rows, which would confirm
a guess of them. What is left are means and pooled ratios with their intervals, as fractions of four decimals, and
numbers that the manifest tells anyway.

Such numbers still follow from the labels, and somebody who may ask often learns them. A submission whose label maps are
empty but for one case has, as the DSC of a class, that case's DSC divided by the number of cases with the class: the
rounding leaves two digits of it among 200 cases, enough to find in a series of submissions whether and roughly where
the case has a lesion. Pooled recall of one predicted lesion tells whether it matches one. A class that is withheld for
its few cases still counts in the average, from which the others can be subtracted. So the organiser should limit
submissions (a few in all for each team, days apart), look at predictions that are empty in nearly all cases before
publishing their record, and have no hidden track of which a class is in a handful of cases.
"""

from __future__ import annotations

from collections.abc import Mapping

from mswal_bench.benchmark.scoring.estimates import AverageResult, ClassResult, Estimate

from .result_record import ResultRecord

DECIMALS = 4
"""Of the published fractions of a hidden track."""


def published(record: ResultRecord) -> ResultRecord:
    """Returns the record as all may see it: itself, or of a hidden track what says nothing of a single case.

    Of what this gives, it gives the same again.
    """
    if not record.hidden:
        return record
    classes, average = publishable(record.classes, record.average)
    return record.model_copy(update={"classes": classes, "average": average, "files": {}})


def publishable(
    classes: Mapping[str, ClassResult], average: AverageResult
) -> tuple[dict[str, ClassResult], AverageResult]:
    """Rounds every fraction to `DECIMALS`, and leaves out those that have no interval."""
    return (
        {key: ClassResult(**{**result.model_dump(), **_rounded(result)}) for key, result in classes.items()},
        AverageResult(**{**average.model_dump(), **_rounded(average)}),
    )


def _rounded(result: ClassResult | AverageResult) -> dict[str, Estimate]:
    return {name: _rounded_estimate(value) for name, value in result if isinstance(value, Estimate)}


def _rounded_estimate(estimate: Estimate) -> Estimate:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Estimate(value=None)
    ends = (round(number, DECIMALS) for number in (estimate.value, estimate.low, estimate.high))
    return Estimate(**dict(zip(("value", "low", "high"), ends, strict=True)))
