from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.core.litter import is_litter, is_passed_over, visible
from mswal_bench.benchmark.data.check.layout import lay_out
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.runs.run_listing import RunListing, list_runs
from mswal_bench.benchmark.scoring.case_folders import pair
from mswal_bench.benchmark.submissions.make_manifest import manifest_of

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

FILES = (".DS_Store", "Thumbs.db", "desktop.ini", "._PHANTOM_0001.nii.gz", ".nfs0000000000a1b2c3")
FOLDERS = ("@eaDir", "__MACOSX", "lost+found", "#recycle", "$RECYCLE.BIN", ".ipynb_checkpoints")


def strew(folder: Path) -> None:
    """Litter in a folder and in each below it, some of it with what looks like data inside."""
    for place in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        for name in FILES:
            (place / name).write_bytes(b"\0")
        for name in FOLDERS:
            (place / name).mkdir()
            for inside in ("record.json", "run.json", "a.nii.gz"):
                (place / name / inside).write_bytes(b"{")


def test_names() -> None:
    assert all(map(is_litter, [*FILES, *FOLDERS, "a/.DS_Store", "x/__MACOSX/b", "a/._b.nii.gz", "THUMBS.DB"]))
    assert not any(map(is_litter, ["a.nii.gz", "DS_Store", ".hidden", "a/_.b", "__MACOSX.nii", "eaDir", "lost"]))
    assert all(map(is_passed_over, [*FILES, *FOLDERS, ".hidden", ".partial-1"]))
    assert not any(map(is_passed_over, ["a.nii.gz", "@home", "#1.nii.gz"]))


def test_what_is_visible(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
    strew(tmp_path)
    assert visible(tmp_path) == [tmp_path / "a", tmp_path / "b"]


@pytest.fixture
def strewn(tmp_path: Path, save_labels: SaveLabels) -> Path:
    raw = tmp_path / "raw"
    for case in "ab":
        save_labels(raw / "imagesTr" / f"{case}_0000.nii.gz", np.zeros((2, 2, 2), np.int16))
        save_labels(raw / "labelsTr" / f"{case}.nii.gz", np.ones((2, 2, 2), np.uint8))
    labels = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}
    description = {"labels": labels, "numTraining": 2, "file_ending": ".nii.gz"}
    (raw / "dataset.json").write_text(json.dumps(description))
    strew(raw)
    return raw


def test_a_data_set_is_what_is_not_litter(strewn: Path) -> None:
    assert len(open_dataset(strewn).train) == 2
    assert not lay_out(strewn).findings
    pairing = pair([strewn / "labelsTr"], strewn / "labelsTr", allow_missing=False)
    assert len(pairing.reference.files) == 2
    assert not pairing.notes
    assert len(manifest_of(strewn / "labelsTr").cases) == 2


def test_litter_is_no_run(tmp_path: Path) -> None:
    strew(tmp_path)
    assert list_runs(tmp_path) == RunListing([], [], [])
