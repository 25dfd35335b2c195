"""Tables of rows on disk for the tests that read them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays

Rows = list[dict[str, str]]
WriteRows = Callable[[Path, Rows], Path]
HEADER = (
    "method", "case", "class", "missing", "reference_voxels", "prediction_voxels", "intersection_voxels", "dsc", "tp",
    "fp", "fn", "f1",
)  # fmt: skip


@pytest.fixture
def write_rows() -> WriteRows:
    def write(path: Path, rows: Rows) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, HEADER, lineterminator="\n", extrasaction="ignore", restval="0")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def rows_of() -> Callable[[ScoreArrays], Rows]:
    """Rows with the counts of arrays, whose DSC is rounded to what 200 voxels can have."""

    def rows(of: ScoreArrays) -> Rows:
        return [
            _row(of, (method, case, key))
            for method in range(len(of.methods))
            for case in range(len(of.cases))
            for key in range(len(of.classes))
        ]

    return rows


def _row(of: ScoreArrays, place: tuple[int, int, int]) -> dict[str, str]:
    tp, fp, fn = (int(each[place]) for each in (of.tp, of.fp, of.fn))
    reference, prediction = 100 * bool(tp + fn), 100 * bool(tp + fp)
    overlap = round(100 * of.dsc[place]) if reference and prediction else 0
    cells: Mapping[str, object] = {
        "method": of.methods[place[0]],
        "case": of.cases[place[1]],
        "class": of.classes[place[2]],
        "reference_voxels": reference,
        "prediction_voxels": prediction,
        "intersection_voxels": overlap,
        "dsc": 2 * overlap / (reference + prediction) if reference + prediction else "",
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "f1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else "",
    }
    return {name: str(cell) for name, cell in cells.items()}
