from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.records.record_store import read_records

FORM = "method: Rater 2\nauthors: [A. Rater]\naffiliation: Here\ncontact: a@here.org\ntrack: kits-raters\n"


@pytest.fixture
def submission(kits_raters: Path, tmp_path: Path) -> Path:
    """The second rater's outlines of four patients, and the first's in `labels`."""
    for rater, folder in (("rater1", "labels"), ("rater2", "submission/predictions")):
        (tmp_path / folder).mkdir(parents=True)
        for path in sorted((kits_raters / rater).iterdir())[:4]:
            shutil.copy(path, tmp_path / folder / path.name)
    (tmp_path / "submission" / "submission.yaml").write_text(FORM)
    return tmp_path / "submission"


def _evaluate(submission: Path, *options: str) -> Result:
    folders = ["--reference", str(submission.parent / "labels"), "--results", str(submission.parent / "results")]
    arguments = ["evaluate", str(submission), *folders, "--jobs", "1", "--resamples", "100", *options]
    return CliRunner().invoke(main, arguments)


def test_a_submission_becomes_a_record(submission: Path) -> None:
    result = _evaluate(submission, "--nnunet-summary")
    assert result.exit_code == 0, result.output
    results = submission.parent / "results"
    (record,) = read_records(results)
    assert f"Rater 2, kits-raters, claimed: {record.id}" in result.stdout
    dsc = record.classes["kidney_tumor"].dsc.value
    assert dsc is not None
    assert f"Kidney tumor       {100 * dsc:.2f}" in result.stdout
    assert "undefined, for no case has such a lesion" in result.stdout
    assert "Without an interval: fewer than 5 cases have such a lesion" in result.stdout
    assert "valid: predictions of 4 of 4 cases" in result.stderr
    assert f"record: {results / 'records' / 'kits-raters' / record.id}\n" in result.stderr
    summary = json.loads((results / "records" / "kits-raters" / record.id / "summary.json").read_text())
    assert summary["mean"]["4"]["Dice"] == pytest.approx(dsc)
    assert str(submission.parent) not in json.dumps(summary), "published, and no place on this machine"
    again = _evaluate(submission)
    assert again.exit_code == 0
    assert again.stdout == result.stdout
    assert "this submission was recorded before and is not scored again" in again.stderr
    listed = CliRunner().invoke(main, ["results", "list", str(results)])
    assert record.id in listed.stdout
    verify = ["results", "verify", str(results)]
    scored = ["--submission", str(submission), "--reference", str(submission.parent / "labels"), "--jobs", "1"]
    verified = CliRunner().invoke(main, [*verify, *scored])
    assert (verified.exit_code, verified.stdout) == (0, "1 record: nothing differs.\n")
    (results / "records" / "kits-raters" / record.id / "cases.csv").unlink()
    broken = CliRunner().invoke(main, verify)
    assert broken.exit_code == 1
    assert "cases.csv: cannot be read" in broken.stderr


def test_a_submission_that_is_wrong(submission: Path) -> None:
    (submission / "submission.yaml").write_text(FORM.replace("contact: a@here.org\n", ""))
    result = _evaluate(submission)
    assert result.exit_code == 1
    assert "[form-field-missing]" in result.stdout
    assert "not valid: 1 error" in result.stdout
    assert not (submission.parent / "results").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate"],
        ["evaluate", "a"],
        ["evaluate", "a", "--reference", "b", "--results", "c", "--jobs", "0"],
        ["evaluate", "a", "--reference", "b", "--results", "c", "--resamples", "0"],
        ["evaluate", "a", "--reference", "b", "--results", "c", "--resamples", "1000001"],
        ["evaluate", "a", "--reference", "b", "--results", "c", "--seed", "-1"],
        ["results"],
        ["results", "verify"],
        ["results", "verify", "a", "--submission", "b"],
        ["results", "verify", "a", "--reference", "b"],
    ],
)
def test_a_wrong_call(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_what_is_not_there(tmp_path: Path) -> None:
    folders = ["--reference", str(tmp_path / "labels"), "--results", str(tmp_path / "results")]
    result = CliRunner().invoke(main, ["evaluate", str(tmp_path / "nothing"), *folders])
    assert result.exit_code == 1
    assert str(tmp_path / "labels") in result.stderr
    for command in ("list", "verify"):
        result = CliRunner().invoke(main, ["results", command, str(tmp_path / "results")])
        assert result.exit_code == 1
        assert "there is no such results folder" in result.stderr


def test_an_empty_results_folder(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["results", "list", str(tmp_path)]).stdout == "no records\n"
