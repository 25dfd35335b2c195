from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from filelock import FileLock

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records import evaluate_submission as evaluating
from mswal_bench.benchmark.records import record_writing
from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.record_store import read_records
from mswal_bench.benchmark.scoring import score_files
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.submissions.validate import validate
from mswal_bench.metrics import CaseScore, score_case

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

    from .conftest import TargetOf

# Where a NIfTI header has the slope.
_SLOPE = 112


def _evaluated(submission: Path, target_of: TargetOf, **options: object) -> Any:
    allow_missing = bool(options.pop("allow_missing", False))
    target = target_of(**options)
    return evaluate(submission, target, allow_missing=allow_missing, jobs=1, resamples=200)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_unpacked_once(submission: Path, target_of: TargetOf, voxels_read: list[str]) -> None:
    assert _evaluated(submission, target_of).record is not None
    files = sorted(path.name for path in (submission / "predictions").iterdir())
    assert sorted(voxels_read) == sorted(2 * files)


def test_the_numbers_are_those_of_the_scorer(submission: Path, labels: Path, target_of: TargetOf) -> None:
    record = _evaluated(submission, target_of).record
    table = score_folders([submission / "predictions"], labels, jobs=1, details=True)
    (method,) = table.values()
    assert record.cases == 6
    for key, score in method.classes.items():
        details = method.details[key]
        expected = (score.dsc, score.f1, score.f1_per_case, details.every_size.precision, details.every_size.recall)
        of = record.classes[key]
        found = [each.value for each in (of.dsc, of.f1, of.f1_per_case, of.precision, of.recall)]
        assert found == [None if np.isnan(number) else pytest.approx(number) for number in expected]
    tumor = record.classes["liver_tumor"]
    # Five of six tumors are matched, and the sixth prediction is none.
    assert (tumor.f1.value, tumor.recall.value) == (pytest.approx(5 / 6), pytest.approx(5 / 6))
    assert tumor.dsc.low < tumor.dsc.value < tumor.dsc.high
    assert record.average.dsc.value == pytest.approx(method.average.dsc)
    assert (record.average.dsc_classes, record.average.f1_classes) == (2, 2)


def test_what_is_written(submission: Path, target_of: TargetOf, tmp_path: Path) -> None:
    record = _evaluated(submission, target_of).record
    names = [f"records/demo/{record.id}/{name}" for name in ("cases.csv", "lesions.csv", "record.json")]
    assert sorted(_files(tmp_path / "results")) == names
    content = json.loads((tmp_path / "results" / names[2]).read_text())
    assert content["schema_version"] == 1
    assert content["form"]["method"] == "Careful Net"
    assert "a.author@here.org" not in json.dumps(content)
    assert read_records(tmp_path / "results") == [record]
    rows = (tmp_path / "results" / names[0]).read_text().splitlines()
    assert len(rows) == 1 + 6 * 7
    assert all(row.startswith("Careful Net,case_") for row in rows[1:])
    assert not (tmp_path / "results" / ".evaluating").exists()


