from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.score_formats import format_table
from mswal_bench.benchmark.scoring.scores import Scores

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def table(tmp_path: Path, save_labels: SaveLabels) -> Scores:
    reference = np.zeros((3, 30, 30), np.uint8)
    reference[1, :25, :25] = 3
    reference[2, 28, 28] = 3
    prediction = reference.copy()
    prediction[2, 28, 28] = 0
    prediction[1, 24, :25] = 0
    save_labels(tmp_path / "ref" / "a.nii.gz", reference)
    save_labels(tmp_path / "a_method" / "a.nii.gz", prediction)
    return score_folders([tmp_path / "a_method"], tmp_path / "ref", jobs=1, details=True)


def _row(text: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if "Liver tumor" in line and line.lstrip("| ").startswith("a")]
    return [cell.strip(" \\") for cell in line.replace("|", "&").split("&") if cell.strip(" \\")]


@pytest.mark.parametrize("style", ["markdown", "latex"])
def test_hand_computed(table: Scores, style: str) -> None:
    _, lesion, precision, recall, small, large, f1_small, f1_large, matched, *volumes = _row(format_table(table, style))  # type: ignore[arg-type]
    assert (lesion, precision, recall) == ("Liver tumor", "100.00", "50.00")
    assert (small, large, f1_small, f1_large) == ("0.00", "100.00", "0.00", "100.00")
    assert matched == f"{100 * 2 * 600 / (625 + 600):.2f}"
    # 26 voxels of 2 mm3 too few.
    assert volumes[:2] == ["-0.05", "0.05"]
    assert volumes[4] == "1"


def test_the_first_table_comes_first_and_notes_last(table: Scores) -> None:
    text = format_table(table, "table")
    assert text.index("Avg.") < text.index("Prec.") < text.index("Reported, never ranked on.")
    assert "Volume" in text


def test_names_are_shown_as_they_are(table: Scores) -> None:
    assert r"a\_method" in format_table(table, "markdown").split("Prec.")[1]
    assert r"a\_method" in format_table(table, "latex").split("Prec.")[1]


def test_lesion_types_in_no_case_are_named_below(table: Scores) -> None:
    details = format_table(table, "table").split("Prec.")[1]
    assert "In no case on either side: gallstone, kidney stone, kidney tumor," in details
    assert "Gallstone" not in details


def test_csv_has_more_columns(table: Scores) -> None:
    header, *rows = (line.split(",") for line in format_table(table, "csv").splitlines())
    assert header[-4:] == ["absolute_volume_error_mm3", "nsd", "hd95_mm", "hd95_cases"]
    assert {len(row) for row in rows} == {len(header)}
    tumor = dict(zip(header, rows[2], strict=True))
    assert (tumor["recall_small"], tumor["recall_large"], tumor["volume_error_mm3"]) == ("0.0", "1.0", "-52.0")
