"""A file that cannot be scored costs itself: it is named, and the others are scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from mswal_bench.tests.benchmark.cli.scoring.score_call import score


@pytest.mark.parametrize("side", ["mine", "labels"])
def test_a_bad_file(folders: Path, side: str) -> None:
    path = folders / side / "case_2.nii.gz"
    path.write_bytes(path.read_bytes()[:-20])
    _assert_left_out(score(folders, "--out", str(folders / "out")), folders, "cut off", side)


def _assert_left_out(result: Result, folders: Path, *texts: str) -> None:
    """Case 2 costs one line and itself; the others are scored."""
    assert result.exit_code == 1
    written = f"written to {folders / 'out'}: scores.json, cases.csv, lesions.csv, cases/"
    assert result.stderr.count("error: ") == 1
    assert [line for line in result.stderr.splitlines() if not line.startswith("error: ")] == [written]
    for text in ("case_2", *texts):
        assert text in result.stderr
    assert "mine: 1 of 3 cases could not be scored and are left out: case_2." in result.stdout
    content = json.loads((folders / "out" / "scores.json").read_text())
    assert content["failed"] == {"mine": ["case_2"]}
    assert content["methods"]["mine"]["classes"]["liver_tumor"] == {
        "dsc": 1, "f1": 1, "tp": 2, "fp": 0, "fn": 0, "f1_per_case": 1, "cases": 2,
    }  # fmt: skip
