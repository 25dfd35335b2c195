"""Nothing that a hidden track publishes or tells is of a single case."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records import scored_rows
from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.identity import resealed, sealed
from mswal_bench.benchmark.records.publication import DECIMALS, published
from mswal_bench.benchmark.records.record_store import read_record, read_records
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest_file import write_manifest
from mswal_bench.tests.benchmark.signed_records import key_file

from .conftest import CASES

if TYPE_CHECKING:
    from .conftest import TargetOf


@pytest.fixture
def manifest(tmp_path: Path, labels: Path) -> Path:
    """Of the hidden track `demo`."""
    write_manifest(manifest_of(labels, "demo", True), tmp_path / "manifest.json")
    return tmp_path / "manifest.json"


def _evaluate(tmp_path: Path, *options: str, private: str | None = "private") -> Result:
    folders = ["--reference", str(tmp_path / "labels"), "--results", str(tmp_path / "results")]
    manifest = ["--manifest", str(tmp_path / "manifest.json"), "--jobs", "1", "--resamples", "100"]
    hidden = ["--private", str(tmp_path / private)] if private is not None else []
    arguments = ["evaluate", str(tmp_path / "submission"), *folders, *manifest, *hidden, *options]
    return CliRunner().invoke(main, arguments)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in _numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in _numbers(inner)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_rows_are_private_and_aggregates_public(submission: Path, manifest: Path, tmp_path: Path) -> None:
    result = _evaluate(tmp_path, "--verified", "--key", str(key_file(tmp_path)), "--nnunet-summary")
    assert result.exit_code == 0, result.output
    (record,) = read_records(tmp_path / "results")
    published_files = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert sorted(path.name for path in published_files) == ["organiser.pub", "record.json", "record.json.sig"]
    folder = tmp_path / "private" / "demo" / record.id
    names = ["cases.csv", "lesions.csv", "record.json", "record.json.sig", "summary.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (tmp_path / "private").stat().st_mode & 0o077 == 0
    kept = read_record(folder)
    assert sorted(kept.files) == names[:2]
    assert record == resealed(published(kept))


def test_the_published_record_has_nothing_of_a_case(submission: Path, manifest: Path, tmp_path: Path) -> None:
    assert _evaluate(tmp_path).exit_code == 0
    (path,) = (tmp_path / "results").rglob("record.json")
    text, content = path.read_text(), json.loads(path.read_text())
    assert not [case for case in CASES if case in text]
    assert str(tmp_path) not in text
    estimates = {"classes": content["classes"], "average": content["average"]}
    counts = {"dsc_classes", "f1_classes"}
    fractions = _numbers({key: value for key, value in estimates["average"].items() if key not in counts})
    fractions += _numbers(estimates["classes"])
    assert fractions
    assert all(round(number, DECIMALS) == number for number in fractions)
    # Every whole number is one that the manifest, the form or the call tells.
    others = {key: value for key, value in content.items() if key not in estimates}
    assert sorted(_numbers(others)) == sorted([1, 6, 1, 1, 100, 0, 0.95, content["environment"]["cpu_cores"]])
    # No number of a single case is among them.
    (rows,) = (tmp_path / "private").rglob("cases.csv")
    with rows.open() as file:
        of_cases = {round(float(row["dsc"]), DECIMALS) for row in csv.DictReader(file) if row["dsc"]}
    assert not (of_cases - {0.0, 1.0}) & {each["dsc"]["value"] for each in content["classes"].values()}


def test_what_rests_on_few_cases_is_withheld(submission: Path, manifest: Path, tmp_path: Path) -> None:
    result = _evaluate(tmp_path)
    assert "withheld, for fewer than 5 cases have such a lesion" in result.stdout
    (record,) = read_records(tmp_path / "results")
    (private,) = (tmp_path / "private").rglob("record.json")
    kept = read_record(private.parent)
    # Kidney cysts are in three references and one more prediction: four cases.
    assert kept.classes["kidney_cyst"].dsc.value is not None
    assert {estimate for _, estimate in record.classes["kidney_cyst"]} == {Estimate(value=None)}
    assert record.classes["liver_tumor"].dsc.value is not None


def test_a_faulty_label_is_told_in_the_private_log_alone(
    submission: Path, labels: Path, manifest: Path, tmp_path: Path, save_labels: Any
) -> None:
    import numpy as np

    spoilt = np.zeros((4, 6, 40), np.uint8)
    spoilt[2, 3, 4] = 77
    save_labels(labels / "case_4.nii.gz", spoilt)
    result = _evaluate(tmp_path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "for a reason on the organiser's side" in result.stderr
    assert not [word for word in ("77", "case_4", "labels", str(tmp_path)) if word in result.output.split("valid:")[0]]
    assert "case_4" not in result.output
    assert "77" not in result.output
    log = (tmp_path / "private" / "evaluation.log").read_text()
    assert "case_4.nii.gz" in log
    assert "77" in log
    assert not list((tmp_path / "results").rglob("record.json"))


def test_a_crash_is_told_in_the_private_log_alone(
    submission: Path, target_of: TargetOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("4711 voxels of label 3")

    monkeypatch.setattr(scored_rows, "score_folders", crash)
    with pytest.raises(BenchError) as raised:
        evaluate(submission, target_of(hidden=True), jobs=1)
    assert "4711" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert "4711 voxels of label 3" in (tmp_path / "private" / "evaluation.log").read_text()


@pytest.mark.parametrize(
    ("private", "told"),
    [
        (None, "the track demo is hidden"),
        ("results", "lies in the results folder"),
        ("results/in/it", "lies in the results folder"),
        ("link", "lies in the results folder"),
    ],
)
def test_where_rows_may_not_go(
    private: str | None, told: str, submission: Path, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "results")
    result = _evaluate(tmp_path, private=private)
    assert result.exit_code == 1
    assert told in result.stderr
    assert not [path for path in (tmp_path / "results").rglob("*") if path.is_file()]


def test_hidden_labels_may_not_lie_in_the_results(
    submission: Path, labels: Path, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    labels.rename(tmp_path / "results" / "labels")
    labels.symlink_to(tmp_path / "results" / "labels")
    result = _evaluate(tmp_path)
    assert result.exit_code == 1
    assert "the folder of hidden labels lies in the results folder" in result.stderr


def test_a_private_folder_for_a_track_that_is_not_hidden(submission: Path, labels: Path, tmp_path: Path) -> None:
    write_manifest(manifest_of(labels, "demo", False), tmp_path / "manifest.json")
    result = _evaluate(tmp_path)
    assert result.exit_code == 1
    assert "the track demo is not hidden, so that its rows would be published all the same" in result.stderr


def test_a_form_does_not_unhide_a_track(submission: Path, labels: Path, tmp_path: Path) -> None:
    """Without a manifest it names the track, which says nothing of whether labels are kept back."""
    folders = ["--reference", str(labels), "--results", str(tmp_path / "results"), "--jobs", "1"]
    private = ["--private", str(tmp_path / "private")]
    result = CliRunner().invoke(main, ["evaluate", str(submission), *folders, *private])
    assert result.exit_code == 0, result.output
    (record,) = read_records(tmp_path / "results")
    assert record.hidden
    form = submission / "submission.yaml"
    form.write_text(form.read_text().replace("track: demo", "track: official-test"))
    result = CliRunner().invoke(main, ["evaluate", str(submission), *folders])
    assert result.exit_code == 1
    assert "the track official-test is hidden" in result.stderr


def test_an_interrupted_publication_is_taken_up(submission: Path, manifest: Path, tmp_path: Path) -> None:
    assert _evaluate(tmp_path).exit_code == 0
    (public,) = (tmp_path / "results").rglob("record.json")
    before = public.read_bytes()
    public.unlink()
    public.parent.rmdir()
    assert _evaluate(tmp_path).exit_code == 0
    assert public.read_bytes() == before, "it is the record that the private folder has"
    public.unlink()
    public.parent.rmdir()
    (rows,) = (tmp_path / "private").rglob("record.json")
    kept = read_record(rows.parent)
    other = kept.model_copy(update={"files": {**kept.files, "cases.csv": "sha256:" + "0" * 64}})
    rows.write_text(record_json(sealed(other)))
    result = _evaluate(tmp_path)
    assert result.exit_code == 1
    assert "has other rows under this id" in (tmp_path / "private" / "evaluation.log").read_text()
