"""Computes one method's numbers with their bootstrap intervals, which are what a record holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mswal_bench.benchmark.core.call_values import MOST_DRAWS
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.tables.view import UNDEFINED
from mswal_bench.metrics.case import CaseScore
from mswal_bench.metrics.resampling.bootstrap import CONFIDENCE, averaged, bootstrap
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, divided, mean_of, pooled

from .scores import MethodScores

Key = Annotated[str, StringConstraints(pattern=r"^\w{1,200}$")]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(_Part):
    """A number over a set of cases, with its percentile bootstrap interval over cases. Fractions, not percent."""

    value: Fraction | None
    """None where it is undefined."""
    low: Fraction | None = None
    high: Fraction | None = None


def estimate_text(estimate: Estimate) -> str:
    """In percent, with its interval where there is one: `43.72 (39.90 to 47.55)`."""
    if estimate.value is None:
        return UNDEFINED
    text = f"{100 * estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({100 * estimate.low:.2f} to {100 * estimate.high:.2f})"


class ClassResult(_Part):
    """One lesion class."""

    dsc: Estimate
    f1: Estimate
    """From lesions pooled over all cases."""
    f1_per_case: Estimate
    precision: Estimate
    recall: Estimate
    recall_small: Estimate
    """Of reference lesions below 20 mm."""
    recall_large: Estimate


class AverageResult(_Part):
    """The unweighted mean over the classes where a number is defined."""

    dsc: Estimate
    f1: Estimate
    f1_per_case: Estimate
    dsc_classes: Annotated[int, Field(ge=0)]
    f1_classes: Annotated[int, Field(ge=0)]


class Bootstrap(_Part):
    """How the intervals were drawn."""

    resamples: Annotated[int, Field(ge=1, le=MOST_DRAWS)]
    seed: Annotated[int, Field(ge=0)]
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95


Counts = NDArray[np.int64]


def estimates(
    method: MethodScores, *, resamples: int, seed: int
) -> tuple[dict[str, ClassResult], AverageResult, Bootstrap]:
    """Computes the classes by key, their average, and how the intervals were drawn.

    The same cases, resamples and seed give the intervals of `rank_methods`. The values are those of the scores and
    their details; None where undefined. An interval leaves out draws in which its number is undefined, and is None for
    a number that rests on fewer than `FEWEST_CASES` cases. Without any case all is None. Raises ValueError when
    `resamples` is not positive.
    """
    numbers = _ratios(method.case_scores, method.protocol)
    drawn = dict(zip(numbers, bootstrap(list(numbers.values()), resamples, seed), strict=True))
    ends = {name: of_number.intervals(0) for name, of_number in drawn.items()}
    classes = {}
    for column, key in enumerate(method):
        values = numbers_of_class(method, key)
        classes[key] = ClassResult(**{name: _estimate(value, ends[name][column]) for name, value in values.items()})
    means = method.average

    def of_all(name: str, value: float) -> Estimate:
        return _estimate(value, averaged(drawn[name], numbers[name]).interval(0, 0))

    mean = AverageResult(
        dsc=of_all("dsc", means.dsc),
        f1=of_all("f1", means.f1),
        f1_per_case=of_all("f1_per_case", means.f1_per_case),
        dsc_classes=means.dsc_classes,
        f1_classes=means.f1_classes,
    )
    return classes, mean, Bootstrap(resamples=resamples, seed=seed, confidence=CONFIDENCE)


def numbers_of_class(method: MethodScores, key: str) -> dict[str, float]:
    """Returns the numbers of `ClassResult` by name; NaN where one is undefined."""
    score, details = method[key], method.details[key]
    return {
        "dsc": score.dsc,
        "f1": score.f1,
        "f1_per_case": score.f1_per_case,
        "precision": details.every_size.precision,
        "recall": details.every_size.recall,
        "recall_small": details.small.recall,
        "recall_large": details.large.recall,
    }


def _ratios(cases: Sequence[CaseScore], protocol: Protocol) -> Mapping[str, CaseRatios]:
    """By the name of the number in a record; one method, a column a class."""
    shape = (1, len(cases), len(protocol.class_ids))
    counts = [
        (of.reference_voxels + of.prediction_voxels, of.intersection_voxels, of.tp, of.fp, of.fn)
        for case in cases
        for class_id in protocol.class_ids
        for of in (case.classes[class_id],)
    ]
    voxels, intersection, tp, fp, fn = np.array(counts, np.int64).reshape(*shape, 5).transpose(3, 0, 1, 2)
    dsc, f1_per_case = (
        divided(part.astype(np.float64), whole.astype(np.float64))
        for part, whole in ((2 * intersection, voxels), (2 * tp, 2 * tp + fp + fn))
    )
    (tp_small, fn_small), (tp_large, fn_large) = _found_and_missed(cases, protocol)
    return {
        "dsc": mean_of(dsc),
        "f1": pooled(2 * tp, 2 * tp + fp + fn),
        "f1_per_case": mean_of(f1_per_case),
        "precision": pooled(tp, tp + fp),
        "recall": pooled(tp, tp + fn),
        "recall_small": pooled(tp_small, tp_small + fn_small),
        "recall_large": pooled(tp_large, tp_large + fn_large),
    }


def _found_and_missed(cases: Sequence[CaseScore], protocol: Protocol) -> list[tuple[Counts, Counts]]:
    """The reference's lesions below and from the size of large ones, each (1, case, class)."""
    of_case = np.repeat(np.arange(len(cases)), [len(case.lesions) for case in cases])
    class_id, is_prediction, matched_id, diameter_mm = (
        np.concatenate([np.zeros(0), *(getattr(case.lesions, name) for case in cases)])
        for name in ("class_id", "is_prediction", "matched_id", "diameter_mm")
    )
    columns = np.full(max((*protocol.class_ids, 0, *class_id.astype(np.int64).tolist())) + 1, -1)
    columns[list(protocol.class_ids)] = range(len(protocol.class_ids))
    column = columns[class_id.astype(np.int64)]
    wanted = (is_prediction == 0) & (column >= 0)

    def counted(chosen: NDArray[np.bool_]) -> Counts:
        shape = (1, len(cases), len(protocol.class_ids))
        places = of_case[chosen] * shape[2] + column[chosen]
        return np.bincount(places, minlength=shape[1] * shape[2]).astype(np.int64).reshape(shape)

    large, matched = diameter_mm >= protocol.large_from_mm, matched_id > 0
    return [(counted(wanted & size & matched), counted(wanted & size & ~matched)) for size in (~large, large)]


def _estimate(value: float, interval: tuple[float, float]) -> Estimate:
    low, high = (None if isnan(end) else end for end in interval)
    return Estimate(value=None if isnan(value) else value, low=low, high=high)
