"""Every kind of fault, planted into a sound data set: exactly that is found, in that file, and nothing else."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.check.check_dataset import inspect_dataset
from mswal_bench.benchmark.data.check.findings_catalogue import KINDS
from mswal_bench.benchmark.data.check.image_check import FileNotes, check_size
from mswal_bench.benchmark.volumes.geometry import Geometry

from .planting import FAULTS, IMAGE, LABEL, Plant, copied_voxels, doubled_and_scaled, set_voxel
from .raw_folder import edit_description, edit_header, edit_voxels, image_of, label_of


def _found(raw: Path) -> list[tuple[str, str]]:
    return [(one.code, one.file) for one in inspect_dataset(raw, jobs=1).findings]


def test_nothing_is_found_where_nothing_is_planted(sound_phantom: Path) -> None:
    assert _found(sound_phantom) == []


@pytest.mark.parametrize(("plant", "expected"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found_and_nothing_else(raw: Path, plant: Plant, expected: list[tuple[str, str]]) -> None:
    plant(raw)
    assert _found(raw) == expected


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((51, 512, 512), ["slice-count"]),
        ((52, 512, 511), ["in-plane-size"]),
        ((52, 512, 512), []),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_mswal", [True, False])
def test_sizes_are_those_of_mswal_where_it_is_mswal(
    raw: Path, shape: tuple[int, int, int], expected: list[str], is_mswal: bool
) -> None:
    """The other cases keep their 84 x 60 x 60 voxels, which is two warnings each for MSWAL and none for a phantom."""
    if is_mswal:
        edit_description(raw, phantom=None)
    image = np.zeros(shape, np.int16)
    image[:, 0, 0], image[:, 9, 9] = -1000, 900
    label = np.zeros(shape, np.uint8)
    label[4:8, 4:8, 4:8] = 1
    edit_voxels(image_of(raw), lambda _: image)
    edit_voxels(label_of(raw), lambda _: label)
    findings = inspect_dataset(raw, jobs=1).findings
    # SimpleITK's arrays are (z, y, x): the slices are the first axis.
    of_case = [one.code for one in findings if one.case == "PHANTOM_0001"]
    assert of_case == (expected if is_mswal else [])
    others = {one.code for one in findings if one.case != "PHANTOM_0001"}
    assert others == ({"in-plane-size"} if is_mswal else set())


@pytest.mark.parametrize(
    "labels",
    [
        {"background": 0, **{f"organ {value}": value for value in range(1, 8)}},
        {"background": 0, "liver": 1},
        {"background": 0, "whole": [1, 2], "part": 2},
        {"background": 0, "gallstone": "1"},
        ["background"],
        None,
    ],
    ids=str,
)
def test_no_size_is_expected_of_another_data_set(raw: Path, labels: object) -> None:
    """Also of one that has seven labels, and whatever dataset.json says."""
    edit_description(raw, phantom=None, labels=labels)
    codes = {one.code for one in inspect_dataset(raw, jobs=1).findings}
    assert not codes & {"slice-count", "in-plane-size"}


@pytest.mark.parametrize(("slices", "expected"), [(51, ["slice-count"]), (52, []), (1089, []), (1090, ["slice-count"])])
def test_the_papers_numbers_of_slices_are_inclusive(slices: int, expected: list[str]) -> None:
    notes = FileNotes("case", "file")
    check_size(Geometry((512, 512, slices), (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1)), notes)
    assert [one.code for one in notes.findings] == expected


def test_a_folder_that_cannot_be_listed(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "labelsTs":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert [code for code, _ in _found(raw)] == ["unreadable", "no-label", "no-label"]


def test_slices_are_counted_along_the_body_however_the_axes_are_stored(raw: Path) -> None:
    edit_description(raw, phantom=None)
    for path in (image_of(raw), label_of(raw)):
        volume = SimpleITK.ReadImage(str(path))
        SimpleITK.WriteImage(SimpleITK.PermuteAxes(volume, (2, 0, 1)), str(path), useCompression=True)
    findings = [one for one in inspect_dataset(raw, jobs=1).findings if one.case == "PHANTOM_0001"]
    assert [(one.code, one.found) for one in findings] == [("in-plane-size", "84 x 60")]


def test_every_kind_is_planted() -> None:
    planted = {code for _, _, expected in FAULTS for code, _ in expected}
    # Lesions that a grid erases are no fault of the data: tests/benchmark/ceilings has them.
    elsewhere = {"slice-count", "in-plane-size", "no-cases", "unknown-segment", "erased-lesions"}
    assert planted | elsewhere == set(KINDS)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: edit_voxels(label_of(raw), lambda array: array.astype(np.float64)),
        lambda raw: edit_voxels(label_of(raw), lambda array: array.astype(np.int32)),
        lambda raw: doubled_and_scaled(label_of(raw)),
        lambda raw: label_of(raw).write_bytes(gzip.decompress(label_of(raw).read_bytes())),
        lambda raw: (raw / "imagesTr" / ".DS_Store").touch(),
        lambda raw: edit_voxels(image_of(raw), lambda array: array.astype(np.float32)),
    ],
)
def test_what_is_unusual_and_fine(raw: Path, change: Plant) -> None:
    change(raw)
    assert _found(raw) == []


def test_several_faults_of_one_file_are_all_found(raw: Path) -> None:
    edit_voxels(
        label_of(raw),
        lambda array: set_voxel((0, 0, 0), 9)(set_voxel((3, 3, 3), 1.5)(set_voxel((5, 5, 5), np.nan)(array))),
    )
    edit_header(label_of(raw), srow=lambda v: v + np.eye(4)[3])
    edit_header(label_of(raw), qoffset=lambda v: v + 1)
    codes = [one.code for one in inspect_dataset(raw, jobs=1).findings]
    assert codes == ["geometry-differs", "not-finite", "not-integer", "unknown-label"]


def test_values_between_labels_need_not_be_labels(raw: Path) -> None:
    edit_description(raw, labels={"background": 0, "first": 1, "last": 7})
    findings = inspect_dataset(raw, jobs=1).findings
    assert {one.code for one in findings} == {"unknown-label"}
    assert {one.expected for one in findings} == {"0, 1, 7"}


def test_numbers_are_told(raw: Path) -> None:
    edit_voxels(label_of(raw, 1), lambda array: array * 0 + 8)
    edit_voxels(
        label_of(raw, 2), lambda array: set_voxel((0, 0, 0), 5)(set_voxel((0, 0, 4), 5)(set_voxel((0, 9, 9), 2)(array)))
    )
    one, other = inspect_dataset(raw, jobs=1).findings
    assert one.found == f"8 ({84 * 60 * 60} voxels)"
    assert one.expected == "0, 1, 2, 3, 4, 5, 6, 7"
    assert other.found.startswith("3 of ")
    assert other.found.endswith("lesions: 1 of label 2, 2 of label 5")


def test_a_group_of_three_names_the_first(raw: Path) -> None:
    for case in (2, 485):
        copied_voxels(image_of(raw, 1), image_of(raw, case))
    findings = inspect_dataset(raw, jobs=1).findings
    assert [(one.code, one.case) for one in findings] == [
        ("duplicate-image", "PHANTOM_0002"),
        ("test-in-training", "PHANTOM_0485"),
    ]
    assert {one.found for one in findings} == {f"the voxels of {IMAGE}"}


def test_two_empty_labels_are_no_duplicates(raw: Path) -> None:
    for case in (1, 2):
        edit_voxels(label_of(raw, case), lambda array: array * 0)
    assert [code for code, _ in _found(raw)] == ["empty-label", "empty-label"]


def test_test_cases_without_any_labels_are_as_published(raw: Path) -> None:
    shutil.rmtree(raw / "labelsTs")
    assert _found(raw) == []


def test_no_cases(raw: Path) -> None:
    for folder in ("imagesTr", "labelsTr", "imagesTs", "labelsTs"):
        shutil.rmtree(raw / folder)
    with pytest.raises(BenchError, match="none of its folders"):
        inspect_dataset(raw)
    (raw / "imagesTr").mkdir()
    edit_description(raw, numTraining=0)
    assert _found(raw) == [("no-cases", "imagesTr")]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no such folder"):
        inspect_dataset(tmp_path / "none")


def test_a_finding_as_json(raw: Path) -> None:
    edit_voxels(label_of(raw), set_voxel((5, 5, 5), 8))
    report = inspect_dataset(raw, jobs=1).to_json()
    assert json.loads(json.dumps(report))["findings"] == [
        {
            "code": "unknown-label",
            "severity": "error",
            "case": "PHANTOM_0001",
            "file": LABEL,
            "what": KINDS["unknown-label"].what,
            "expected": "0, 1, 2, 3, 4, 5, 6, 7",
            "found": "8 (1 voxel)",
            "mend": KINDS["unknown-label"].mend,
            "repairable": False,
        }
    ]
    assert (report["cases"], report["files"], report["errors"], report["warnings"]) == (5, 10, 1, 0)
    assert report["counts"] == {"unknown-label": 1}
