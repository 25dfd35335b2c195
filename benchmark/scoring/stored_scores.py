"""The rows of a record, read back into the scores that its numbers follow from."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import nan
from pathlib import Path

import numpy as np

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.data.protocol import Protocol
from mswal_bench.metrics.case import CaseScore, ClassCounts
from mswal_bench.metrics.lesions import Lesions

from . import cases_csv
from .cases_csv import CASES_FILE, LESIONS_FILE

_SIDES = {"reference": False, "prediction": True}
_MOST = 10**15
"""Of a voxel count or a length; nothing near it is a lesion's, and a float still holds it exactly."""


def read_rows(folder: Path, protocol: Protocol) -> dict[str, CaseScore]:
    """Case id -> its score, by case, from `cases.csv` and `lesions.csv` as `write_scores` writes them for one method.

    Diameters are as written, to the micrometre, and places, volumes and surface distances are left out: NaN, and
    None. Raises BenchError where a file is not such rows, a case lacks one of the protocol's classes, or the lesions
    are not those that the cases count.
    """
    counts = _read_counts(folder / CASES_FILE, protocol)
    lesions = _read_lesions(folder / LESIONS_FILE, protocol)
    rows = {case: CaseScore(counts[case], lesions.pop(case, _lesions([])), nan) for case in sorted(counts)}
    strangers = sorted(lesions) + [case for case, score in rows.items() if not _agree(score)]
    if strangers:
        what = f"the lesions are not those that {CASES_FILE} counts, in case {strangers[0]}"
        raise BenchError(Problem(what, str(folder / LESIONS_FILE)))
    return rows


def read_method(folder: Path) -> tuple[str, tuple[str, ...]]:
    """The method that the rows name, and the cases that they say had no prediction. Raises as `read_rows` does."""
    path = folder / CASES_FILE
    methods, missing = set(), set()
    for _, row in _rows(path):
        methods.add(row.get("method"))
        if row.get("missing") != "0":
            missing.add(row.get("case") or "")
    method = methods.pop() if len(methods) == 1 else None
    if method is None:
        raise BenchError(Problem("is not of one method", str(path)))
    return method, tuple(sorted(missing))


def as_written(score: CaseScore) -> CaseScore:
    """The score with its diameters as its rows have them: what a record says follows from the rows it is kept with."""
    written = np.array([float(f"{diameter:.3f}") for diameter in score.lesions.diameter_mm], np.float64)
    return replace(score, lesions=replace(score.lesions, diameter_mm=written))


def _read_counts(path: Path, protocol: Protocol) -> dict[str, dict[int, ClassCounts]]:
    keys = [lesion.key for lesion in protocol.lesion_classes]
    of_methods = cases_csv.read_rows(path)
    if len(of_methods) != 1:
        raise BenchError(Problem("is not of one method", str(path), found=listed(list(of_methods))))
    (of_cases,) = of_methods.values()
    for case, of_case in of_cases.items():
        if of_case.keys() != set(keys):
            found = listed(list(of_case))
            raise BenchError(Problem(f"the case {case} has other classes", str(path), f"those of {protocol.id}", found))
    return {
        case: {lesion.id: of_case[lesion.key] for lesion in protocol.lesion_classes}
        for case, of_case in of_cases.items()
    }


def _read_lesions(path: Path, protocol: Protocol) -> dict[str, Lesions]:
    class_ids = {lesion.key: lesion.id for lesion in protocol.lesion_classes}
    lesions: dict[str, Lesions] = {}
    # Case by case: of predictions that are specks all over, the rows of all cases would not fit into memory.
    for case, of_case in groupby(_rows(path), key=lambda numbered: numbered[1].get("case")):
        rows = []
        for number, row in of_case:
            try:
                rows.append(_lesion(row, class_ids))
            except (KeyError, TypeError, ValueError) as error:
                raise _unreadable(path, number) from error
        if case is None or case in lesions:
            raise BenchError(Problem(f"the rows of the case {case} are not together", str(path)))
        lesions[case] = _lesions(rows)
    return lesions


def _lesion(row: dict[str, str], class_ids: dict[str, int]) -> tuple[float, ...]:
    numbers = (
        int(row["lesion"]),
        int(row["voxels"]),
        float(row["volume_mm3"]),
        float(row["diameter_mm"]),
        int(row["matched"] or 0),
        float(row["iou"]),
        float(row["dsc"]),
    )
    if not all(0 <= number <= _MOST for number in numbers):
        raise ValueError
    return class_ids[row["class"]], _SIDES[row["side"]], *numbers


def _lesions(rows: Sequence[tuple[float, ...]]) -> Lesions:
    columns = np.array(rows, np.float64).reshape(-1, 9).T
    class_id, is_prediction, lesion_id, voxels, volume_mm3, diameter_mm, matched_id, iou, dsc = columns
    return Lesions(
        class_id=class_id.astype(np.int64),
        is_prediction=is_prediction.astype(bool),
        lesion_id=lesion_id.astype(np.int64),
        voxels=voxels.astype(np.int64),
        volume_mm3=volume_mm3,
        diameter_mm=diameter_mm,
        centroid_mm=np.full((columns.shape[1], 3), nan),
        matched_id=matched_id.astype(np.int64),
        iou=iou,
        dsc=dsc,
    )


def _agree(score: CaseScore) -> bool:
    lesions = score.lesions
    for class_id, counts in score.classes.items():
        of_class = lesions.class_id == class_id
        found, matched = of_class & lesions.is_prediction, of_class & lesions.is_matched
        of_reference = of_class & ~lesions.is_prediction
        told = tuple(
            int(number)
            for number in (
                np.count_nonzero(of_reference & matched),
                np.count_nonzero(found & ~matched),
                np.count_nonzero(of_reference & ~matched),
                np.count_nonzero(found & matched),
                lesions.voxels[of_reference].sum(),
                lesions.voxels[found].sum(),
            )
        )
        counted = (counts.tp, counts.fp, counts.fn, counts.tp, counts.reference_voxels, counts.prediction_voxels)
        if told != counted:
            return False
    return True


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV with their numbers in the file."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from enumerate(csv.DictReader(file, strict=True), start=2)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(Problem(f"cannot be read ({error})", str(path))) from error


def _unreadable(path: Path, number: int) -> BenchError:
    return BenchError(Problem(f"line {number} is not a row of `mswal-bench score`, or was changed", str(path)))
