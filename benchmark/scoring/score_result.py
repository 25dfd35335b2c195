"""The outcome of scoring, down to every case and every lesion, and the files it is kept in."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import whole_file, write_text
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.metrics.case import CaseScore
from mswal_bench.metrics.lesions import Lesion

from .score_table import ScoreTable

_CASE_COLUMNS = (
    "method", "case", "class", "missing", "reference_voxels", "prediction_voxels", "intersection_voxels", "dsc", "tp",
    "fp", "fn", "f1", "reference_mm3", "prediction_mm3", "nsd", "hd95_mm",
)  # fmt: skip
_LESION_COLUMNS = (
    "method", "case", "class", "side", "lesion", "status", "matched", "iou", "dsc", "voxels", "volume_mm3",
    "diameter_mm", "centroid_x_mm", "centroid_y_mm", "centroid_z_mm",
)  # fmt: skip


@dataclass(frozen=True)
class ScoredCase:
    """One prediction against its reference."""

    case: str
    reference: Path
    """The file."""
    prediction: Path | None
    """The file; None where there was none and an empty prediction was scored in its place."""
    geometry: Geometry
    """The reference's grid."""
    score: CaseScore
    """Its lesions' centroids are in the order of the arrays, (z, y, x)."""


@dataclass(frozen=True)
class ScoreResult:
    """Every number that `score` knows."""

    table: ScoreTable
    cases: Mapping[str, tuple[ScoredCase, ...]]
    """Method name -> its cases by case id."""
    notes: tuple[str, ...]
    """What was passed over or done to files, for people to read."""
    problems: tuple[Problem, ...] = ()
    """Why the scores that are left out could not be had."""


def write_scores(result: ScoreResult, out_dir: Path) -> None:
    """Writes `cases.csv`, `lesions.csv` and `scores.json` to `out_dir`, each whole or not at all.

    Ratios are fractions, empty where undefined; class keys name classes. Centroids are positions in the patient, LPS
    in mm, as in ITK-SNAP. A match is two rows of `lesions.csv`, one a side.

    Raises BenchError when a file cannot be written.
    """
    classes = {lesion.id: lesion for lesion in result.table.lesion_classes}
    cases = (
        (name, case.case, classes[class_id].key, int(case.prediction is None), *_class_cells(case.score, class_id))
        for name, case in _all_cases(result)
        for class_id in case.score.classes
    )
    lesions = (
        (name, case.case, *_lesion_cells(lesion, classes[lesion.class_id], case.geometry))
        for name, case in _all_cases(result)
        for lesion in case.score.lesions
    )
    try:
        _write_csv(out_dir / "cases.csv", _CASE_COLUMNS, cases)
        _write_csv(out_dir / "lesions.csv", _LESION_COLUMNS, lesions)
        write_text(out_dir / "scores.json", scores_json(result.table))
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or out_dir))) from error


def scores_json(table: ScoreTable) -> str:
    """The table as strict JSON."""
    return json.dumps(table.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def fraction_cell(value: float) -> str:
    """A fraction for a CSV: as many digits as it takes to read the same number back; empty for undefined."""
    return "" if isnan(value) else repr(value)


def _all_cases(result: ScoreResult) -> Iterable[tuple[str, ScoredCase]]:
    return ((name, case) for name, cases in result.cases.items() for case in cases)


def _class_cells(score: CaseScore, class_id: int) -> Sequence[object]:
    counts = score.classes[class_id]
    surface = score.surfaces[class_id] if score.surfaces is not None else None
    return (
        counts.reference_voxels,
        counts.prediction_voxels,
        counts.intersection_voxels,
        fraction_cell(counts.dsc),
        counts.tp,
        counts.fp,
        counts.fn,
        fraction_cell(counts.f1),
        f"{counts.reference_voxels * score.voxel_mm3:.3f}",
        f"{counts.prediction_voxels * score.voxel_mm3:.3f}",
        "" if surface is None else fraction_cell(surface.nsd),
        "" if surface is None or isnan(surface.hd95_mm) else f"{surface.hd95_mm:.3f}",
    )


def _lesion_cells(lesion: Lesion, lesion_class: LesionClass, geometry: Geometry) -> Sequence[object]:
    z, y, x = lesion.centroid_mm
    return (
        lesion_class.key,
        lesion.side,
        lesion.lesion_id,
        lesion.status,
        "" if lesion.matched_id is None else lesion.matched_id,
        fraction_cell(lesion.iou),
        fraction_cell(lesion.dsc),
        lesion.voxels,
        f"{lesion.volume_mm3:.3f}",
        f"{lesion.diameter_mm:.3f}",
        *(f"{position:.3f}" for position in geometry.to_patient_mm((x, y, z))),
    )


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
