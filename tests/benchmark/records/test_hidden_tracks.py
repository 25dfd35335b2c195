"""Nothing that a hidden track publishes or tells is of a single case."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records import scored_rows
from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.identity import resealed, sealed
from mswal_bench.benchmark.records.publication import published
from mswal_bench.benchmark.records.record_store import read_record, read_records
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.release_ledger import Ledger
from mswal_bench.benchmark.records.release_policy import ReleasePolicy
from mswal_bench.benchmark.records.result_record import record_text
from mswal_bench.benchmark.records.verify_records import verify_records
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest_file import write_manifest
from mswal_bench.tests.benchmark.signed_records import key_file

from .conftest import CASES, FORM

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
    assert len(fractions) == 2
    assert all(round(number, 2) == number for number in fractions)
    # Every whole number is one that the manifest, the form, the call or the policy tells.
    assert content.pop("release") == {"policy": ReleasePolicy().model_dump(), "shown": True}
    others = {key: value for key, value in content.items() if key not in estimates}
    assert sorted(_numbers(others)) == sorted([1, 6, 1, 1, 100, 0, 0.95, content["environment"]["cpu_cores"]])
    (private,) = (tmp_path / "private").rglob("record.json")
    kept = read_record(private.parent)
    assert content["average"]["dsc"]["value"] == int(100 * (kept.average.dsc.value or 0)) / 100
    assert all(
        estimate == Estimate(value=None)
        for of in read_records(tmp_path / "results")[0].classes.values()
        for _, estimate in of
    )


def test_what_is_printed_says_what_is_kept_back(submission: Path, manifest: Path, tmp_path: Path) -> None:
    printed = _evaluate(tmp_path).stdout
    assert "rounded down to a whole point" in printed
    assert "Liver tumor" not in printed
    assert re.search(r"^Avg\. +\d+ +\d+$", printed, re.MULTILINE)
    (record,) = read_records(tmp_path / "results")
    (private,) = (tmp_path / "private").rglob("record.json")
    assert "Liver tumor" in record_text(read_record(private.parent)), "the organiser's own has all"
    assert record.to_frame()["value"].dropna().tolist() == [
        record.average.dsc.value,
        record.average.f1.value,
    ]


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
    """Without a manifest it names the track, which says nothing of whether labels are kept back.

    A hidden one it does not name either: each name would have a budget and a ladder of its own.
    """
    folders = ["--reference", str(labels), "--results", str(tmp_path / "results"), "--jobs", "1"]
    private = ["--private", str(tmp_path / "private")]
    result = CliRunner().invoke(main, ["evaluate", str(submission), *folders, *private])
    assert result.exit_code == 1
    assert "not for a submission's form to name" in result.stderr
    result = CliRunner().invoke(main, ["evaluate", str(submission), *folders, *private, "--track", "demo"])
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


def _hand_in(submission: Path, tmp_path: Path, method: str, columns: int, *options: str) -> Result:
    """Evaluates other predictions: the columns of every case that are left are the first ones."""
    import SimpleITK

    form = submission / "submission.yaml"
    form.write_text(FORM.replace("Careful Net", method))
    for path in (submission / "predictions").iterdir():
        image = SimpleITK.ReadImage(str(tmp_path / "labels" / path.name))
        image[columns:, :, :] = 0
        SimpleITK.WriteImage(image, str(path))
    return _evaluate(tmp_path, *options)


def _shown(tmp_path: Path) -> dict[str, float | None]:
    return {record.form.method: record.average.dsc.value for record in read_records(tmp_path / "results")}


def test_a_team_climbs_a_ladder_within_its_budget(submission: Path, manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text('{"submissions": 3, "recent": 3}')
    policy = ("--policy", str(tmp_path / "policy.json"))
    assert _hand_in(submission, tmp_path, "first", 5, *policy).exit_code == 0
    worse = _hand_in(submission, tmp_path, "worse", 4)
    assert "Not shown: neither average is a step above" in worse.stdout
    assert "note: the team a.author@here.org has used 2 of its 3 submissions" in worse.stderr
    assert "not shown" in CliRunner().invoke(main, ["results", "list", str(tmp_path / "results")]).output
    assert _hand_in(submission, tmp_path, "best", 40).exit_code == 0
    shown = _shown(tmp_path)
    assert shown["worse"] is None
    assert 0 < (shown["first"] or 0) < (shown["best"] or 0)
    refused = _hand_in(submission, tmp_path, "fourth", 6)
    assert refused.exit_code == 1
    assert "a.author@here.org has handed in all 3 submissions" in refused.stderr
    assert "organiser's side" not in refused.stderr
    # The same predictions under another form are no new question, and another team has a budget of its own.
    again = _hand_in(submission, tmp_path, "worse again", 4)
    assert again.exit_code == 0
    assert _shown(tmp_path)["worse again"] is None
    assert _hand_in(submission, tmp_path, "others", 4, "--team", "others").exit_code == 0
    assert _shown(tmp_path)["others"] is not None
    assert verify_records(tmp_path / "results", tmp_path / "private").problems == ()
    published_text = "".join(path.read_text() for path in (tmp_path / "results").rglob("record.json"))
    assert "a.author@here.org" not in published_text
    signed = _hand_in(submission, tmp_path, "best", 40, "--verified", "--key", str(key_file(tmp_path)))
    assert (signed.exit_code, "the record is a claim" in signed.stderr) == (0, False)
    assert "note: the record is a claim, ranked apart: --verified --key KEY" in worse.stderr


def test_a_submission_that_cannot_be_scored_costs_nothing(
    submission: Path, manifest: Path, tmp_path: Path, save_labels: Any
) -> None:
    import numpy as np

    save_labels(submission / "predictions" / "case_2.nii.gz", np.full((4, 6, 40), 9, np.uint8))
    for _ in range(7):
        assert _evaluate(tmp_path).exit_code == 1
    for number in (5, 6):
        assert _hand_in(submission, tmp_path, f"valid {number}", number).exit_code == 0
    assert "2 submissions within 30 days" in _hand_in(submission, tmp_path, "third", 7).stderr


def test_a_crash_while_scoring_costs_one_submission(
    submission: Path, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(scored_rows, "score_folders", lambda *_, **__: 1 / 0)
        for _ in range(3):
            assert "organiser's side" in _evaluate(tmp_path).stderr
    assert _evaluate(tmp_path).exit_code == 0
    ledger = Ledger.of(tmp_path / "private", "demo").read()
    assert [line.what for line in ledger] == ["policy", "charged", "released"]


def test_a_record_that_was_kept_before_there_were_policies_is_released_by_one(
    submission: Path, manifest: Path, tmp_path: Path
) -> None:
    assert _evaluate(tmp_path).exit_code == 0
    shutil.rmtree(tmp_path / "results")
    (path,) = (tmp_path / "private").rglob("record.json")
    path.write_text(record_json(resealed(read_record(path.parent).model_copy(update={"release": None}))))
    assert _evaluate(tmp_path).exit_code == 0
    (record,) = read_records(tmp_path / "results")
    assert record.classes["liver_tumor"].dsc.value is None
    assert verify_records(tmp_path / "results", tmp_path / "private").problems == ()


def test_releases_that_do_not_follow_from_the_ledger(submission: Path, manifest: Path, tmp_path: Path) -> None:
    assert _evaluate(tmp_path).exit_code == 0
    ledger = Ledger.of(tmp_path / "private", "demo").path
    line = json.loads(ledger.read_text().splitlines()[-1])

    def problems(**changed: object) -> str:
        lines = ledger.read_text().splitlines()[:2]
        ledger.write_text("\n".join([*lines, json.dumps(line | changed)]) + "\n")
        return _problems_of(tmp_path)

    assert problems() == ""
    assert "whether" in problems(shown=False)
    assert "Avg. DSC" in problems(dsc_steps=99)
    assert "is not in the ledger" in problems(record="0" * 16)
    assert "to a team that was not charged" in problems(team="others")
    policy, charge, release = ledger.read_text().splitlines()
    for lines in ([charge, release], [charge, policy, release], [policy, charge, release, policy]):
        ledger.write_text("\n".join(lines) + "\n")
        assert "the track's policy in its first line" in _problems_of(tmp_path)


def _problems_of(tmp_path: Path) -> str:
    return str(BenchError(*verify_records(tmp_path / "results", tmp_path / "private").problems))


@pytest.mark.parametrize("wrong", ["another folder", "a lost ledger"])
def test_a_budget_does_not_begin_anew_beside_the_same_records(
    wrong: str, submission: Path, manifest: Path, tmp_path: Path
) -> None:
    """With a mistyped --private each team would have all of its submissions again, and a ladder without a step."""
    assert _hand_in(submission, tmp_path, "first", 5).exit_code == 0
    private = tmp_path / "private"
    if wrong == "another folder":
        private.rename(tmp_path / "real")
    else:
        Ledger.of(private, "demo").path.unlink()
    result = _hand_in(submission, tmp_path, "second", 6)
    assert result.exit_code == 1
    assert "organiser's side" in result.stderr
    assert "does not have the release of" in (private / "evaluation.log").read_text()
    assert len(read_records(tmp_path / "results")) == 1


def test_a_team_has_a_name(submission: Path, manifest: Path, tmp_path: Path) -> None:
    assert "names no team" in _evaluate(tmp_path, "--team", " \u200b").stderr


def test_a_team_is_for_hidden_tracks_alone(submission: Path, labels: Path, tmp_path: Path) -> None:
    write_manifest(manifest_of(labels, "demo", False), tmp_path / "manifest.json")
    result = _evaluate(tmp_path, "--team", "us", private=None)
    assert result.exit_code == 1
    assert "--team is for hidden ones" in result.stderr
