"""Compares the numbers of records with those that follow from their rows, which are read to rank them anyway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.metrics.resampling.case_ratios import Floats, divided

from .score_arrays import ScoreArrays

_TOLERANCE = 1e-9
"""A mean may differ by the order in which another machine adds."""
_MEND = "`mswal-bench results verify` lists more."


def check_numbers(records: Mapping[str, ResultRecord], arrays: ScoreArrays, where: Mapping[str, object]) -> None:
    """Raises BenchError with every record that has other numbers, of cases or of a class, than its rows.

    `records` have all of their numbers, and `where` names the rows of each, both by the method's name in `arrays`.
    Intervals, and what rests on the sizes of lesions, take longer: `verify_records` computes them.
    """
    numbers = _numbers(arrays)
    raise_if_any(
        problem
        for row, method in enumerate(arrays.methods)
        for problem in _differences(
            records[method], arrays, {name: of_methods[row] for name, of_methods in numbers.items()}, str(where[method])
        )
    )


def _differences(
    record: ResultRecord, arrays: ScoreArrays, numbers: Mapping[str, Floats], where: str
) -> Iterator[Problem]:
    if record.cases != len(arrays.cases):
        yield Problem("the record has another number of cases", where, str(len(arrays.cases)), str(record.cases), _MEND)
    for name, of_classes in numbers.items():
        values = [getattr(record.classes[key], name).value for key in arrays.classes]
        told = np.array([np.nan if value is None else value for value in values])
        differ = ~np.isclose(told, of_classes, rtol=0, atol=_TOLERANCE, equal_nan=True)
        for column in np.flatnonzero(differ):
            what = f"the {arrays.classes[column]} {name} of the record {record.id} does not follow from the rows"
            yield Problem(what, where, f"{of_classes[column]:.6g}", f"{told[column]:.6g}", _MEND)


def _numbers(arrays: ScoreArrays) -> dict[str, Floats]:
    """By their names in a record, (method, class); NaN where undefined."""
    tp, fp, fn = (counts.sum(axis=1).astype(np.float64) for counts in (arrays.tp, arrays.fp, arrays.fn))
    return {
        "dsc": _mean_of_cases(arrays.dsc),
        "f1": divided(2 * tp, 2 * tp + fp + fn),
        "f1_per_case": _mean_of_cases(arrays.f1_per_case),
        "precision": divided(tp, tp + fp),
        "recall": divided(tp, tp + fn),
    }


def _mean_of_cases(values: Floats) -> Floats:
    defined = ~np.isnan(values)
    return divided(np.where(defined, values, 0).sum(axis=1), defined.sum(axis=1).astype(np.float64))
