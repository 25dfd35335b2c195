from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.benchmark.cli.scoring.score_call import CASES, LABELS, changed, score

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


def test_a_missing_prediction(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    result = score(folders, "--out", str(folders / "out"))
    _assert_refused(result, folders, "no prediction for 1 of 3 cases: case_2", "mine")


def test_when_nothing_can_be_scored_there_is_no_table(folders: Path) -> None:
    for path in (folders / "mine").iterdir():
        path.write_bytes(b"")
    result = score(folders, "--out", str(folders / "out"))
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
    _assert_refused(score(folders, "--out", str(folders / "out")), folders, "does not have: case_9.nii.gz")


@pytest.mark.parametrize("which", ["labels", "mine"])
def test_an_empty_folder(folders: Path, which: str) -> None:
    for path in (folders / which).iterdir():
        path.unlink()
    message = f"{folders / which}: no label map in it"
    _assert_refused(score(folders, "--out", str(folders / "out")), folders, message)


def test_no_such_folder(folders: Path) -> None:
    _assert_refused(score(folders, predictions=("mine", "nope")), folders, f"{folders / 'nope'}: no such folder")


def test_what_is_wrong_with_several_cases_is_told_in_one_go(folders: Path, save_labels: SaveLabels) -> None:
    save_labels(folders / "mine" / "case_1.nii.gz", LABELS[:3], spacing=(2.0, 2.0, 2.0))
    save_labels(folders / "mine" / "case_3.nii.gz", changed((0, 0, 0), 0.5))
    result = score(folders)
    assert result.stderr.count("error: ") == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint32, np.int64])
def test_whole_numbers_of_any_type_are_fine(folders: Path, save_labels: SaveLabels, dtype: type) -> None:
    save_labels(folders / "mine" / "case_2.nii.gz", LABELS.astype(dtype))
    result = score(folders, "--format", "json")
    assert json.loads(result.stdout)["methods"]["mine"]["average"]["dsc"] == 1


def test_4d_with_one_volume_is_fine(folders: Path) -> None:
    path = folders / "mine" / "case_2.nii.gz"
    SimpleITK.WriteImage(SimpleITK.JoinSeries([SimpleITK.ReadImage(str(path))]), str(path))
    assert score(folders).exit_code == 0