def test_the_same_again_is_recognised_before_it_is_scored(
    submission: Path, target_of: TargetOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _evaluated(submission, target_of)
    before = _files(tmp_path / "results")
    monkeypatch.setattr(evaluating, "score_submission", pytest.fail)
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", submission.parent, submission.name))
    for path in (submission, packed):
        again = _evaluated(path, target_of)
        assert (first.is_new, again.is_new, again.record) == (True, False, first.record)
    form = submission / "submission.yaml"
    form.write_text(form.read_text().replace("a.author@", "another@"))
    assert not _evaluated(submission, target_of).is_new, "the address is no part of what is evaluated"
    assert _files(tmp_path / "results") == before


@pytest.mark.parametrize("what", ["prediction", "reference", "form", "status"])
def test_what_makes_another_record(
    what: str, submission: Path, labels: Path, target_of: TargetOf, tmp_path: Path
) -> None:
    first = _evaluated(submission, target_of).record
    if what == "prediction":
        shutil.copy(labels / "case_1.nii.gz", submission / "predictions" / "case_1.nii.gz")
    elif what == "reference":
        shutil.copy(submission / "predictions" / "case_5.nii.gz", labels / "case_5.nii.gz")
    elif what == "form":
        form = submission / "submission.yaml"
        form.write_text(form.read_text() + "notes: better\n")
    second = _evaluated(submission, target_of, status="verified" if what == "status" else "claimed")
    assert second.is_new
    assert second.record.id != first.id
    told = [note for note in second.notes if f"recorded as 'Careful Net' under another form ({first.id})" in note]
    assert len(told) == (what == "form")
    # A claim that the organiser has verified counts no more.
    assert len(read_records(tmp_path / "results")) == (1 if what == "status" else 2)


def test_what_is_verified_is_not_claimed_again(submission: Path, target_of: TargetOf) -> None:
    verified = _evaluated(submission, target_of, status="verified").record
    again = _evaluated(submission, target_of)
    assert (again.is_new, again.record) == (False, verified)


def test_a_submission_that_is_wrong_is_not_scored(
    submission: Path, target_of: TargetOf, tmp_path: Path, save_labels: SaveLabels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluating, "score_submission", pytest.fail)
    save_labels(submission / "predictions" / "case_1.nii.gz", np.full((4, 6, 40), 9, np.uint8))
    (submission / "predictions" / "case_2.nii.gz").unlink()
    outcome = _evaluated(submission, target_of)
    assert outcome.record is None
    assert {finding.code for finding in outcome.validation.findings} == {"not-labels", "missing-case"}
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("hidden", [False, True])
def test_voxels_that_are_wrong_are_told_as_by_validating(
    hidden: bool, submission: Path, target_of: TargetOf, tmp_path: Path, save_labels: SaveLabels
) -> None:
    """The scorer finds them first; what is told of them is the submission's alone."""
    save_labels(submission / "predictions" / "case_1.nii.gz", np.full((4, 6, 40), 9, np.uint8))
    content = (submission / "predictions" / "case_4.nii.gz").read_bytes()
    (submission / "predictions" / "case_4.nii.gz").write_bytes(content[:-9])
    outcome = _evaluated(submission, target_of, hidden=hidden)
    assert outcome.record is None
    assert outcome.validation == validate(submission, target_of(hidden=hidden).manifest, deep=True)
    assert {finding.code for finding in outcome.validation.findings} == {"not-labels", "truncated"}
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "private").exists()


def test_labels_that_are_rounded_are_noted(submission: Path, target_of: TargetOf) -> None:
    path = submission / "predictions" / "case_1.nii.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<f", content, _SLOPE, 1.001)
    path.write_bytes(gzip.compress(content))
    outcome = _evaluated(submission, target_of)
    assert outcome.record is not None
    assert outcome.validation == validate(submission, target_of().manifest, deep=True)
    assert "scaled-labels" in {finding.code for finding in outcome.validation.findings}


def test_missing_predictions_count_as_empty_and_are_named(submission: Path, target_of: TargetOf) -> None:
    (submission / "predictions" / "case_2.nii.gz").unlink()
    assert _evaluated(submission, target_of).record is None
    record = _evaluated(submission, target_of, allow_missing=True).record
    assert record.missing == ("case_2",)
    assert record.classes["liver_tumor"].recall.value == pytest.approx(4 / 6)


def test_a_reference_that_is_wrong_leaves_no_record(
    submission: Path, labels: Path, target_of: TargetOf, tmp_path: Path
) -> None:
    target = target_of()
    (labels / "case_1.nii.gz").write_bytes(b"no volume")
    (labels / "case_2.nii.gz").unlink()
    with pytest.raises(BenchError, match="no label map of 1 cases: case_2"):
        evaluate(submission, target, jobs=1)
    shutil.copy(labels / "case_3.nii.gz", labels / "case_2.nii.gz")
    with pytest.raises(BenchError, match=r"labels/case_1.nii.gz"):
        evaluate(submission, target, jobs=1)
    assert not list((tmp_path / "results").rglob("record.json"))


