"""Several processes, a process that dies, and real data."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import cc3d
import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.data.check import check_dataset as module
from mswal_bench.benchmark.data.check.case_check import CaseResult, inspect_case
from mswal_bench.benchmark.data.check.check_dataset import inspect_dataset
from mswal_bench.benchmark.data.check.image_check import FileNotes, inspect_image
from mswal_bench.benchmark.data.check.label_check import inspect_label
from mswal_bench.benchmark.data.check.layout import Layout
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.raw_folder import RawCase
from mswal_bench.benchmark.volumes.volume_header import read_header

from .raw_folder import edit_voxels, image_of, label_of

DEADLY = "PHANTOM_0002"
LABELS = frozenset(range(8))


def test_what_is_found_does_not_depend_on_jobs(raw: Path) -> None:
    edit_voxels(label_of(raw), lambda array: array * 0 + 8)
    shutil.copy(image_of(raw), image_of(raw, 3))
    one, three = (inspect_dataset(raw, jobs=jobs) for jobs in (1, 3))
    assert one == three
    assert {finding.code for finding in one.findings} == {"unknown-label", "duplicate-image"}


def _deadly(layout: Layout, files: RawCase) -> CaseResult:
    if files.case == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return inspect_case(layout, files)


def _too_large(layout: Layout, files: RawCase) -> CaseResult:
    if files.case == DEADLY:
        raise MemoryError
    return inspect_case(layout, files)


def _faulty(layout: Layout, files: RawCase) -> CaseResult:
    if files.case == DEADLY:
        raise RuntimeError("no such thing")
    return inspect_case(layout, files)


@pytest.mark.parametrize(
    ("inspect", "jobs", "words"),
    [
        (_deadly, 2, "ended from outside"),
        (_too_large, 1, "not enough memory"),
        (_too_large, 2, "not enough memory"),
        (_faulty, 1, "please report it: RuntimeError: no such thing"),
    ],
)
def test_a_case_that_cannot_be_inspected_costs_itself_only(
    raw: Path, monkeypatch: pytest.MonkeyPatch, inspect: object, jobs: int, words: str
) -> None:
    monkeypatch.setattr(module, "inspect_case", inspect)
    edit_voxels(label_of(raw, 3), lambda array: array * 0 + 8)
    first, second = inspect_dataset(raw, jobs=jobs).findings
    assert (first.case, first.code) == (DEADLY, "unreadable")
    assert words in first.found
    assert second.code == "unknown-label"


def _all_deadly(layout: Layout, files: RawCase) -> CaseResult:
    os.kill(os.getpid(), signal.SIGKILL)
    return inspect_case(layout, files)


def test_when_every_case_ends_its_process_each_is_told(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "inspect_case", _all_deadly)
    findings = inspect_dataset(raw, jobs=2).findings
    assert [one.code for one in findings] == ["unreadable"] * 5
    assert all("ended from outside" in one.found for one in findings)


def test_a_real_ct_is_sound(example_ct: Path) -> None:
    notes = FileNotes("case", example_ct.name)
    digest = inspect_image(example_ct, notes, is_mswal=False)
    assert notes.findings == []
    assert digest is not None


def test_the_raters_maps(kits_raters: Path) -> None:
    """Their specks against cc3d on the whole arrays."""
    for path in sorted((kits_raters / "rater1").iterdir())[:4]:
        notes = FileNotes(path.name, path.name)
        digest = inspect_label(path, read_header(path).geometry, LABELS, (), notes)
        array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
        sizes = cc3d.statistics(cc3d.connected_components(array))["voxel_counts"][1:]
        specks = int((sizes <= 3).sum())
        assert [one.code for one in notes.findings] == (["specks"] if specks else [])
        assert all(one.found.startswith(f"{specks} of {len(sizes)} lesions") for one in notes.findings)
        assert (digest is None) == (not array.any())


@pytest.mark.parametrize(("voxels", "codes"), [(1, ["specks"]), (3, ["specks"]), (4, [])])
def test_specks_have_up_to_three_voxels(tmp_path: Path, voxels: int, codes: list[str]) -> None:
    array = np.zeros((4, 5, 6), np.uint8)
    array[1, 2, :voxels] = 5
    path = tmp_path / "a.nii.gz"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path))
    notes = FileNotes("a", path.name)
    inspect_label(path, read_header(path).geometry, LABELS, (), notes)
    assert [one.code for one in notes.findings] == codes


def test_a_segment_that_is_not_the_class_of_its_value(tmp_path: Path) -> None:
    """As 3D Slicer numbers segments when nobody cares."""
    image = SimpleITK.GetImageFromArray(np.full((4, 4, 4), 1, np.uint8))
    for name, codes in (("Gallstone", []), ("kidney cyst", ["unknown-segment"]), ("Segment_1", ["unknown-segment"])):
        image.SetMetaData("Segment0_Name", name)
        image.SetMetaData("Segment0_LabelValue", "1")
        path = tmp_path / "a.seg.nrrd"
        SimpleITK.WriteImage(image, str(path))
        notes = FileNotes("a", path.name)
        inspect_label(path, read_header(path).geometry, LABELS, LESION_CLASSES, notes)
        assert [one.code for one in notes.findings] == codes
