from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from mswal_bench.benchmark.cli.main import main

if TYPE_CHECKING:
    from ...conftest import SaveLabels

LABELS = np.zeros((4, 6, 8), np.uint8)
LABELS[1, 1:3, 1:4] = 3
LABELS[2, 4, 5] = 7
CASES = ("case_1", "case_2", "case_3")
Spoil = Callable[[Path, "SaveLabels"], object]


@pytest.fixture
def folders(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """`labels` and the perfect predictions of `mine` for three cases."""
    # No two cases alike, or one would have the other's score.
    for case, gallstone_voxels in zip(CASES, (1, 0, 2), strict=True):
        labels = LABELS.copy()
        labels[3, 5, :gallstone_voxels] = 1
        for folder in ("labels", "mine"):
            save_labels(tmp_path / folder / f"{case}.nii.gz", labels)
    return tmp_path


def _score(folders: Path, *options: str, predictions: tuple[str, ...] = ("mine",)) -> Result:
    arguments = [str(folders / name) for name in predictions]
    reference = ["--reference", str(folders / "labels")]
    return CliRunner().invoke(main, ["score", *arguments, *reference, "--jobs", "1", *options])


def _changed(place: tuple[int, int, int], value: float) -> NDArray[np.float32]:
    labels = LABELS.astype(np.float32)
    labels[place] = value
    return labels


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
        "(its axes taken as -x, y, z): the origin is not the reference's (off by 7 mm",
    ),
    "fractional": (lambda path, save: save(path, _changed((0, 0, 0), 1.9999)), "not whole numbers"),
    "NaN": (
        lambda path, save: save(path, _changed((0, 0, 0), np.nan)),
        "NaN or infinite: expected labels, found 1 voxel",
    ),
    "infinite": (
        lambda path, save: save(path, _changed((0, 0, 0), np.inf)),
        "NaN or infinite: expected labels, found 1 voxel",
    ),
    "too high": (lambda path, save: save(path, _changed((0, 0, 0), 8)), "expected 0 to 7, found 8 (1 voxel)"),
    "negative": (lambda path, save: save(path, _changed((0, 0, 0), -1)), "expected 0 to 7, found -1 (1 voxel)"),
    "two volumes": (_two_volumes, "not one 3D volume"),
}


@pytest.mark.parametrize("kind", BAD_PREDICTIONS)
def test_a_bad_prediction(folders: Path, save_labels: SaveLabels, kind: str) -> None:
    spoil, message = BAD_PREDICTIONS[kind]
    path = folders / "mine" / "case_2.nii.gz"
    spoil(path, save_labels)
    _assert_left_out(_score(folders, "--out", str(folders / "out")), folders, message, "mine")


@pytest.mark.parametrize("kind", BAD_PREDICTIONS)
def test_a_bad_reference(folders: Path, save_labels: SaveLabels, kind: str) -> None:
    spoil, message = BAD_PREDICTIONS[kind]
    spoil(folders / "labels" / "case_2.nii.gz", save_labels)
    # Where the grids differ it is the prediction that is told to be unlike the reference.
    _assert_left_out(_score(folders, "--out", str(folders / "out")), folders, message.split(", found")[0])


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