def test_interrupted_it_goes_on(
    submission: Path, target_of: TargetOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def interrupted(*arguments: Any, **options: Any) -> CaseScore:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return score_case(*arguments, **options)

    monkeypatch.setattr(score_files, "score_case", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _evaluated(submission, target_of)
    assert read_records(tmp_path / "results") == []
    outcome = _evaluated(submission, target_of)
    # Three were kept, the fourth was lost, and three are new.
    assert (outcome.is_new, len(calls)) == (True, 4 + 3)
    assert not (tmp_path / "results" / ".evaluating").exists()


_KILLED = """
import os, sys
from pathlib import Path
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.records import scored_rows
scored_rows.score_folders = lambda *_, **__: os._exit(9)
main(sys.argv[1:])
"""


@pytest.mark.parametrize("hidden", [False, True])
def test_what_a_killed_process_leaves_goes_with_the_next(
    hidden: bool, submission: Path, target_of: TargetOf, tmp_path: Path
) -> None:
    """The copy of the predictions lies where the interrupted work is kept, and nowhere else."""
    target = target_of(hidden=hidden)
    arguments = [submission, "--reference", target.reference, "--results", target.results, "--jobs", 1]
    arguments += ["--private", target.private, "--track", "demo"] if hidden else []
    command = [sys.executable, "-c", _KILLED, "evaluate", *map(str, arguments)]
    assert subprocess.run(command, check=False, env={**os.environ, "TMPDIR": str(tmp_path)}).returncode == 9
    works = (target.private or target.results) / ".evaluating"
    content = {path.read_bytes() for path in submission.rglob("*.nii.gz")}
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() in content]
    copies = [path for path in left if not path.is_relative_to(submission)]
    assert {path.read_bytes() for path in copies} == content
    assert all(path.is_relative_to(works) for path in copies)
    form = submission / "submission.yaml"
    text = form.read_text()
    form.write_text(text + "notes: better\n")
    assert _evaluated(submission, target_of, hidden=hidden).is_new
    assert not [path for path in copies if path.exists()], "the evaluation of another submission removes it too"
    form.write_text(text)
    assert _evaluated(submission, target_of, hidden=hidden).is_new
    assert not works.exists()


def test_a_record_is_whole_or_not_there(
    submission: Path, target_of: TargetOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        if "/results/records/" in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BenchError, match="No space left"):
        _evaluated(submission, target_of)
    assert not list((tmp_path / "results" / "records").rglob("*.json"))
    monkeypatch.undo()
    monkeypatch.setattr(score_files, "score_case", pytest.fail)
    assert _evaluated(submission, target_of).is_new, "what was scored is kept"


def test_another_process_at_the_same_submission(submission: Path, target_of: TargetOf, tmp_path: Path) -> None:
    record = _evaluated(submission, target_of).record
    shutil.rmtree(tmp_path / "results")
    works = tmp_path / "results" / ".evaluating"
    works.mkdir(parents=True)
    with (
        FileLock(works / f"{record.id}.lock"),
        pytest.raises(BenchError, match="another process evaluates this very submission"),
    ):
        _evaluated(submission, target_of)
    assert not (works / record.id).exists(), "the other one may have removed it already"
    assert _evaluated(submission, target_of).is_new


def test_a_record_is_never_overwritten(submission: Path, target_of: TargetOf, tmp_path: Path) -> None:
    record = _evaluated(submission, target_of).record
    before = _files(tmp_path / "results")
    rows = tmp_path / "results" / "records" / "demo" / record.id
    later = record.model_copy(update={"created_at": datetime.now(UTC)})
    with pytest.raises(BenchError, match="there is a record of this id already"):
        record_writing.add_record(later, rows, tmp_path / "results", None)
    assert _files(tmp_path / "results") == before
