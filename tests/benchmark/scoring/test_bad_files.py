"""Every way in which a file cannot be scored costs its case alone, and is told of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.score_files import CaseToScore, score_case_files

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

LABELS = np.zeros((4, 6, 8), np.uint8)
LABELS[1, 1:3, 1:4] = 3
LABELS[2, 4, 5] = 7


def _changed(value: float) -> NDArray[np.float32]:
    labels = LABELS.astype(np.float32)
    labels[0, 0, 0] = value
    return labels


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


BAD: dict[str, tuple[Spoil, str]] = {
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
    "fractional": (lambda path, save: save(path, _changed(1.9999)), "not whole numbers"),
    "NaN": (
        lambda path, save: save(path, _changed(np.nan)),
        "NaN or infinite: expected labels, found 1 voxel",
    ),
    "infinite": (
        lambda path, save: save(path, _changed(np.inf)),
        "NaN or infinite: expected labels, found 1 voxel",
    ),
    "too high": (lambda path, save: save(path, _changed(8)), "expected 0 to 7, found 8 (1 voxel)"),
    "negative": (lambda path, save: save(path, _changed(-1)), "expected 0 to 7, found -1 (1 voxel)"),
    "two volumes": (_two_volumes, "not one 3D volume"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_prediction(tmp_path: Path, save_labels: SaveLabels, kind: str) -> None:
    spoil, message = BAD[kind]
    reference, good, bad = (save_labels(tmp_path / name / "a.nii.gz", LABELS) for name in ("ref", "good", "bad"))
    spoil(bad, save_labels)
    outcome = score_case_files(CaseToScore("a", reference, {"good": good, "bad": bad}), MSWAL_1, details=False)
    assert list(outcome.scores) == ["good"]
    (problem,) = outcome.problems
    assert message in str(problem)
    assert str(bad) in str(problem)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_reference(tmp_path: Path, save_labels: SaveLabels, kind: str) -> None:
    spoil, message = BAD[kind]
    reference, prediction = (save_labels(tmp_path / name / "a.nii.gz", LABELS) for name in ("ref", "pred"))
    spoil(reference, save_labels)
    outcome = score_case_files(CaseToScore("a", reference, {"m": prediction}), MSWAL_1, details=False)
    assert outcome.scores == {}
    (problem,) = outcome.problems
    # Where the grids differ it is the prediction that is told to be unlike the reference.
    assert message.split(", found")[0] in str(problem)
