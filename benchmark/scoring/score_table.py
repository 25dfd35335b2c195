"""The table of scores: methods by classes, and what follows from several methods together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isnan

from ...metrics.aggregation import Average, ClassScore, MetricPair, average, average_score, class_score, difficulty
from ...metrics.case import CaseScore
from ..lesion_classes import LesionClass
from .protocol import Protocol


@dataclass(frozen=True)
class MethodScore:
    """One row group of results: a method over all cases. Fractions; NaN for what is undefined."""

    classes: Mapping[str, ClassScore]
    """Class key -> score, in the protocol's order."""
    average: Average
    missing: tuple[str, ...] = ()
    """Case ids that had no prediction and were counted as empty."""


@dataclass(frozen=True)
class ScoreTable:
    """What `score` prints, independent of how it is printed."""

    protocol: Protocol
    cases: int
    """Cases in the reference."""
    methods: Mapping[str, MethodScore]
    """Method name -> score, in the order given. Never empty."""
    average_score: Mapping[str, MetricPair]
    """Class key -> mean over the methods where it is defined."""
    difficulty_dsc: tuple[str, ...]
    """Class keys by ascending average DSC, hardest first; undefined ones are left out."""
    difficulty_f1: tuple[str, ...]

    @property
    def lesion_classes(self) -> tuple[LesionClass, ...]:
        return self.protocol.lesion_classes

    def to_json(self) -> dict[str, object]:
        """As plain values that strict JSON can hold: fractions, None for what is undefined.

        `cases` of a class is the number of cases in which it is defined, those where either side has it; `cases` at
        the top is the number of cases scored.
        """
        content = {
            "protocol": self.protocol.id,
            "cases": self.cases,
            "methods": {
                name: {
                    "classes": {key: asdict(score) for key, score in method.classes.items()},
                    "average": asdict(method.average),
                }
                for name, method in self.methods.items()
            },
            "average_score": {key: asdict(pair) for key, pair in self.average_score.items()},
            "difficulty": {"dsc": list(self.difficulty_dsc), "f1": list(self.difficulty_f1)},
            "missing": {name: list(method.missing) for name, method in self.methods.items() if method.missing},
        }
        return {key: _without_nan(value) for key, value in content.items()}


def score_table(
    protocol: Protocol,
    cases: Mapping[str, Iterable[CaseScore]],
    missing: Mapping[str, tuple[str, ...]],
) -> ScoreTable:
    """Aggregates every method's case scores; all methods have the same cases, at least one."""
    methods = {}
    count = 0
    for name, scores in cases.items():
        of_method = list(scores)
        count = len(of_method)
        classes = {
            lesion.key: class_score(case.classes[lesion.id] for case in of_method) for lesion in protocol.lesion_classes
        }
        methods[name] = MethodScore(classes, average(classes), missing.get(name, ()))
    averages = average_score(method.classes for method in methods.values())
    return ScoreTable(
        protocol,
        count,
        methods,
        averages,
        tuple(difficulty(averages, "dsc")),
        tuple(difficulty(averages, "f1")),
    )


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and isnan(value) else value