def test_a_missing_prediction(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    result = _score(folders, "--out", str(folders / "out"))
    _assert_refused(result, folders, "no prediction for 1 of 3 cases: case_2", "mine")


def test_when_nothing_can_be_scored_there_is_no_table(folders: Path) -> None:
    for path in (folders / "mine").iterdir():
        path.write_bytes(b"")
    result = _score(folders, "--out", str(folders / "out"))
    _assert_refused(result, folders, "case_1", "case_2", "case_3")
    assert result.stderr.count("error: ") == 3


def _assert_refused(result: Result, folders: Path, *texts: str) -> None:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    for text in texts:
        assert text in result.stderr
    assert not (folders / "out").exists()


def test_an_extra_prediction(folders: Path, save_labels: SaveLabels) -> None:
    save_labels(folders / "mine" / "case_9.nii.gz", LABELS)
    _assert_refused(_score(folders, "--out", str(folders / "out")), folders, "does not have: case_9.nii.gz")


@pytest.mark.parametrize("which", ["labels", "mine"])
def test_an_empty_folder(folders: Path, which: str) -> None:
    for path in (folders / which).iterdir():
        path.unlink()
    message = f"{folders / which}: no label map in it"
    _assert_refused(_score(folders, "--out", str(folders / "out")), folders, message)


def test_no_such_folder(folders: Path) -> None:
    _assert_refused(_score(folders, predictions=("mine", "nope")), folders, f"{folders / 'nope'}: no such folder")


def test_what_is_wrong_with_several_cases_is_told_in_one_go(folders: Path, save_labels: SaveLabels) -> None:
    save_labels(folders / "mine" / "case_1.nii.gz", LABELS[:3], spacing=(2.0, 2.0, 2.0))
    save_labels(folders / "mine" / "case_3.nii.gz", _changed((0, 0, 0), 0.5))
    result = _score(folders)
    assert result.stderr.count("error: ") == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint32, np.int64])
def test_whole_numbers_of_any_type_are_fine(folders: Path, save_labels: SaveLabels, dtype: type) -> None:
    save_labels(folders / "mine" / "case_2.nii.gz", LABELS.astype(dtype))
    result = _score(folders, "--format", "json")
    assert json.loads(result.stdout)["methods"]["mine"]["average"]["dsc"] == 1


def test_4d_with_one_volume_is_fine(folders: Path) -> None:
    path = folders / "mine" / "case_2.nii.gz"
    SimpleITK.WriteImage(SimpleITK.JoinSeries([SimpleITK.ReadImage(str(path))]), str(path))
    assert _score(folders).exit_code == 0


