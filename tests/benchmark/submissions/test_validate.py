from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest

from mswal_bench.benchmark.submissions.findings_catalogue import KINDS, SubmissionFinding
from mswal_bench.benchmark.submissions.validate import validate
from mswal_bench.benchmark.volumes.stored_volume import Fault
from mswal_bench.tests.counted_calls import at_most_calls

from .cases import CASES, FORM, by_code, files_of, labels, make_labels, make_submission, manifest_for, told
from .packages import PACKINGS, pack

if TYPE_CHECKING:
    from mswal_bench.benchmark.submissions.manifest import Manifest
    from mswal_bench.tests.conftest import SaveLabels

FIRST = "predictions/case_1.nii.gz"
# In a NIfTI header: the shape, as eight numbers of 16 bits.
_DIM = 40


@pytest.fixture
def folder(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """A submission without a fault."""
    return make_submission(tmp_path / "mine", save_labels)


@pytest.fixture
def manifest(tmp_path: Path, save_labels: SaveLabels) -> Manifest:
    return manifest_for(make_labels(tmp_path / "labels", save_labels))


def _repacked(path: Path, place: int, content: bytes, more: bytes = b"") -> None:
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[place : place + len(content)] = content
    path.write_bytes(gzip.compress(bytes(data) + more))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("top", ["", "team/"])
def test_a_right_one_has_no_finding(tmp_path: Path, folder: Path, manifest: Manifest, packing: str, top: str):
    files = {f"{top}{name}": content for name, content in files_of(folder).items()}
    files |= {f"{top}.DS_Store": b"x", f"__MACOSX/{top}._submission.yaml": b"x"}
    path = pack(tmp_path / "packed", packing, files)
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")}
    for deep in (False, True):
        found = validate(path, manifest, deep=deep)
        assert found.findings == ()
        assert found.ok
        assert found.form is not None
        assert found.form.method == "Mine"
        assert dict(found.predictions) == {case: f"predictions/{case}.nii.gz" for case in CASES}
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")} == before


def test_every_fault_of_a_file_has_its_kind():
    assert set(get_args(Fault)) <= KINDS.keys()
    assert {f"{word}-differs" for word in ("shape", "spacing", "origin", "direction")} <= KINDS.keys()
    assert all(kind.code == code for code, kind in KINDS.items())
    with pytest.raises(KeyError):
        SubmissionFinding("no-such-code")


def test_all_problems_in_one_go(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    predictions = folder / "predictions"
    (folder / "submission.yaml").write_bytes(FORM.replace(b"official-test", b"public-cv").replace(b"a@b.org", b""))
    (predictions / "case_1.nii.gz").write_bytes(b"no volume")
    (predictions / "case_2.nii.gz").unlink()
    save_labels(predictions / "case_3.nii.gz", labels("case_3") * 2)
    save_labels(predictions / "case_4.nii.gz", labels("case_3"))
    (predictions / "plans.json").write_text("{}")
    assert told(folder, manifest) == [
        ("form-field-missing", "submission.yaml"),
        ("track-differs", "submission.yaml"),
        ("missing-case", "case_2"),
        ("unknown-case", "predictions/case_4.nii.gz"),
        ("unreadable", FIRST),
        ("not-labels", "predictions/case_3.nii.gz"),
        ("extra-file", "predictions/plans.json"),
    ]


# The form.


def test_a_missing_form_and_one_misnamed(folder: Path, manifest: Manifest):
    (folder / "submission.yaml").rename(folder / "submission.yml")
    finding = by_code(validate(folder, manifest, deep=False).findings)["form-missing"]
    assert (finding.found, finding.expected) == ("submission.yml", "submission.yaml")
    (folder / "submission.yml").unlink()
    assert told(folder, manifest) == [("form-missing", "")]


def test_another_track(folder: Path, manifest: Manifest):
    (folder / "submission.yaml").write_bytes(FORM.replace(b"official-test", b"public-cv"))
    (finding,) = validate(folder, manifest, deep=False).findings
    assert (finding.code, finding.found, finding.expected) == ("track-differs", "public-cv", "official-test")


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_form_that_is_huge_is_not_read(tmp_path: Path, folder: Path, manifest: Manifest, packing: str):
    files = files_of(folder) | {"submission.yaml": b"# " * (8 << 20)}
    assert told(pack(tmp_path / "packed", packing, files), manifest) == [("form-too-large", "submission.yaml")]


# Which files there are.


def test_missing_cases_are_all_listed(folder: Path, manifest: Manifest):
    for case in CASES[1:]:
        (folder / "predictions" / f"{case}.nii.gz").unlink()
    assert told(folder, manifest) == [("missing-case", case) for case in CASES[1:]]
    allowed = validate(folder, manifest, deep=True, allow_missing=True)
    assert allowed.ok
    assert [finding.code for finding in allowed.findings] == ["missing-allowed"] * 2
    assert list(allowed.predictions) == ["case_1"]


@pytest.mark.parametrize("allow_missing", [False, True])
def test_no_prediction_at_all(folder: Path, manifest: Manifest, allow_missing: bool):
    (folder / "predictions").rename(folder / "fold-all")
    found = by_code(validate(folder, manifest, deep=False, allow_missing=allow_missing).findings)
    assert found.keys() == {"no-predictions", "extra-file"}
    assert found["no-predictions"].found == "label maps in fold-all"


def test_predictions_beside_the_form_are_taken(folder: Path, manifest: Manifest):
    for case in CASES:
        (folder / "predictions" / f"{case}.nii.gz").rename(folder / f"{case}.nii.gz")
    found = validate(folder, manifest, deep=True)
    assert found.ok
    assert [finding.code for finding in found.findings] == ["not-in-folder"]
    assert found.predictions["case_2"] == "case_2.nii.gz"


def test_predictions_in_two_places_are_not_mixed(folder: Path, manifest: Manifest):
    (folder / "predictions" / "case_1.nii.gz").rename(folder / "case_1.nii.gz")
    assert told(folder, manifest) == [("missing-case", "case_1"), ("extra-file", "case_1.nii.gz")]


def test_other_formats_that_are_read(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    for case, suffix in zip(CASES, (".nii", ".mha", ".nii.gz"), strict=True):
        (folder / "predictions" / f"{case}.nii.gz").unlink()
        save_labels(folder / "predictions" / f"{case}{suffix}", labels(case))
    assert told(folder, manifest) == []


def test_two_files_for_a_case(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    save_labels(folder / "predictions" / "case_1.mha", labels("case_1"))
    (finding,) = validate(folder, manifest, deep=False).findings
    assert (finding.code, finding.case) == ("two-files", "case_1")
    assert "predictions/case_1.mha and predictions/case_1.nii.gz" in finding.found


@pytest.mark.parametrize("suffix", [".nrrd", ".npz", ".nii.zst", ".nii.gz.part", ".gz", ".hdr"])
def test_a_format_that_is_not_read(folder: Path, manifest: Manifest, suffix: str):
    (folder / "predictions" / "case_1.nii.gz").rename(folder / "predictions" / f"case_1{suffix}")
    (finding,) = validate(folder, manifest, deep=False).findings
    assert (finding.code, finding.found, finding.expected) == ("wrong-suffix", suffix, FIRST)


def test_what_lies_beside_a_prediction_is_noted(folder: Path, manifest: Manifest):
    for name in ("case_1.npz", "case_1.pkl", "dataset.json"):
        (folder / "predictions" / name).touch()
    found = validate(folder, manifest, deep=True)
    assert found.ok
    assert [finding.code for finding in found.findings] == ["extra-file"] * 3


@pytest.mark.parametrize("name", ["case_1_0000.nii.gz", "CASE_1.nii.gz"])
def test_a_name_that_is_nearly_right(folder: Path, manifest: Manifest, name: str):
    (folder / "predictions" / "case_1.nii.gz").rename(folder / "predictions" / name)
    unknown = by_code(validate(folder, manifest, deep=False).findings)["unknown-case"]
    assert (unknown.file, unknown.expected) == (f"predictions/{name}", "case_1.nii.gz")


def test_many_files_of_many_cases_take_time_in_proportion(tmp_path: Path, manifest: Manifest):
    grid = manifest.cases["case_1"]
    many = manifest.model_copy(update={"cases": {f"case_{number:04}": grid for number in range(2000)}})
    files = {f"predictions/other_{number}.nii": b"1" for number in range(8000)}
    packed = pack(tmp_path / "packed", "tar", files)
    # What goes with the product of both is millions.
    with at_most_calls(5_000_000):
        codes = {finding.code for finding in validate(packed, many, deep=False).findings}
    assert codes == {"form-missing", "unknown-case", "no-predictions"}


# Headers.


@pytest.mark.parametrize(
    ("grid", "code", "found"),
    [
        ({"spacing": (1.0, 1.0, 2.5)}, "spacing-differs", "(1, 1, 2.5) mm, off by 0.5 mm"),
        ({"origin": (10.0, -20.0, 130.0)}, "origin-differs", "off by 100 mm"),
        ({"origin": (10.0, -20.0, -70.0)}, "origin-differs", "off by 100 mm"),
        ({"direction": (0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1.0)}, "direction-differs", "off by 0.6"),
        ({"direction": (-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)}, "origin-differs", "its axes taken as -x, y, z"),
    ],
)
def test_another_grid(
    folder: Path, manifest: Manifest, save_labels: SaveLabels, grid: dict[str, tuple[float, ...]], code: str, found: str
):
    save_labels(folder / FIRST, labels("case_1"), **grid)
    (finding,) = validate(folder, manifest, deep=True).findings
    assert (finding.code, finding.file, finding.case) == (code, FIRST, "case_1")
    assert found in finding.found


def test_voxels_on_another_grid_are_checked_too(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    save_labels(folder / FIRST, labels("case_1") * 3, spacing=(1.0, 1.0, 3.0))
    assert told(folder, manifest) == [("spacing-differs", FIRST), ("not-labels", FIRST)]
    assert told(folder, manifest, deep=False) == [("spacing-differs", FIRST)]


def test_another_shape_is_not_read(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    # 9 is no label: reading it would find that too.
    save_labels(folder / FIRST, np.full((5, 6, 8), 9, np.uint8))
    (finding,) = validate(folder, manifest, deep=True).findings
    assert (finding.code, finding.found, finding.expected) == ("shape-differs", "(8, 6, 5)", "(8, 6, 4)")


def test_other_axes_in_the_same_place_are_accepted(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    turned = labels("case_1")[:, :, ::-1]
    direction = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    save_labels(folder / FIRST, turned, origin=(17.0, -20.0, 30.0), direction=direction)
    found = validate(folder, manifest, deep=True)
    assert found.ok
    assert [(finding.code, finding.found) for finding in found.findings] == [("axes-differ", "taken as -x, y, z")]
    save_labels(folder / FIRST, turned * 3, origin=(17.0, -20.0, 30.0), direction=direction)
    assert told(folder, manifest) == [("not-labels", FIRST), ("axes-differ", FIRST)]


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("packing", ["folder", "zip", "tar.gz"])
def test_a_header_that_claims_too_much(tmp_path: Path, folder: Path, manifest: Manifest, packing: str, deep: bool):
    _repacked(folder / FIRST, _DIM, struct.pack("<8h", 3, 32767, 32767, 3, 1, 1, 1, 1))
    packed = pack(tmp_path / "packed", packing, files_of(folder))
    assert told(packed, manifest, deep=deep) == [("too-many-voxels", FIRST)]


def test_a_text_header_that_claims_more_than_numbers_hold(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    (folder / FIRST).unlink()
    path = save_labels(folder / "predictions" / "case_1.mha", labels("case_1"))
    path.write_bytes(path.read_bytes().replace(b"DimSize = 8 6 4", b"DimSize = 1e300 6 4"))
    assert told(folder, manifest) == [("unreadable", "predictions/case_1.mha")]
    # The product is no float.
    path.write_bytes(path.read_bytes().replace(b"DimSize = 1e300 6 4", b"DimSize = 1e300 1e300 1e300"))
    (finding,) = validate(folder, manifest, deep=True).findings
    assert (finding.code, finding.found, finding.expected) == (
        "unreadable",
        "the header claims an absurd size: 1e300 1e300 1e300",
        "at most 2147483648 voxels",
    )
    path.write_bytes(path.read_bytes().replace(b"DimSize = 1e300 1e300 1e300", b"DimSize = 8 6 4"))
    path.write_bytes(path.read_bytes().replace(b"ElementSpacing = 1 1 2", b"ElementSpacing = 1e308 1e308 2"))
    (finding, *_) = validate(folder, manifest, deep=True).findings
    assert finding.severity == "error"


@pytest.mark.parametrize(
    ("shape", "code"), [((4, 8, 6, 4, 2, 1, 1, 1), "not-3d"), ((3, 8, -6, 4, 1, 1, 1, 1), "not-3d")]
)
def test_what_is_not_one_volume(folder: Path, manifest: Manifest, shape: tuple[int, ...], code: str):
    _repacked(folder / FIRST, _DIM, struct.pack("<8h", *shape))
    assert told(folder, manifest) == [(code, FIRST)]


# Voxels.


def test_values_that_are_no_labels_are_found_by_deep_alone(folder: Path, manifest: Manifest, save_labels: SaveLabels):
    array = labels("case_1").astype(np.float32)
    array[0, 0, :3] = 0.5, np.nan, 8
    save_labels(folder / FIRST, array)
    assert told(folder, manifest, deep=False) == []
    findings = validate(folder, manifest, deep=True).findings
    assert [finding.code for finding in findings] == ["not-labels"] * 3
    told_of = " ".join(finding.found for finding in findings)
    assert all(words in told_of for words in ("NaN or infinite: 1 voxel", "not whole numbers: 0.5", "not labels: 8 "))


@pytest.mark.parametrize("packing", ["folder", "zip", "tar.gz"])
def test_a_file_that_is_cut_off(tmp_path: Path, folder: Path, manifest: Manifest, packing: str):
    whole = (folder / FIRST).read_bytes()
    (folder / FIRST).write_bytes(whole[:-12])
    packed = pack(tmp_path / "packed", packing, files_of(folder))
    assert told(packed, manifest) == [("truncated", FIRST)]


def test_a_file_that_is_damaged(folder: Path, manifest: Manifest):
    whole = bytearray((folder / FIRST).read_bytes())
    whole[-6] ^= 1
    (folder / FIRST).write_bytes(bytes(whole))
    assert told(folder, manifest) == [("corrupt", FIRST)]


def test_more_voxels_than_the_header_says(folder: Path, manifest: Manifest):
    # A bomb: 64 MB of zeros after the voxels, in 64 kB.
    _repacked(folder / FIRST, 0, b"", bytes(64 << 20))
    assert told(folder, manifest) == [("corrupt", FIRST)]


# Packages.


def test_a_package_that_cannot_be_read_is_all_that_is_told(tmp_path: Path, folder: Path, manifest: Manifest):
    packed = pack(tmp_path / "packed", "tar.gz", files_of(folder))
    packed.write_bytes(packed.read_bytes()[:-20])
    (finding,) = validate(packed, manifest, deep=True).findings
    assert finding.code.startswith("package-")
    assert told(tmp_path / "nowhere", manifest) == [("package-missing", "")]


def test_what_is_refused_in_a_package_is_not_missing_as_well(tmp_path: Path, folder: Path, manifest: Manifest):
    files = files_of(folder)
    files["predictions/../predictions/case_1.nii.gz"] = files.pop(FIRST)
    codes = [code for code, _ in told(pack(tmp_path / "packed", "zip", files), manifest)]
    assert codes == ["path-traversal"]


def test_a_linked_prediction_is_refused(tmp_path: Path, folder: Path, manifest: Manifest):
    outside = (folder / FIRST).rename(tmp_path / "case_1.nii.gz")
    (folder / FIRST).symlink_to(outside)
    assert [code for code, _ in told(folder, manifest)] == ["symbolic-link"]


def test_an_empty_folder(tmp_path: Path, manifest: Manifest):
    (tmp_path / "empty").mkdir()
    assert told(tmp_path / "empty", manifest) == [("form-missing", ""), ("no-predictions", "")]


def test_what_other_readers_make_of_a_prediction_is_noted(folder: Path, manifest: Manifest) -> None:
    nibabel = pytest.importorskip("nibabel")
    path = folder / FIRST
    image = nibabel.load(path)
    labels = np.asarray(image.dataobj).astype(float)
    # With a code of 2, SimpleITK takes the qform where the two differ, and nibabel the sform.
    header = image.header.copy()
    header["sform_code"], header["qform_code"] = 2, 1
    header["srow_x"][3] += 5
    moved = nibabel.Nifti1Image(labels, None, header)
    moved.header["scl_slope"], moved.header["scl_inter"] = 7 / 255, 0
    moved.header["vox_offset"], moved.header["magic"] = 352, b"n+1"
    scaled = np.rint(labels * (255 / 7)).astype(header.get_data_dtype())
    path.write_bytes(gzip.compress(moved.header.binaryblock + bytes(4) + scaled.tobytes("F")))
    assert [one.code for one in validate(folder, manifest, deep=False).findings] == ["readers-differ"]
    found = validate(folder, manifest, deep=True)
    assert [one.code for one in found.findings] == ["readers-differ", "scaled-labels"]
    assert found.ok


def test_a_name_of_monais_writer_is_told_which_case_it_is_of(folder: Path, manifest: Manifest) -> None:
    (folder / FIRST).rename(folder / "predictions" / "case_1_0000_trans.nii.gz")
    finding = next(one for one in validate(folder, manifest, deep=False).findings if one.code == "unknown-case")
    assert (finding.found, finding.expected) == ("case_1_0000_trans", "case_1.nii.gz")