def test_allow_missing_scores_an_empty_prediction_and_says_so(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    result = score(folders, "--allow-missing")
    assert result.exit_code == 0
    assert "mine: no prediction for 1 of 3 cases, counted as empty: case_2." in result.stdout
    content = json.loads(score(folders, "--allow-missing", "--format", "json").stdout)
    assert content["missing"] == {"mine": ["case_2"]}
    assert content["methods"]["mine"]["classes"]["liver_tumor"]["dsc"] == pytest.approx(2 / 3)


def test_allow_missing_does_not_allow_an_empty_folder(folders: Path) -> None:
    for path in (folders / "mine").iterdir():
        path.unlink()
    _assert_refused(score(folders, "--allow-missing"), folders, "no label map in it")


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_every_format(folders: Path, save_labels: SaveLabels, style: str) -> None:
    for case in CASES:
        save_labels(folders / "other" / f"{case}.mha", np.roll(LABELS, 1, axis=2))
    result = score(folders, "--format", style, predictions=("mine", "other"))
    assert result.exit_code == 0
    assert result.stdout.endswith("\n")
    assert not result.stdout.endswith("\n\n")
    # CliRunner's stdout is no terminal.
    assert "\x1b[" not in result.stdout


def test_out(folders: Path) -> None:
    result = score(folders, "--out", str(folders / "out"))
    assert result.exit_code == 0
    names = ["cases", "cases.csv", "lesions.csv", "scores.json"]
    assert sorted(path.name for path in (folders / "out").iterdir()) == names
    again = score(folders, "--out", str(folders / "out"))
    assert again.stdout == result.stdout
    assert again.stderr == (
        f"note: 3 of 3 scores were in {folders / 'out'} already and taken from there\n"
        f"written to {folders / 'out'}: scores.json, cases.csv, lesions.csv, cases/\n"
    )


def test_scores_are_not_written_among_label_maps(folders: Path) -> None:
    for name in ("mine", "labels"):
        result = score(folders, "--out", str(folders / name))
        assert result.exit_code == 1
        assert "the scores would be written among the label maps" in result.stderr
        assert not (folders / name / "cases").exists()


def test_what_an_earlier_call_measured_stays(folders: Path) -> None:
    """Without --details they are not printed, and nothing that is kept is lost."""
    out = folders / "out"
    score(folders, "--out", str(out), "--details")
    kept = {name: (out / name).read_bytes() for name in ("cases.csv", "lesions.csv", "scores.json")}
    assert json.loads(kept["scores.json"])["methods"]["mine"]["details"]["liver_tumor"]["nsd"] == 1
    plain = score(folders, "--out", str(out))
    assert "NSD" not in plain.stdout
    assert {name: (out / name).read_bytes() for name in kept} == kept
    assert "details" not in score(folders, "--out", str(out), "--format", "json").stdout


def test_details_of_some_are_kept_beside_others_without(folders: Path, save_labels: SaveLabels) -> None:
    score(folders, "--out", str(folders / "out"), "--details")
    shutil.copytree(folders / "mine", folders / "other")
    save_labels(folders / "other" / "case_2.nii.gz", np.roll(LABELS, 1, 2))
    result = score(folders, "--out", str(folders / "out"), predictions=("mine", "other"))
    assert "NSD" not in result.stdout
    methods = json.loads((folders / "out" / "scores.json").read_text())["methods"]
    # Of the other's cases one was never measured: a mean over the rest would be taken for one over all.
    assert ("details" in methods["mine"], "details" in methods["other"]) == (True, False)
    with (folders / "out" / "cases.csv").open() as file:
        measured = {(row["method"], row["case"]) for row in csv.DictReader(file) if row["nsd"]}
    assert measured == {("mine", case) for case in CASES} | {("other", "case_1"), ("other", "case_3")}


def _copies(folders: Path, *names: str) -> None:
    for name in names:
        shutil.copytree(folders / "mine", folders / name)


def test_an_incomplete_folder_among_several_costs_itself(folders: Path, save_labels: SaveLabels) -> None:
    _copies(folders, "whole", "lacking", "more", "twice", "empty")
    (folders / "lacking" / "case_1.nii.gz").unlink()
    (folders / "lacking" / "case_3.nii.gz").unlink()
    save_labels(folders / "more" / "case_9.nii.gz", LABELS)
    save_labels(folders / "twice" / "case_1.nii", LABELS)
    for path in (folders / "empty").iterdir():
        path.unlink()
    names = ("mine", "lacking", "more", "twice", "empty", "whole")
    result = score(folders, "--out", str(folders / "out"), predictions=names)
    assert result.exit_code == 1
    assert result.stderr.count("error: ") == 4
    assert f"{folders / 'lacking'}: no prediction for 2 of 3 cases: case_1, case_3." in result.stderr
    # Those that are scored are scored on all cases, and compare.
    assert "3 cases scored, none left out." in result.stdout
    assert "NOT COMPARABLE" not in result.stdout
    assert list(json.loads((folders / "out" / "scores.json").read_text())["methods"]) == ["mine", "whole"]
    refused = score(folders, "--out", str(folders / "none"), predictions=("lacking", "more"))
    assert (refused.exit_code, refused.stdout, (folders / "none").exists()) == (1, "", False)
    assert refused.stderr.count("error: ") == 2
    assert "3 cases scored" in score(folders, "--allow-missing", predictions=("lacking", "mine")).stdout


def test_a_call_that_is_wrong_scores_nothing(folders: Path) -> None:
    _copies(folders, "lacking")
    (folders / "lacking" / "case_1.nii.gz").unlink()
    result = score(folders, predictions=("mine", "nope", "lacking"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("error: ") == 2


def test_a_folder_of_folders_is_told_where_its_predictions_are(folders: Path) -> None:
    result = CliRunner().invoke(main, ["score", str(folders), "--reference", str(folders / "labels")])
    assert f"Did you mean {folders / 'labels'} or {folders / 'mine'}?" in result.stderr
    # Stored scores of cases are no predictions.
    deep = folders / "work" / "fold-0" / "mednext"
    (deep.parent / "cases").mkdir(parents=True)
    (deep.parent / "cases" / "0.npz").touch()
    shutil.copytree(folders / "mine", deep)
    result = score(folders, predictions=("work",))
    assert f"Did you mean {deep}?" in result.stderr


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_a_table_of_which_cases_are_left_out_is_marked(folders: Path, style: str) -> None:
    whole = score(folders, "--format", style).stdout
    (folders / "labels" / "case_2.nii.gz").write_bytes(b"")
    marked = score(folders, "--format", style).stdout
    if style == "json":
        assert json.loads(whole)["comparable"] is True
        assert json.loads(marked)["comparable"] is False
    elif style == "csv":
        for text, told in ((whole, ("0", "1")), (marked, ("1", "0"))):
            assert {(row["left_out"], row["comparable"]) for row in csv.DictReader(io.StringIO(text))} == {told}
    else:
        assert "3 cases scored, none left out." in whole
        assert "NOT COMPARABLE" not in whole
        assert "NOT COMPARABLE with scores of all cases: 1 of 3 cases left out." in marked
        assert "2 of 3 cases scored, 1 left out." in marked


def test_a_pair_of_files(folders: Path) -> None:
    reference = folders / "labels" / "case_1.nii.gz"
    shutil.copy(folders / "mine" / "case_1.nii.gz", folders / "guess.nii.gz")
    out = folders / "out"

    def score(*paths: Path, against: Path = reference) -> Result:
        options = ["--reference", str(against), "--out", str(out), "--format", "json", "--nnunet-summary"]
        return CliRunner().invoke(main, ["score", *map(str, paths), *options])

    one = score(folders / "guess.nii.gz")
    assert one.exit_code == 0, one.output
    content = json.loads(one.stdout)
    assert (content["cases"], content["methods"]["guess"]["average"]["dsc"]) == (1, 1)
    with (out / "cases.csv").open() as file:
        assert {(row["method"], row["case"]) for row in csv.DictReader(file)} == {("guess", "case_1")}
    summary = json.loads((out / "nnunet" / "guess" / "summary.json").read_text())
    assert summary["metric_per_case"][0]["reference_file"] == str(reference)
    assert "note:" not in one.stderr
    other = score(folders / "mine" / "case_2.nii.gz")
    assert "is named as of the case case_2, and scored against case_1.nii.gz, of the case case_1" in other.stderr
    # Where files are called as the case is, the folder tells whose they are.
    several = score(folders / "guess.nii.gz", folders / "mine" / "case_1.nii.gz")
    assert list(json.loads(several.stdout)["methods"]) == ["guess", "mine"]
    assert "files of one name, 'mine'" in score(*[folders / "mine" / "case_1.nii.gz"] * 2).stderr
    for paths, against, told in (
        ([folders / "mine"], reference, "is a folder, and the reference is one file"),
        ([folders / "gone.nii.gz"], reference, "gone.nii.gz: no such file"),
        ([folders / "guess.nii.gz"], folders / "labels", "guess.nii.gz: not a folder"),
        ([folders / "mine" / "case_1.nii.gz"], folders / "labels", f"is scored with --reference {reference}"),
        ([folders / "guess.nii.gz"], folders / "labels" / "case_9.nii.gz", "case_9.nii.gz: no such file"),
        ([folders / "guess.nii.gz"], folders / "nowhere", "nowhere: no such file"),
        ([folders / "mine"], folders / "nowhere", "nowhere: no such folder"),
    ):
        wrong = score(*paths, against=against)
        assert (wrong.exit_code, wrong.stdout) == (1, "")
        assert told in wrong.stderr


def test_methods_that_lack_different_cases_are_not_compared(folders: Path) -> None:
    shutil.copytree(folders / "mine", folders / "other")
    (folders / "other" / "case_2.nii.gz").write_bytes(b"")
    result = score(folders, "--format", "markdown", predictions=("mine", "other"))
    assert result.exit_code == 1
    assert "The methods were not scored on the same cases" in result.stdout
    assert "NOT COMPARABLE with scores of all cases: up to 1 of 3 cases left out." in result.stdout
    assert "3 cases; scored: 3 (mine), 2 (other); left out: 1 (other)." in result.stdout
    assert not any("**" in line for line in result.stdout.splitlines() if line.startswith("|"))


def test_a_missing_prediction_whose_reference_fails_is_left_out_only(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    (folders / "labels" / "case_2.nii.gz").write_bytes(b"")
    content = json.loads(score(folders, "--allow-missing", "--format", "json").stdout)
    assert (content["missing"], content["failed"]) == ({}, {"mine": ["case_2"]})


def test_details_are_kept_beside_what_is_there(folders: Path) -> None:
    out = str(folders / "out")
    plain, detailed = score(folders, "--out", out), score(folders, "--out", out, "--details")
    assert "note" not in plain.stderr
    assert "note" not in detailed.stderr
    for options in ((), ("--details",)):
        again = score(folders, "--out", out, *options)
        assert again.stderr.startswith("note: 3 of 3 scores were in")
        assert again.stdout == (detailed if options else plain).stdout


def test_a_pipe_is_not_waited_for(folders: Path) -> None:
    (folders / "mine" / "case_2.nii.gz").unlink()
    os.mkfifo(folders / "mine" / "case_2.nii.gz")
    result = score(folders, "--out", str(folders / "out"))
    assert result.exit_code == 1
    assert "case_2.nii.gz" in result.stderr


def test_out_that_cannot_be_written(folders: Path) -> None:
    (folders / "out").write_text("a file")
    result = CliRunner().invoke(
        main,
        ["score", str(folders / "mine"), "--reference", str(folders / "labels"), "--out", str(folders / "out" / "in")],
    )
    assert result.exit_code == 1
    assert f"error: {folders / 'out' / 'in' / 'cases'}: cannot be written" in result.stderr


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_details(folders: Path, style: str) -> None:
    result = score(folders, "--details", "--format", style)
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
    result = score(folders, "--format", "json")
    assert result.exit_code == 0
    assert "its axes were taken as" in result.stderr
    assert json.loads(result.stdout)["methods"]["mine"]["average"]["dsc"] == 1


def test_passed_over_files_are_noted_beside_the_table(folders: Path) -> None:
    (folders / "mine" / "notes.txt").touch()
    result = score(folders, "--format", "json")
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
