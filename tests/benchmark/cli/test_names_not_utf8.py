"""Files and folders with names that are not UTF-8: nothing ends in a traceback, and nothing that was scored is lost."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
import SimpleITK
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main

CAFE, METHOD, CASE = (os.fsdecode(name) for name in (b"caf\xe9", b"m\xe9thode", b"PH\xe9_0485"))
FORM = "method: M\nauthors: [A. Author]\naffiliation: Here\ncontact: a@here.org\ntrack: demo\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data set of four cases in `data`, a method's predictions of the test cases, all in a folder of such a name."""
    root = tmp_path / CAFE
    try:
        root.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    call("data", "phantom", tmp_path / "data", "--train", "2", "--test", "2", "--size", "tiny", "--jobs", "1")
    (tmp_path / "data").rename(root / "data")
    shutil.copytree(root / "data" / "labelsTs", root / METHOD)
    return root


@pytest.fixture
def odd_case(root: Path) -> Path:
    """The same, and a case of such a name."""
    for folder, ending in (
        (root / "data" / "labelsTs", ""),
        (root / METHOD, ""),
        (root / "data" / "imagesTs", "_0000"),
    ):
        (folder / f"PHANTOM_0485{ending}.nii.gz").rename(folder / f"{CASE}{ending}.nii.gz")
    return root


def call(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    assert result.exit_code == code, result.output
    return result


def scored(root: Path, *options: object) -> Result:
    return call("score", root / METHOD, "--reference", root / "data" / "labelsTs", "--jobs", "1", *options)


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_score_prints(odd_case: Path, style: str) -> None:
    result = scored(odd_case, "--format", style, "--details")
    name = {"latex": r"m\textbackslash{}xe9thode", "json": r'"m\\xe9thode"', "markdown": r"m\\xe9thode"}
    assert name.get(style, r"m\xe9thode") in result.stdout
    if style == "json":
        assert list(json.loads(result.stdout)["methods"]) == [r"m\xe9thode"]


def test_what_is_scored_is_kept_and_ranked(odd_case: Path) -> None:
    out = odd_case / "out"
    scored(odd_case, "--out", out, "--nnunet-summary")
    assert "2 of 2 scores were in" in scored(odd_case, "--out", out).stderr
    rows = list(csv.DictReader((out / "cases.csv").open(encoding="utf-8")))
    assert {(row["method"], row["case"]) for row in rows} == {
        (r"m\xe9thode", r"PH\xe9_0485"),
        (r"m\xe9thode", "PHANTOM_0486"),
    }
    assert list(json.loads((out / "scores.json").read_text())["methods"]) == [r"m\xe9thode"]
    summary = json.loads((out / "nnunet" / r"m\xe9thode" / "summary.json").read_text())
    assert {case["prediction_file"] for case in summary["metric_per_case"]} == {
        str(path) for path in (odd_case / METHOD).iterdir()
    }
    for style in ("table", "markdown", "csv", "json"):
        quick = ("--resamples", "10", "--permutations", "10", "--format", style)
        assert "xe9thode" in call("rank", out, *quick).stdout


def test_one_file(odd_case: Path) -> None:
    files = [odd_case / METHOD / f"{CASE}.nii.gz", "--reference", odd_case / "data" / "labelsTs" / f"{CASE}.nii.gz"]
    assert r"m\xe9thode" in call("score", *files, "--out", odd_case / "out").stdout


@pytest.mark.parametrize("suffix", [".mha", ".nrrd", ".hdr"])
def test_every_format_is_read(odd_case: Path, suffix: str) -> None:
    """SimpleITK, which reads them, aborts the process where it is shown such a name."""
    prediction = odd_case / METHOD / f"{CASE}.nii.gz"
    # Written where SimpleITK can write, and moved.
    there = odd_case.parent / f"written{suffix}"
    shutil.copy(prediction, odd_case.parent / "read.nii.gz")
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(odd_case.parent / "read.nii.gz")), str(there))
    prediction.unlink()
    for written in odd_case.parent.glob("written.*"):
        written.rename(prediction.with_name(f"{CASE}{written.suffix}"))
    assert "2 cases scored, none left out." in scored(odd_case, "--out", odd_case / "out").stdout


def test_what_is_wrong_with_a_file_is_told(odd_case: Path) -> None:
    (odd_case / METHOD / f"{CASE}.nii.gz").write_bytes(b"no volume")
    result = call("score", odd_case / METHOD, "--reference", odd_case / "data" / "labelsTs", "--jobs", "2", code=1)
    assert r"m\xe9thode/PH\xe9_0485.nii.gz: is not a NIfTI file" in result.stderr
    assert r"left out: PH\xe9_0485." in result.stdout


