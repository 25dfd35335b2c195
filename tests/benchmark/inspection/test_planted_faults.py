"""Every kind of fault, planted into a sound data set: exactly that is found, in that file, and nothing else."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.errors import BenchError
from mswal_bench.benchmark.inspection.image_check import FileNotes, check_size
from mswal_bench.benchmark.inspection.inspect_dataset import inspect_dataset
from mswal_bench.benchmark.inspection.kinds import KINDS
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.tests.benchmark.inspection.raw_folder import (
    Array,
    edit_description,
    edit_header,
    edit_voxels,
    image_of,
    label_of,
)

Plant = Callable[[Path], object]
IMAGE, LABEL = "imagesTr/PHANTOM_0001_0000.nii.gz", "labelsTr/PHANTOM_0001.nii.gz"
DESCRIPTION = "dataset.json"


def _set(place: tuple[int, int, int], value: float) -> Callable[[Array], Array]:
    def change(array: Array) -> Array:
        whole = float(value).is_integer() and np.issubdtype(array.dtype, np.integer)
        array = array.astype(np.int16 if whole else np.float32)
        array[place] = value
        return array

    return change


def _cut_to(path: Path, end: int) -> None:
    path.write_bytes(path.read_bytes()[:end])


def _flip_byte(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def _more_voxels(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"x"))


def _as_4d(path: Path) -> None:
    volume = SimpleITK.ReadImage(str(path))
    SimpleITK.WriteImage(SimpleITK.JoinSeries([volume, volume]), str(path), useCompression=True)


def _stored_as(path: Path, order: tuple[int, int, int], flipped: bool) -> None:
    """The same voxels in the same places."""
    volume = SimpleITK.PermuteAxes(SimpleITK.ReadImage(str(path)), order)
    SimpleITK.WriteImage(SimpleITK.Flip(volume, (flipped, False, False)), str(path), useCompression=True)


def _linked_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.nii.gz")


def _folder_in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _spaced_50_mm(raw: Path) -> None:
    for path in (image_of(raw), label_of(raw)):
        volume = SimpleITK.ReadImage(str(path))
        volume.SetSpacing((4, 4, 50))
        SimpleITK.WriteImage(volume, str(path), useCompression=True)


def _in_metres(path: Path) -> None:
    def smaller(value: Array) -> Array:
        return value / 1000

    edit_header(path, xyzt_units=1, pixdim=lambda v: np.concatenate([v[:1], v[1:4] / 1000, v[4:]]), qoffset=smaller,
                srow=smaller)  # fmt: skip


def _moved_to_test(raw: Path) -> None:
    """A test case under the name of a training case."""
    image_of(raw, 485).rename(image_of(raw, 485).with_name("PHANTOM_0001_0000.nii.gz"))
    label_of(raw, 485).rename(label_of(raw, 485).with_name("PHANTOM_0001.nii.gz"))


def _copied_voxels(source: Path, target: Path) -> None:
    """Under another type and compression, so that no byte of the file is the same."""
    volume = SimpleITK.Cast(SimpleITK.ReadImage(str(source)), SimpleITK.sitkFloat32)
    SimpleITK.WriteImage(volume, str(target), True, 1)


def _without_image_of_test(raw: Path) -> None:
    image_of(raw, 485).unlink()


FAULTS: list[tuple[str, Plant, list[tuple[str, str]]]] = [
    # The folder.
    ("no description", lambda raw: (raw / DESCRIPTION).unlink(), [("description", DESCRIPTION)]),
    ("no JSON", lambda raw: (raw / DESCRIPTION).write_text("{"), [("description", DESCRIPTION)]),
    ("a list", lambda raw: (raw / DESCRIPTION).write_text("[1]"), [("description", DESCRIPTION)]),
    ("labels are names", lambda raw: edit_description(raw, labels={"0": "background"}), [("description", DESCRIPTION)]),
    ("another format", lambda raw: edit_description(raw, file_ending=".png"), [("description", DESCRIPTION)]),
    ("numTraining", lambda raw: edit_description(raw, numTraining=4), [("case-count", DESCRIPTION)]),
    ("a stranger", lambda raw: (raw / "imagesTr" / "notes.txt").touch(), [("misnamed", "imagesTr/notes.txt")]),
    (
        "no channel",
        lambda raw: shutil.copy(image_of(raw), raw / "imagesTr" / "CASE.nii.gz"),
        [("misnamed", "imagesTr/CASE.nii.gz")],
    ),
    (
        "another ending",
        lambda raw: label_of(raw).rename(raw / "labelsTr" / "PHANTOM_0001.nii"),
        [("misnamed", "labelsTr/PHANTOM_0001.nii")],
    ),
    (
        "two labels",
        lambda raw: shutil.copy(label_of(raw), raw / "labelsTr" / "PHANTOM_0001.nii"),
        [("two-files", "labelsTr/PHANTOM_0001.nii")],
    ),
    ("image linked to nowhere", lambda raw: _linked_to_nowhere(image_of(raw)), [("broken-link", IMAGE)]),
    ("label linked to nowhere", lambda raw: _linked_to_nowhere(label_of(raw)), [("broken-link", LABEL)]),
    ("no label", lambda raw: label_of(raw).unlink(), [("no-label", IMAGE)]),
    ("no image", _without_image_of_test, [("no-image", "labelsTs/PHANTOM_0485.nii.gz")]),
    ("train and test", _moved_to_test, [("train-and-test", "imagesTs/PHANTOM_0001_0000.nii.gz")]),
    # Any file.
    ("text", lambda raw: image_of(raw).write_text("no volume " * 100), [("unreadable", IMAGE)]),
    ("a folder", lambda raw: _folder_in_place_of(label_of(raw)), [("unreadable", LABEL)]),
    ("empty image", lambda raw: image_of(raw).write_bytes(b""), [("truncated", IMAGE)]),
    ("image cut off", lambda raw: _cut_to(image_of(raw), 99_999), [("truncated", IMAGE)]),
    ("label cut off", lambda raw: _cut_to(label_of(raw), -99), [("truncated", LABEL)]),
    ("cut in its header", lambda raw: _cut_to(label_of(raw), 40), [("truncated", LABEL)]),
    ("checksum cut off", lambda raw: _cut_to(label_of(raw), -8), [("truncated", LABEL)]),
    ("wrong checksum", lambda raw: _flip_byte(image_of(raw), -8), [("corrupt", IMAGE)]),
    ("more than the header says", lambda raw: _more_voxels(label_of(raw)), [("corrupt", LABEL)]),
    ("4D image", lambda raw: _as_4d(image_of(raw)), [("not-3d", IMAGE)]),
    ("4D label", lambda raw: _as_4d(label_of(raw)), [("not-3d", LABEL)]),
    ("image of spacing 0", lambda raw: edit_header(image_of(raw), pixdim=np.zeros(8)), [("bad-geometry", IMAGE)]),
    ("label of spacing 0", lambda raw: edit_header(label_of(raw), pixdim=np.zeros(8)), [("bad-geometry", LABEL)]),
    ("label at NaN", lambda raw: edit_header(label_of(raw), srow=np.nan, qoffset=np.nan), [("bad-geometry", LABEL)]),
    ("50 mm", _spaced_50_mm, [("spacing", IMAGE)]),
    (
        "two places",
        lambda raw: edit_header(image_of(raw), qoffset=lambda old: old + 30, sform_code=1, qform_code=1),
        [("two-places", IMAGE)],
    ),
    ("metres", lambda raw: _in_metres(image_of(raw)), [("length-unit", IMAGE)]),
    # Images.
    ("blank", lambda raw: edit_voxels(image_of(raw), lambda array: array * 0 + 40), [("blank-image", IMAGE)]),
    ("NaN in the image", lambda raw: edit_voxels(image_of(raw), _set((5, 5, 5), np.inf)), [("not-finite", IMAGE)]),
    ("nothing but NaN", lambda raw: edit_voxels(image_of(raw), lambda a: a * np.nan), [("not-finite", IMAGE)]),
    ("not from -1024", lambda raw: edit_voxels(image_of(raw), lambda array: array + 1024), [("hu-range", IMAGE)]),
    ("windowed", lambda raw: edit_voxels(image_of(raw), lambda array: array.clip(-150, 250)), [("hu-range", IMAGE)]),
    # Labels.
    (
        "another spacing",
        lambda raw: edit_header(label_of(raw), pixdim=lambda v: v * [1, 1, 1, 1.5, 1, 1, 1, 1], sform_code=0),
        [("geometry-differs", LABEL)],
    ),
    (
        "another origin",
        lambda raw: edit_header(label_of(raw), qoffset=lambda v: v + 1, srow=lambda v: v + np.eye(4)[3] * [1, 1, 1, 1]),
        [("geometry-differs", LABEL)],
    ),
    (
        "another direction",
        lambda raw: edit_header(label_of(raw), quatern=[1, 0, 0], sform_code=0),
        [("geometry-differs", LABEL)],
    ),
    ("flipped in its place", lambda raw: _stored_as(label_of(raw), (0, 1, 2), True), [("axes-differ", LABEL)]),
    ("swapped in its place", lambda raw: _stored_as(label_of(raw), (2, 0, 1), False), [("axes-differ", LABEL)]),
    ("another shape", lambda raw: edit_voxels(label_of(raw), lambda array: array[:-1]), [("shape-differs", LABEL)]),
    ("1.5", lambda raw: edit_voxels(label_of(raw), _set((5, 5, 5), 1.5)), [("not-integer", LABEL)]),
    ("1.9999", lambda raw: edit_voxels(label_of(raw), _set((5, 5, 5), 1.9999)), [("not-integer", LABEL)]),
    ("a scaled label", lambda raw: edit_header(label_of(raw), **_slope(0.3)), [("not-integer", LABEL)]),
    ("8", lambda raw: edit_voxels(label_of(raw), _set((5, 5, 5), 8)), [("unknown-label", LABEL)]),
    ("-1", lambda raw: edit_voxels(label_of(raw), _set((5, 5, 5), -1)), [("unknown-label", LABEL)]),
    ("empty", lambda raw: edit_voxels(label_of(raw), lambda array: array * 0), [("empty-label", LABEL)]),
    ("a speck", lambda raw: edit_voxels(label_of(raw), _set((0, 0, 0), 5)), [("specks", LABEL)]),
    # Between cases.
    (
        "an image twice",
        lambda raw: _copied_voxels(image_of(raw, 1), image_of(raw, 2)),
        [("duplicate-image", "imagesTr/PHANTOM_0002_0000.nii.gz")],
    ),
    (
        "a label twice",
        lambda raw: _copied_voxels(label_of(raw, 1), label_of(raw, 2)),
        [("duplicate-label", "labelsTr/PHANTOM_0002.nii.gz")],
    ),
    (
        "a leak",
        lambda raw: _copied_voxels(image_of(raw, 1), image_of(raw, 486)),
        [("test-in-training", "imagesTs/PHANTOM_0486_0000.nii.gz")],
    ),
]  # fmt: skip


def _slope(slope: float) -> dict[str, float]:
    return {"scl_slope": slope, "scl_inter": 0.0}


def _doubled_and_scaled(path: Path) -> None:
    edit_voxels(path, lambda array: array * 2)
    edit_header(path, **_slope(0.5))


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
    assert planted | {"slice-count", "in-plane-size", "no-cases"} == set(KINDS)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: edit_voxels(label_of(raw), lambda array: array.astype(np.float64)),
        lambda raw: edit_voxels(label_of(raw), lambda array: array.astype(np.int32)),
        lambda raw: _doubled_and_scaled(label_of(raw)),
        lambda raw: label_of(raw).write_bytes(gzip.decompress(label_of(raw).read_bytes())),
        lambda raw: (raw / "imagesTr" / ".DS_Store").touch(),
        lambda raw: edit_voxels(image_of(raw), lambda array: array.astype(np.float32)),
        lambda raw: edit_description(raw, labels={"background": 0, "whole": [1, 2, 3, 4, 5, 6, 7], "part": 3}),
    ],
)
def test_what_is_unusual_and_fine(raw: Path, change: Plant) -> None:
    change(raw)
    assert _found(raw) == []


def test_several_faults_of_one_file_are_all_found(raw: Path) -> None:
    edit_voxels(label_of(raw), lambda array: _set((0, 0, 0), 9)(_set((3, 3, 3), 1.5)(_set((5, 5, 5), np.nan)(array))))
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
    edit_voxels(label_of(raw, 2), lambda array: _set((0, 0, 0), 5)(_set((0, 0, 4), 5)(_set((0, 9, 9), 2)(array))))
    one, other = inspect_dataset(raw, jobs=1).findings
    assert one.found == f"8 ({84 * 60 * 60} voxels)"
    assert one.expected == "0, 1, 2, 3, 4, 5, 6, 7"
    assert other.found.startswith("3 of ")
    assert other.found.endswith("lesions: 1 of label 2, 2 of label 5")


def test_a_group_of_three_names_the_first(raw: Path) -> None:
    for case in (2, 485):
        _copied_voxels(image_of(raw, 1), image_of(raw, case))
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
    edit_voxels(label_of(raw), _set((5, 5, 5), 8))
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