def test_allow_missing_scores_an_empty_prediction_and_says_so(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    result = _score(folders, "--allow-missing")
    assert result.exit_code == 0
    assert "mine: no prediction for 1 of 3 cases, counted as empty: case_2." in result.stdout
    content = json.loads(_score(folders, "--allow-missing", "--format", "json").stdout)
    assert content["missing"] == {"mine": ["case_2"]}
    assert content["methods"]["mine"]["classes"]["liver_tumor"]["dsc"] == pytest.approx(2 / 3)


def test_allow_missing_does_not_allow_an_empty_folder(folders: Path) -> None:
    for path in (folders / "mine").iterdir():
        path.unlink()
    _assert_refused(_score(folders, "--allow-missing"), folders, "no label map in it")


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_every_format(folders: Path, save_labels: SaveLabels, style: str) -> None:
    for case in CASES:
        save_labels(folders / "other" / f"{case}.mha", np.roll(LABELS, 1, axis=2))
    result = _score(folders, "--format", style, predictions=("mine", "other"))
    assert result.exit_code == 0
    assert result.stdout.endswith("\n")
    assert not result.stdout.endswith("\n\n")
    # CliRunner's stdout is no terminal.
    assert "\x1b[" not in result.stdout


def test_out(folders: Path) -> None:
    result = _score(folders, "--out", str(folders / "out"))
    assert result.exit_code == 0
    names = ["cases", "cases.csv", "lesions.csv", "scores.json"]
    assert sorted(path.name for path in (folders / "out").iterdir()) == names
    again = _score(folders, "--out", str(folders / "out"))
    assert again.stdout == result.stdout
    assert again.stderr == (
        f"note: 3 of 3 scores were in {folders / 'out'} already and taken from there\n"
        f"written to {folders / 'out'}: scores.json, cases.csv, lesions.csv\n"
    )


def test_scores_are_not_written_among_label_maps(folders: Path) -> None:
    for name in ("mine", "labels"):
        result = _score(folders, "--out", str(folders / name))
        assert result.exit_code == 1
        assert "the scores would be written among the label maps" in result.stderr
        assert not (folders / name / "cases").exists()


def test_methods_that_lack_different_cases_are_not_compared(folders: Path) -> None:
    shutil.copytree(folders / "mine", folders / "other")
    (folders / "other" / "case_2.nii.gz").write_bytes(b"")
    result = _score(folders, "--format", "markdown", predictions=("mine", "other"))
    assert result.exit_code == 1
    assert "The methods were not scored on the same cases" in result.stdout
    assert "NOT COMPARABLE with scores of all cases: up to 1 of 3 cases left out." in result.stdout
    assert not any("**" in line for line in result.stdout.splitlines() if line.startswith("|"))


def test_a_missing_prediction_whose_reference_fails_is_left_out_only(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    (folders / "labels" / "case_2.nii.gz").write_bytes(b"")
    content = json.loads(_score(folders, "--allow-missing", "--format", "json").stdout)
    assert (content["missing"], content["failed"]) == ({}, {"mine": ["case_2"]})


def test_details_are_kept_beside_what_is_there(folders: Path) -> None:
    out = str(folders / "out")
    plain, detailed = _score(folders, "--out", out), _score(folders, "--out", out, "--details")
    assert "note" not in plain.stderr
    assert "note" not in detailed.stderr
    for options in ((), ("--details",)):
        again = _score(folders, "--out", out, *options)
        assert again.stderr.startswith("note: 3 of 3 scores were in")
        assert again.stdout == (detailed if options else plain).stdout


def test_a_pipe_is_not_waited_for(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    os.mkfifo(folders / "mine" / "case_2.nii.gz")
    result = _score(folders, "--out", str(folders / "out"))
    assert result.exit_code == 1
    assert "case_2.nii.gz" in result.stderr


def test_out_that_cannot_be_written(folders: Path) -> None:
    (folders / "out").write_text("a file")
    result = CliRunner().invoke(
        main,
        ["score", str(folders / "mine"), "--reference", str(folders / "labels"), "--out", str(folders / "out" / "in")],
    )
    assert result.exit_code == 1
    assert f"error: {folders / 'out' / 'in'}: cannot be written" in result.stderr


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_details(folders: Path, style: str) -> None:
    result = _score(folders, "--details", "--format", style)
    assert result.exit_code == 0
    if style == "json":
        details = json.loads(result.stdout)["methods"]["mine"]["details"]["liver_tumor"]
        assert (details["nsd"], details["hd95_mm"], details["hd95_cases"]) == (1, 0, 3)
        assert details["small"] == {"precision": 1, "recall": 1, "f1": 1, "tp": 3, "fp": 0, "fn": 0}
        assert details["large"]["recall"] is None
    else:
        assert ("hd95_mm" if style == "csv" else "HD95") in result.stdout


def test_a_prediction_stored_along_other_axes_is_noted(folders: Path) -> None:
    path = folders / "mine" / "case_2.nii.gz"
    SimpleITK.WriteImage(SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "SRA"), str(path))
    result = _score(folders, "--format", "json")
    assert result.exit_code == 0
    assert "stored along other axes" in result.stderr
    assert json.loads(result.stdout)["methods"]["mine"]["average"]["dsc"] == 1


def test_passed_over_files_are_noted_beside_the_table(folders: Path) -> None:
    (folders / "mine" / "notes.txt").touch()
    result = _score(folders, "--format", "json")
    assert result.stderr == f"note: {folders / 'mine'}: not label maps, passed over: notes.txt\n"
    json.loads(result.stdout)


@pytest.mark.parametrize("arguments", [[], ["a"], ["a", "--reference", "b", "--format", "xls"], ["a", "--jobs", "0"]])
def test_a_wrong_call(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["score", *arguments]).exit_code == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_two_human_methods(kits_raters: Path, jobs: str) -> None:
    """Real label maps, whose first array axis is not the patient's left-right axis."""
    raters = [str(kits_raters / name) for name in ("rater2", "rater3")]
    arguments = ["score", *raters, "--reference", str(kits_raters / "rater1")]
    result = CliRunner().invoke(main, [*arguments, "--format", "json", "--jobs", jobs])
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    tumor = content["methods"]["rater2"]["classes"]["kidney_tumor"]
    assert tumor["cases"] == 12
    assert tumor["dsc"] > 0.95
    assert content["difficulty"]["dsc"] == ["kidney_cyst", "kidney_tumor"]
    assert content["methods"]["rater3"]["classes"]["gallstone"]["dsc"] is None
