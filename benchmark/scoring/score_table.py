"""The table of scores: methods by classes, and what follows from several methods together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan

from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.protocol import Protocol
from mswal_bench.metrics.aggregation import (
    Average,
    ClassScore,
    MetricPair,
    average,
    average_score,
    class_score,
    difficulty,
)
from mswal_bench.metrics.case import CaseScore
from mswal_bench.metrics.details import ClassDetails, class_details


@dataclass(frozen=True)
class MethodScore:
    """One row group of results: a method over all cases. Fractions; NaN for what is undefined."""

    classes: Mapping[str, ClassScore]
    """Class key -> score, in the protocol's order."""
    average: Average
    missing: tuple[str, ...] = ()
    """Case ids that had no prediction and were counted as empty."""
    failed: tuple[str, ...] = ()
    """Case ids that could not be scored and are left out."""
    details: Mapping[str, ClassDetails] | None = None
    """Class key -> what is not ranked on; None where it was not measured."""


@dataclass(frozen=True)
class ScoreTable:
    """What `score` prints, independent of how it is printed."""

    protocol: Protocol
    cases: int
    """Cases that were to be scored."""
    methods: Mapping[str, MethodScore]
    """Method name -> score, in the order given. Never empty."""
    average_score: Mapping[str, MetricPair]
    """Class key -> mean over the methods where it is defined."""
    difficulty_dsc: tuple[str, ...]
    """Class keys by ascending average DSC, hardest first; left out are undefined ones and those that the reference of
    no scored case has: false positives alone say nothing of how hard a class is."""
    difficulty_f1: tuple[str, ...]
    track: str | None = None
    """What the cases are, where that is known; scores of two tracks do not compare."""
    left_out: tuple[str, ...] = ()
    """The names of methods that were to be scored too and could not be at all."""

    @property
    def lesion_classes(self) -> tuple[LesionClass, ...]:
        return self.protocol.lesion_classes

    @property
    def is_of_the_same_cases(self) -> bool:
        """Whether all methods were scored on the same cases; else they do not compare."""
        return len({method.failed for method in self.methods.values()}) <= 1

    @property
    def is_whole(self) -> bool:
        """Whether every case was scored of every method; else the table compares with no other."""
        return not any(method.failed for method in self.methods.values())

    @property
    def has_details(self) -> bool:
        """Whether every method has its details."""
        return all(method.details is not None for method in self.methods.values())

    def without_details(self) -> ScoreTable:
        """The same table for who did not ask for details that are known."""
        return replace(self, methods={name: replace(each, details=None) for name, each in self.methods.items()})

    def to_json(self) -> dict[str, object]:
        """As plain values that strict JSON can hold: fractions, None for what is undefined.

        `cases` of a class is the number of cases in which it is defined, those where either side has it; `cases` at
        the top is the number of all. `comparable` is false where some of those were left out; `failed` says which.
        `track` is there where it is known, `left_out` where methods are left out whole.
        """
        content = {
            "protocol": self.protocol.id,
            **({"track": self.track} if self.track is not None else {}),
            "cases": self.cases,
            "comparable": self.is_whole,
            "methods": {
                name: {
                    "classes": {key: asdict(score) for key, score in method.classes.items()},
                    "average": asdict(method.average),
                    **(
                        {"details": {key: asdict(details) for key, details in method.details.items()}}
                        if method.details is not None
                        else {}
                    ),
                }
                for name, method in self.methods.items()
            },
            "average_score": {key: asdict(pair) for key, pair in self.average_score.items()},
            "difficulty": {"dsc": list(self.difficulty_dsc), "f1": list(self.difficulty_f1)},
            "missing": {name: list(method.missing) for name, method in self.methods.items() if method.missing},
            "failed": {name: list(method.failed) for name, method in self.methods.items() if method.failed},
            **({"left_out": list(self.left_out)} if self.left_out else {}),
        }
        return {key: _without_nan(value) for key, value in content.items()}


def score_table(
    protocol: Protocol,
    scores: Mapping[str, Sequence[CaseScore]],
    cases: int,
    *,
    missing: Mapping[str, tuple[str, ...]],
    failed: Mapping[str, tuple[str, ...]],
    details: bool = False,
) -> ScoreTable:
    """Aggregates every method's case scores; `cases` is how many cases there are, also of those that failed.

    A method has its details where they are asked for, and where NSD and HD95 of all its cases are known anyhow.
    """
    methods = {}
    for name, of_method in scores.items():
        classes = {
            lesion.key: class_score(case.classes[lesion.id] for case in of_method) for lesion in protocol.lesion_classes
        }
        unranked = None
        if details or (of_method and all(case.surfaces is not None for case in of_method)):
            unranked = {
                lesion.key: class_details(of_method, lesion.id, protocol.large_from_mm)
                for lesion in protocol.lesion_classes
            }
        methods[name] = MethodScore(classes, average(classes), missing.get(name, ()), failed.get(name, ()), unranked)
    averages = average_score(method.classes for method in methods.values())
    there = {
        key: pair
        for key, pair in averages.items()
        if any(method.classes[key].tp or method.classes[key].fn for method in methods.values())
    }
    return ScoreTable(
        protocol,
        cases,
        methods,
        averages,
        tuple(difficulty(there, "dsc")),
        tuple(difficulty(there, "f1")),
    )


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and isnan(value) else value
