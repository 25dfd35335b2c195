"""Aggregates the counts of many cases to the numbers of a table.

What is undefined is NaN, and every mean leaves out what is undefined instead of counting it as 0.
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
    """One class over a set of cases."""

    dsc: float
    """Mean over the cases where it is defined; NaN when it is in none."""
    f1: float
    """From lesions pooled over all cases; NaN when neither side has a lesion in any."""
    tp: int
    fp: int
    fn: int
    f1_per_case: float
    """Mean of the cases' own F1 over the cases where it is defined; NaN when it is in none."""
    cases: int
    """Cases in which DSC and F1 are defined: those where at least one side has the class."""


@dataclass(frozen=True)
class MetricPair:
    """A value for each of the two ranked metrics."""

    dsc: float
    f1: float


@dataclass(frozen=True)
class Average:
    """The unweighted mean over the classes where a metric is defined; NaN when it is in none."""

    dsc: float
    f1: float
    f1_per_case: float
    dsc_classes: int
    """How many classes the mean DSC is over."""
    f1_classes: int


def defined_mean(values: Iterable[float]) -> tuple[float, int]:
    """The mean of what is not NaN, and over how many values it is; NaN and 0 when there is none."""
    defined = [value for value in values if not isnan(value)]
    # fsum rounds once, so that the mean does not depend on the order of the cases.
    return (fsum(defined) / len(defined) if defined else nan), len(defined)


def class_score(counts: Iterable[ClassCounts]) -> ClassScore:
    """Sums up one class from its counts in every case. No case at all gives NaN, 0 lesions and 0 cases."""
    cases = list(counts)
    tp, fp, fn = (sum(getattr(case, name) for case in cases) for name in ("tp", "fp", "fn"))
    dsc, defined = defined_mean(case.dsc for case in cases)
    f1_per_case, _ = defined_mean(case.f1 for case in cases)
    return ClassScore(dsc, overlap.f1(tp, fp, fn), tp, fp, fn, f1_per_case, defined)


def average(scores: Mapping[Key, ClassScore]) -> Average:
    """One method's Avg. over its classes."""
    dsc, dsc_classes = defined_mean(score.dsc for score in scores.values())
    f1, f1_classes = defined_mean(score.f1 for score in scores.values())
    f1_per_case, _ = defined_mean(score.f1_per_case for score in scores.values())
    return Average(dsc, f1, f1_per_case, dsc_classes, f1_classes)


def average_score(methods: Iterable[Mapping[Key, ClassScore]]) -> dict[Key, MetricPair]:
    """Each class's mean over the methods where it is defined. All methods have the same classes."""
    scores = list(methods)
    return {
        key: MetricPair(
            defined_mean(method[key].dsc for method in scores)[0], defined_mean(method[key].f1 for method in scores)[0]
        )
        for key in (scores[0] if scores else ())
    }


def difficulty(averages: Mapping[Key, MetricPair], metric: Literal["dsc", "f1"]) -> list[Key]:
    """The classes by ascending average score, hardest first. Undefined ones are left out; ties keep their order."""
    values = {key: getattr(pair, metric) for key, pair in averages.items()}
    return sorted((key for key, value in values.items() if not isnan(value)), key=lambda key: values[key])
