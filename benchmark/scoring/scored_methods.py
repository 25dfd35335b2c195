"""Holds of every method the counts and the lesions of its cases, and the numbers that follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.metrics.aggregation import (
    Average,
    ClassScore,
    MetricPair,
    average,
    average_score,
    class_score,
    difficulty,
)
from mswal_bench.metrics.case import CaseScore, ClassCounts
from mswal_bench.metrics.details import ClassDetails, details_of_classes

from .cases_csv import CaseRow
from .lesions_csv import LesionRow, lesion_rows

if TYPE_CHECKING:
    from .scores_json import MethodSummary, ScoreSummary


@dataclass(frozen=True, eq=False)
class ScoredCase:
    """One prediction against its reference."""

    case: str
    score: CaseScore
    """Counts by class id, and a row for every lesion. Centroids are in the order of the arrays, (z, y, x), and NaN
    where the score was read from files: `positions_mm` has the lesions' places."""
    is_missing: bool = False
    """Whether there was no prediction, so that an empty one was scored in its place."""
    reference: Path | None = None
    """The label map; None where the score was read from files, as are the next two."""
    prediction: Path | None = None
    """The label map; None also where there was none."""
    geometry: Geometry | None = None
    """The reference's grid."""
    read_positions_mm: NDArray[np.float64] | None = None
    """Places of the lesions as files have them, shape (lesions, 3); None where the grid is known."""
    read_volumes_mm3: Mapping[int, tuple[float, float]] | None = None
    """Class id -> volume in the reference and in the prediction as files have them, which are rounded, NaN where they
    have none; None where a voxel's volume is known."""

    @property
    def positions_mm(self) -> NDArray[np.float64]:
        """The lesions' centroids in the patient, LPS, shape (lesions, 3); NaN where they are not known."""
        if self.geometry is None:
            unknown = np.full((len(self.score.lesions), 3), np.nan)
            return unknown if self.read_positions_mm is None else self.read_positions_mm
        places = [self.geometry.to_patient_mm((x, y, z)) for z, y, x in self.score.lesions.centroid_mm.tolist()]
        return np.array(places, np.float64).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class MethodScores(Mapping[str, ClassScore]):
    """One method over all its cases: a mapping from class key to score. Fractions; NaN for what is undefined."""

    name: str
    protocol: Protocol
    by_case: Mapping[str, ScoredCase]
    """Case id -> scored case, by case id."""
    failed: tuple[str, ...] = ()
    """Ids of the cases that could not be scored and are left out."""
    read_details: Mapping[str, ClassDetails] | None = None
    """The details as a file has them, which are of volumes and diameters that were not rounded yet; else None."""

    def __getitem__(self, key: str) -> ClassScore:
        return self.classes[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def classes(self) -> Mapping[str, ClassScore]:
        """Class key -> score over all cases, in the protocol's order."""
        return {
            lesion.key: class_score(case.classes[lesion.id] for case in self.case_scores)
            for lesion in self.protocol.lesion_classes
        }

    @cached_property
    def average(self) -> Average:
        """The unweighted mean over the classes."""
        return average(self.classes)

    @cached_property
    def details(self) -> Mapping[str, ClassDetails]:
        """Class key -> what is reported and never ranked on; NSD and HD95 are NaN where they were not measured."""
        if self.read_details is not None:
            return self.read_details
        numbers = details_of_classes(self.case_scores, self.protocol.class_ids, self.protocol.large_from_mm)
        return {lesion.key: numbers[lesion.id] for lesion in self.protocol.lesion_classes}

    @property
    def has_surfaces(self) -> bool:
        """Whether NSD and HD95 of every case were measured."""
        return all(case.surfaces is not None for case in self.case_scores)

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the cases without a prediction, counted as predicted empty."""
        return tuple(case.case for case in self.by_case.values() if case.is_missing)

    @property
    def case_scores(self) -> list[CaseScore]:
        """The scores of the cases, by case id."""
        return [case.score for case in self.by_case.values()]

    def __repr__(self) -> str:
        return f"<MethodScores of {self.name}: {len(self.by_case)} cases, {self.protocol.id}>"

    @property
    def counts(self) -> Mapping[str, Mapping[str, ClassCounts]]:
        """Case id -> class key -> counts."""
        return {
            name: {lesion.key: case.score.classes[lesion.id] for lesion in self.protocol.lesion_classes}
            for name, case in self.by_case.items()
        }


@dataclass(frozen=True, eq=False)
class ScoredMethods(Mapping[str, MethodScores]):
    """The scores of one or more methods under one protocol: a mapping from a method's name to its scores."""

    protocol: Protocol
    methods: Mapping[str, MethodScores]
    """Method name -> scores, in the order given. Never empty."""
    track: str | None = None
    """What the cases are, where that is known; scores of two tracks do not compare."""
    left_out: tuple[str, ...] = ()
    """The names of methods that were to be scored too and could not be at all."""
    notes: tuple[str, ...] = ()
    """What was passed over or done to files, for people to read."""
    problems: tuple[Problem, ...] = ()
    """Why the scores that are left out could not be had."""

    def __getitem__(self, method: str) -> MethodScores:
        return self.methods[method]

    def __iter__(self) -> Iterator[str]:
        return iter(self.methods)

    def __len__(self) -> int:
        return len(self.methods)

    @property
    def lesion_classes(self) -> tuple[LesionClass, ...]:
        return self.protocol.lesion_classes

    @cached_property
    def case_ids(self) -> tuple[str, ...]:
        """The ids of all cases that were to be scored, sorted."""
        return tuple(sorted({case for of in self.methods.values() for case in (*of.by_case, *of.failed)}))

    @cached_property
    def average_score(self) -> Mapping[str, MetricPair]:
        """Class key -> mean over the methods where it is defined."""
        return average_score(method.classes for method in self.methods.values())

    @property
    def difficulty_dsc(self) -> tuple[str, ...]:
        """Class keys by ascending average DSC, hardest first.

        Left out are undefined ones and those that the reference of no scored case has: false positives alone say
        nothing of how hard a class is.
        """
        return tuple(difficulty(self._in_a_reference(), "dsc"))

    @property
    def difficulty_f1(self) -> tuple[str, ...]:
        """As `difficulty_dsc`, by F1."""
        return tuple(difficulty(self._in_a_reference(), "f1"))

    @property
    def is_of_the_same_cases(self) -> bool:
        """Whether all methods were scored on the same cases; else they do not compare."""
        return len({method.failed for method in self.methods.values()}) <= 1

    @property
    def is_whole(self) -> bool:
        """Whether every case was scored of every method; else the scores compare with no others."""
        return not any(method.failed for method in self.methods.values())

    @property
    def has_details(self) -> bool:
        """Whether NSD and HD95 of every case of every method were measured."""
        return all(method.has_surfaces for method in self.methods.values())

    def summary(self, *, details: bool = True) -> ScoreSummary:
        """The aggregated numbers as `scores.json` and records have them, with the details that are known."""
        # pydantic takes as long to import as a small folder to score.
        from .scores_json import Difficulty, ScoreSummary

        return ScoreSummary(
            protocol=self.protocol.id,
            track=self.track,
            cases=len(self.case_ids),
            comparable=self.is_whole,
            methods={
                # Of a method without any scored case nothing was measured, but what was of all others.
                name: _summary(method, details=details and (self.has_details or bool(method.by_case)))
                for name, method in self.methods.items()
            },
            average_score=dict(self.average_score),
            difficulty=Difficulty(dsc=self.difficulty_dsc, f1=self.difficulty_f1),
            missing={name: method.missing for name, method in self.methods.items() if method.missing},
            failed={name: method.failed for name, method in self.methods.items() if method.failed},
            left_out=self.left_out,
        )

    def case_rows(self) -> Iterator[CaseRow]:
        """The rows of `cases.csv`: one a method, case and class."""
        for method in self.methods.values():
            for case in method.by_case.values():
                for lesion in self.lesion_classes:
                    yield _case_row(method.name, case, lesion)

    def lesion_rows(self) -> Iterator[LesionRow]:
        """The rows of `lesions.csv`: one a lesion, so that a match is two, one a side."""
        keys = {lesion.id: lesion.key for lesion in self.lesion_classes}
        for method in self.methods.values():
            for case in method.by_case.values():
                yield from lesion_rows(method.name, case.case, case.score.lesions, case.positions_mm, keys)

    def _in_a_reference(self) -> dict[str, MetricPair]:
        """The average score of the classes that the reference of a scored case has."""
        return {
            key: pair
            for key, pair in self.average_score.items()
            if any(method.classes[key].tp or method.classes[key].fn for method in self.methods.values())
        }


def _summary(method: MethodScores, *, details: bool) -> MethodSummary:
    from .scores_json import MethodSummary

    shown = dict(method.details) if details and method.has_surfaces else None
    return MethodSummary(classes=dict(method.classes), average=method.average, details=shown)


def _case_row(method: str, case: ScoredCase, lesion: LesionClass) -> CaseRow:
    counts = case.score.classes[lesion.id]
    if case.read_volumes_mm3 is not None:
        reference_mm3, prediction_mm3 = case.read_volumes_mm3[lesion.id]
    else:
        reference_mm3, prediction_mm3 = (
            voxels * case.score.voxel_mm3 for voxels in (counts.reference_voxels, counts.prediction_voxels)
        )
    return CaseRow(
        method=method,
        case=case.case,
        class_key=lesion.key,
        is_missing=case.is_missing,
        counts=counts,
        reference_mm3=reference_mm3,
        prediction_mm3=prediction_mm3,
        surface=case.score.surfaces[lesion.id] if case.score.surfaces is not None else None,
    )
