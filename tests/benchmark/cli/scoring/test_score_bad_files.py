"""A file that cannot be scored costs itself: it is named, and the others are scored."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from click.testing import Result

from mswal_bench.tests.benchmark.cli.scoring.score_call import LABELS, changed, score

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

Spoil = Callable[[Path, "SaveLabels"], object]


def _spoil_with(**options: object) -> Spoil:
    return lambda path, save: save(path, LABELS, **options)


def _cut_off(path: Path, _save: SaveLabels) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _corrupt(path: Path, _save: SaveLabels) -> None:
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(data)


def _folder_instead(path: Path, _save: SaveLabels) -> None:
    path.unlink()
    path.mkdir()


def _dead_link(path: Path, _save: SaveLabels) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _two_volumes(path: Path, _save: SaveLabels) -> None:
    image = SimpleITK.GetImageFromArray(LABELS)
    SimpleITK.WriteImage(SimpleITK.JoinSeries([image, image]), str(path))


BAD_PREDICTIONS: dict[str, tuple[Spoil, str]] = {
    "not a volume": (lambda path, _: path.write_text("oops" * 200), "not a NIfTI file"),
    "empty file": (lambda path, _: path.write_bytes(b""), "the file is empty"),
    "a folder": (_folder_instead, "a folder"),
    "a dead link": (_dead_link, "cannot be read"),
    "cut off": (_cut_off, "cut off"),
    "wrong checksum": (_corrupt, "corrupt"),
    "other shape": (lambda path, save: save(path, LABELS[:3]), "shape"),
    "other spacing": (_spoil_with(spacing=(1.0, 1.0, 2.1)), "spacing"),
    "other origin": (_spoil_with(origin=(10.0, -20.0, 130.0)), "origin"),
    "other direction": (_spoil_with(direction=(0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)), "direction"),
    "flipped in its place": (
        _spoil_with(direction=(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)),
        "(its axes taken as -x, y, z): the origin differs from the reference's by 7 mm",
    ),
    "fractional": (lambda path, save: save(path, changed((0, 0, 0), 1.9999)), "not whole numbers"),
    "NaN": (
        lambda path, save: save(path, changed((0, 0, 0), np.nan)),
        "NaN or infinite: expected labels, found 1 voxel",
    ),
    "infinite": (
        lambda path, save: save(path, changed((0, 0, 0), np.inf)),
        "NaN or infinite: expected labels, found 1 voxel",
    ),
    "too high": (lambda path, save: save(path, changed((0, 0, 0), 8)), "expected 0 to 7, found 8 (1 voxel)"),
    "negative": (lambda path, save: save(path, changed((0, 0, 0), -1)), "expected 0 to 7, found -1 (1 voxel)"),
    "two volumes": (_two_volumes, "not one 3D volume"),
}


@pytest.mark.parametrize("kind", BAD_PREDICTIONS)
def test_a_bad_prediction(folders: Path, save_labels: SaveLabels, kind: str) -> None:
    spoil, message = BAD_PREDICTIONS[kind]
    path = folders / "mine" / "case_2.nii.gz"
    spoil(path, save_labels)
    _assert_left_out(score(folders, "--out", str(folders / "out")), folders, message, "mine")


@pytest.mark.parametrize("kind", BAD_PREDICTIONS)
def test_a_bad_reference(folders: Path, save_labels: SaveLabels, kind: str) -> None:
    spoil, message = BAD_PREDICTIONS[kind]
    spoil(folders / "labels" / "case_2.nii.gz", save_labels)
    # Where the grids differ it is the prediction that is told to be unlike the reference.
    _assert_left_out(score(folders, "--out", str(folders / "out")), folders, message.split(", found")[0])


def _assert_left_out(result: Result, folders: Path, *texts: str) -> None:
    """Case 2 costs one line and itself; the others are scored."""
    assert result.exit_code == 1
    written = f"written to {folders / 'out'}: scores.json, cases.csv, lesions.csv"
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