def test_report_and_figure(root: Path) -> None:
    call("report", root / METHOD, "--data", root / "data", "--out", root / "report")
    assert r"m\xe9thode" in (root / "report" / "index.html").read_text(encoding="utf-8")
    figure = ("figure", "qualitative", root / METHOD, "--case", "PHANTOM_0486", "--data", root / "data")
    assert call(*figure, "--out", root / "figure.svg").stdout.startswith("figure: ")


def test_a_figure_of_such_a_case(odd_case: Path) -> None:
    figure = ("figure", "qualitative", odd_case / METHOD, "--reference", odd_case / "data" / "labelsTs")
    for name in (CASE, r"PH\xe9_0485"):
        assert call(*figure, "--case", name, "--out", odd_case / "figure.svg").stdout.startswith("figure: ")


def test_a_data_set_is_told_to_rename_its_cases(odd_case: Path) -> None:
    """Neither a manifest nor what nnU-Net keeps can hold such a name."""
    data = odd_case / "data"
    checked = call("data", "check", data, "--jobs", "1", code=1)
    assert checked.stdout.count(r"PH\xe9_0485") >= 2
    findings = json.loads(call("data", "check", data, "--jobs", "1", "--json", code=1).stdout)["findings"]
    assert "not-unicode" in {finding["code"] for finding in findings}
    for arguments in (
        ("data", "stats", data, "--out", odd_case / "stats"),
        ("report", odd_case / METHOD, "--data", data, "--out", odd_case / "report"),
        ("manifest", data / "labelsTs", "-o", odd_case / "manifest.json"),
        ("manifest", data / "imagesTs", "-o", odd_case / "manifest.json"),
    ):
        result = call(*arguments, code=1)
        assert "has a name that is not UTF-8. Rename it." in result.stderr
        assert r"PH\xe9_0485" in result.stderr


def test_simpleitk_is_not_shown_what_would_end_the_process(root: Path) -> None:
    for arguments in (
        ("data", "phantom", root / "more", "--train", "1", "--test", "1", "--size", "tiny"),
        ("data", "phantom", root / "more", "--as", "kits", "--train", "1", "--test", "1", "--size", "tiny"),
        ("run", "nnunet-v2", "--data", root / "data", "--work", root.parent / "work", "--budget", "smoke"),
    ):
        assert "is in a folder whose name is not UTF-8. Rename that folder" in call(*arguments, code=1).stderr
    assert not (root / "more").exists()
    assert not (root.parent / "work").exists()


def test_statistics(root: Path) -> None:
    call("data", "check", root / "data", "--jobs", "1")
    call("data", "stats", root / "data", "--jobs", "1", "--out", root / "stats")
    call("data", "stats", root / "data", "--jobs", "1", "--json")


def test_a_submission_is_validated_evaluated_and_ranked(root: Path) -> None:
    submission, manifest, results = (root / os.fsdecode(name) for name in (b"sub\xe9", b"m\xe9.json", b"r\xe9sults"))
    shutil.copytree(root / METHOD, submission / "predictions")
    (submission / "submission.yaml").write_text(FORM)
    labels = root / "data" / "labelsTs"
    call("manifest", labels, "-o", manifest, "--track", "demo", "--public")
    call("validate", submission, "--manifest", manifest)
    evaluation = ("evaluate", submission, "--reference", labels, "--results", results, "--manifest", manifest)
    call(*evaluation, "--jobs", "1", "--resamples", "10", "--nnunet-summary")
    call("results", "list", results)
    call("results", "verify", results)
    call("tables", "2", "--results", results)
    call("rank", results, "--claimed", "--resamples", "10", "--permutations", "10")
    call("leaderboard", "build", results, "--out", root / "site")
    assert call("runs", root).stderr == f"no run in {root}\n".replace("\udce9", r"\xe9")


def test_a_prediction_with_such_a_name_is_told_to_the_submitter(root: Path) -> None:
    submission, manifest = root / "submission", root / "manifest.json"
    shutil.copytree(root / METHOD, submission / "predictions")
    (submission / "predictions" / "PHANTOM_0485.nii.gz").rename(submission / "predictions" / f"{CASE}.nii.gz")
    (submission / "submission.yaml").write_text(FORM)
    call("manifest", root / "data" / "labelsTs", "-o", manifest, "--track", "demo", "--public")
    assert r"PH\xe9_0485.nii.gz" in call("validate", submission, "--manifest", manifest, code=1).stdout
    told = json.loads(call("validate", submission, "--manifest", manifest, "--json", code=1).stdout)
    assert "PHANTOM_0485" in json.dumps(told)
