"""Decides what of a hidden track's record is published.

Avg. DSC and Avg. F1 are, rounded down to whole points, and only if one of them is a point above the best that the team
was shown before. Nothing else that follows from the labels is: no row, no number of a class, no interval, no precision
and recall, no test, and no digest of the rows, which would confirm a guess of them.

What that is worth is measured by `python -m mswal_bench.tests.attack`, whose figures are in
`docs/concepts/hidden-tracks.md`.

Records that were made before there were policies have no `release`. What they say is public since then, and stays:
every number that rests on five cases or more, with its interval, to four decimals.
"""

from __future__ import annotations

from collections.abc import Mapping

from mswal_bench.benchmark.scoring.estimates import AverageResult, ClassResult, Estimate

from .release_policy import released
from .result_record import ResultRecord

DECIMALS = 4
"""Of the fractions that were published before there were policies."""


def published(record: ResultRecord) -> ResultRecord:
    """Returns the record as all may see it: itself, or of a hidden track what its policy shows.

    Of what this gives, it gives the same again.
    """
    if not record.hidden:
        return record
    if record.release is None:
        classes, average = rounded(record.classes, record.average)
    else:
        classes, average = released(record.classes, record.average, record.release)
    return record.model_copy(update={"classes": classes, "average": average, "files": {}})


def rounded(classes: Mapping[str, ClassResult], average: AverageResult) -> tuple[dict[str, ClassResult], AverageResult]:
    """Rounds every fraction to `DECIMALS`, and leaves out those that have no interval, as was done before policies."""
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
