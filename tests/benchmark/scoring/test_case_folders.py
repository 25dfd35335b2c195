from __future__ import annotations

import re
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.case_folders import pair


def _folder(path: Path, *names: str) -> Path:
    path.mkdir(parents=True)
    for name in names:
        (path / name).touch()
    return path


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return _folder(tmp_path / "labels", "b.nii.gz", "a.nii.gz")


def test_cases_are_paired_by_name_whatever_the_format(tmp_path: Path, reference: Path) -> None:
    pairing = pair([_folder(tmp_path / "m", "a.mha", "b.nii")], reference, allow_missing=False)
    assert list(pairing.reference.files) == ["a", "b"]
    assert [path.name for path in pairing.predictions[0].files.values()] == ["a.mha", "b.nii"]
    assert pairing.missing == {"m": ()}


def test_litter_and_nnunets_side_files_are_no_predictions(tmp_path: Path, reference: Path) -> None:
    litter = [".DS_Store", "._a.nii.gz", ".partial-xyz.nii.gz"]
    side = ["dataset.json", "plans.json", "predict_from_raw_data_args.json", "summary.json", "a.npz", "a.pkl"]
    pairing = pair([_folder(tmp_path / "m", "a.nii.gz", "b.nii.gz", *litter, *side)], reference, allow_missing=False)
    assert pairing.notes == []


def test_other_files_are_reported(tmp_path: Path, reference: Path) -> None:
    pairing = pair([_folder(tmp_path / "m", "a.nii.gz", "b.nii.gz", "c.png")], reference, allow_missing=False)
    assert pairing.notes == [f"{tmp_path / 'm'}: not label maps, passed over: c.png"]


def test_a_missing_prediction_is_an_error_unless_allowed(tmp_path: Path, reference: Path) -> None:
    predictions = _folder(tmp_path / "m", "a.nii.gz")
    with pytest.raises(BenchError, match=r"m: no prediction for 1 of 2 cases: b\."):
        pair([predictions], reference, allow_missing=False)
    assert pair([predictions], reference, allow_missing=True).missing == {"m": ("b",)}


def test_all_problems_of_all_folders_in_one_go(tmp_path: Path, reference: Path) -> None:
    (tmp_path / "file").touch()
    folders = [
        _folder(tmp_path / "extra", "a.nii.gz", "b.nii.gz", "c.nii.gz"),
        _folder(tmp_path / "two", "a.nii.gz", "a.mha", "b.nii.gz"),
        _folder(tmp_path / "empty"),
        _folder(tmp_path / "missing", "a.nii.gz"),
        tmp_path / "nowhere",
        tmp_path / "file",
        _folder(tmp_path / "again" / "extra", "a.nii.gz", "b.nii.gz"),
    ]
    with pytest.raises(BenchError) as error:
        pair(folders, reference, allow_missing=False)
    text = "\n".join(str(problem) for problem in error.value.problems)
    for pattern in (
        r"extra: predictions of cases that .*labels does not have: c\.nii\.gz",
        r"two: two files for one case: expected one, found a\.mha and a\.nii\.gz",
        r"empty: no label map in it: expected .*, found an empty folder",
        r"missing: no prediction for 1 of 2 cases: b",
        r"nowhere: no such folder",
        r"file: not a folder",
        r"extra, .*again/extra: prediction folders of one name, 'extra'",
    ):
        assert re.search(pattern, text), pattern
    assert len(error.value.problems) == 7


def test_problems_of_the_reference_and_the_predictions_come_together(tmp_path: Path) -> None:
    with pytest.raises(BenchError) as error:
        pair([_folder(tmp_path / "m")], tmp_path / "nowhere", allow_missing=False)
    assert len(error.value.problems) == 2


def test_of_the_cases_asked_for_all_are_paired_and_others_left_aside(tmp_path: Path) -> None:
    reference = _folder(tmp_path / "labels", "a.nii.gz", "b.nii.gz", "c.nii.gz")
    predictions = _folder(tmp_path / "m", "a.nii.gz", "c.nii.gz")
    pairing = pair([predictions], reference, allow_missing=False, cases=["c"])
    assert list(pairing.reference.files) == ["c"]
    assert list(pairing.predictions[0].files) == ["c"]
    assert pairing.missing == {"m": ()}


