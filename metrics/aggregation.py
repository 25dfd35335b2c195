"""Aggregates the counts of many cases into the numbers of a table.

An undefined number is NaN. Every mean leaves undefined numbers out instead of counting them as 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from math import fsum, isnan, nan
from typing import Literal, TypeVar

from . import overlap
from .case import ClassCounts

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class ClassScore:
    """Scores one class over a set of cases."""

    dsc: float
    """Is the mean over the cases in which DSC is defined; NaN when there is none."""
    f1: float
    """Is computed from the lesions of all cases pooled; NaN when neither side has a lesion in any case."""
    tp: int
    fp: int
    fn: int
    f1_per_case: float
    """Is the mean of the cases' own F1 over the cases in which it is defined; NaN when there is none."""
    cases: int
    """Counts the cases in which DSC and F1 are defined: those where at least one side has the class."""


@dataclass(frozen=True)
class MetricPair:
    """Holds a value for each of the two ranked metrics."""

    dsc: float
    f1: float


@dataclass(frozen=True)
class Average:
    """Holds the unweighted means over the classes in which a metric is defined; NaN when there is none."""

    dsc: float
    f1: float
    f1_per_case: float
    dsc_classes: int
    """Counts the classes that the mean DSC is over."""
    f1_classes: int
    """Counts the classes that the mean F1 is over."""


def defined_mean(values: Iterable[float]) -> tuple[float, int]:
    """Returns the mean of the values that are not NaN, and their number; NaN and 0 when there are none."""
    # NaN alone is another number than itself: asking so takes half the time of `isnan`.
    defined = [value for value in values if value == value]  # noqa: PLR0124
    # fsum rounds only once, so the mean does not depend on the order of the values.
    return (fsum(defined) / len(defined) if defined else nan), len(defined)


def class_score(counts: Iterable[ClassCounts]) -> ClassScore:
    """Scores one class from its counts in every case. Without cases, the ratios are NaN and the counts 0."""
    # A case without the class on either side, as most are, adds nothing to any number.
    cases = [of for of in counts if of.reference_voxels or of.prediction_voxels or of.tp or of.fp or of.fn]
    tp, fp, fn = (sum(getattr(case, name) for case in cases) for name in ("tp", "fp", "fn"))
    dsc, defined = defined_mean(case.dsc for case in cases)
    f1_per_case, _ = defined_mean(case.f1 for case in cases)
    return ClassScore(dsc, overlap.f1(tp, fp, fn), tp, fp, fn, f1_per_case, defined)


def average(scores: Mapping[Key, ClassScore]) -> Average:
    """Averages one method's scores over its classes: the `Avg.` of a table."""
    dsc, dsc_classes = defined_mean(score.dsc for score in scores.values())
    f1, f1_classes = defined_mean(score.f1 for score in scores.values())
    f1_per_case, _ = defined_mean(score.f1_per_case for score in scores.values())
    return Average(dsc, f1, f1_per_case, dsc_classes, f1_classes)


def average_score(methods: Iterable[Mapping[Key, ClassScore]]) -> dict[Key, MetricPair]:
    """Returns each class's mean over the methods for which it is defined; NaN when there is none.

    All methods must have the same classes. Without methods the result is empty.
    """
    scores = list(methods)
    return {
        key: MetricPair(
            defined_mean(method[key].dsc for method in scores)[0], defined_mean(method[key].f1 for method in scores)[0]
        )
        for key in (scores[0] if scores else ())
    }


def difficulty(averages: Mapping[Key, MetricPair], metric: Literal["dsc", "f1"]) -> list[Key]:
    """Orders the classes by ascending average score, hardest first.

    Classes whose average score is undefined are left out; ties keep their order.
    """
    values = {key: getattr(pair, metric) for key, pair in averages.items()}
    return sorted((key for key, value in values.items() if not isnan(value)), key=lambda key: values[key])