def test_problems_with_the_cases_asked_for(tmp_path: Path, reference: Path) -> None:
    predictions = _folder(tmp_path / "m", "a.nii.gz", "c.nii.gz", "z.nii.gz")
    with pytest.raises(BenchError) as error:
        pair([predictions], reference, allow_missing=False, cases=["a", "b", "c"])
    no_label, no_prediction, unknown = (str(problem) for problem in error.value.problems)
    assert re.search(r"labels: no label map of 1 of the cases to score: c\.", no_label)
    assert re.search(r"m: no prediction for 1 of 2 cases: b\.", no_prediction)
    # Also what is not to be scored must be of the reference: else it is another data set's.
    assert re.search(r"predictions of cases that .*labels does not have: c\.nii\.gz, z\.nii\.gz", unknown)


def test_a_nested_folder_is_pointed_at(tmp_path: Path, reference: Path) -> None:
    _folder(tmp_path / "m" / "predictions", "a.nii.gz")
    with pytest.raises(BenchError, match=r"Did you mean .*m/predictions\?"):
        pair([tmp_path / "m"], reference, allow_missing=False)


def test_a_method_is_named_as_its_folder_however_it_is_written(
    tmp_path: Path, reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(_folder(tmp_path / "m", "a.nii.gz", "b.nii.gz"))
    (tmp_path / "link").symlink_to(tmp_path / "m")
    pairing = pair([Path(), Path("../link/")], reference, allow_missing=False)
    assert [folder.name for folder in pairing.predictions] == ["m", "link"]


def test_voxels_beside_their_header_are_no_other_files(tmp_path: Path, reference: Path) -> None:
    folder = _folder(tmp_path / "m", "a.mhd", "a.raw", "b.hdr", "b.img")
    pairing = pair([folder], reference, allow_missing=False)
    assert {case: path.name for case, path in pairing.predictions[0].files.items()} == {"a": "a.mhd", "b": "b.hdr"}
    assert pairing.notes == []


def test_names_of_monais_writer_are_told_from_strangers(tmp_path: Path, reference: Path) -> None:
    flat = _folder(tmp_path / "flat", "a_0000_trans.nii.gz", "b_0000_trans.nii.gz")
    with pytest.raises(BenchError, match=r"Rename a_0000_trans.nii.gz to a.nii.gz, and one other likewise\."):
        pair([flat], reference, allow_missing=False)
    (tmp_path / "deep" / "a_0000").mkdir(parents=True)
    (tmp_path / "deep" / "a_0000" / "a_0000_trans.nii.gz").touch()
    with pytest.raises(BenchError, match=r"named as MONAI's SaveImaged does\. Name each file as its"):
        pair([tmp_path / "deep"], reference, allow_missing=False)


COMPOSED, DECOMPOSED = "caf\xe9", "cafe\u0301"


def test_names_that_look_the_same_are_told_apart(tmp_path: Path) -> None:
    reference = _folder(tmp_path / "labels", f"{COMPOSED}.nii.gz")
    with pytest.raises(BenchError) as raised:
        pair([_folder(tmp_path / "m", f"{DECOMPOSED}.nii.gz")], reference, allow_missing=False)
    assert len(raised.value.problems) == 2
    for problem in raised.value.problems:
        assert "differ in Unicode normalisation alone" in problem.mend


def test_two_files_and_two_folders_that_look_the_same(tmp_path: Path, reference: Path) -> None:
    both = _folder(tmp_path / "labels2", f"{COMPOSED}.nii.gz", f"{DECOMPOSED}.nii.gz")
    with pytest.raises(BenchError, match="two files for one case") as raised:
        pair([both], both, allow_missing=False)
    assert f"{COMPOSED}.nii.gz (composed)" in str(raised.value)
    assert f"{DECOMPOSED}.nii.gz (decomposed)" in str(raised.value)
    folders = [_folder(tmp_path / name, "a.nii.gz", "b.nii.gz") for name in (COMPOSED, DECOMPOSED)]
    with pytest.raises(BenchError, match=r"\(composed\).*\(decomposed\): prediction folders of one name"):
        pair(folders, reference, allow_missing=False)
