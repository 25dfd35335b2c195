"""Evaluates in three processes at once, as the jobs of an array on a cluster do, into one results folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.records.record_store import stored_records
from mswal_bench.benchmark.records.submission_folder import submissions_in
from mswal_bench.benchmark.records.verify_records import verify_records

if TYPE_CHECKING:
    from .conftest import TargetOf

# Each waits for the others, for as long as the test does: importing takes longer than evaluating.
_EVALUATE = """
import sys, time
from pathlib import Path
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
submission, labels, results, private, ready = map(Path, sys.argv[1:6])
hidden = sys.argv[6] == "True"
target = EvaluationTarget(manifest_of(labels, "demo", hidden), labels, results, private if hidden else None)
(ready / sys.argv[7]).touch()
while len(list(ready.iterdir())) < 3:
    time.sleep(0.001)
try:
    outcome = evaluate(submission, target, jobs=1, resamples=5)
except BenchError as error:
    print("refused", error)
else:
    print("new" if outcome.is_new else "known" if outcome.record else "invalid")
"""


def _at_once(submissions: list[Path], tmp_path: Path, *, hidden: bool) -> list[str]:
    """What became of each; all folders are made by whoever comes first."""
    folders = [tmp_path / name for name in ("labels", "results", "private", "ready")]
    folders[-1].mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _EVALUATE, *map(str, (submission, *folders, hidden, number))],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, submission in enumerate(submissions)
    ]
    try:
        told = [process.communicate(timeout=120)[0].strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0, 0, 0]
    for folder in folders[1:3]:
        left = [path.name for path in folder.rglob(".*")]
        assert left == [], "what goes when a record is there is gone"
    return told


@pytest.mark.parametrize("hidden", [False, True])
def test_three_submissions_get_three_records(
    hidden: bool, submission: Path, target_of: TargetOf, tmp_path: Path
) -> None:
    for name in ("One", "Two", "Three"):
        of_name = Path(shutil.copytree(submission, tmp_path / "inbox" / name))
        form = of_name / "submission.yaml"
        form.write_text(form.read_text().replace("Careful", name))
    submissions = submissions_in(tmp_path / "inbox")
    assert _at_once(submissions, tmp_path, hidden=hidden) == ["new"] * 3
    results = target_of(hidden=hidden).results
    records = [stored.record for stored in stored_records(results)]
    assert sorted(record.form.method for record in records) == ["One Net", "Three Net", "Two Net"]
    private = tmp_path / "private" if hidden else None
    verified = verify_records(results, private=private)
    assert verified.problems == ()
    rows = (private or results / "records") / "demo"
    assert len(list(rows.glob("*/cases.csv"))) == len(list(rows.glob("*/lesions.csv"))) == 3


@pytest.mark.usefixtures("labels")
def test_one_submission_gets_one_record(submission: Path, tmp_path: Path) -> None:
    told = Counter(_at_once([submission] * 3, tmp_path, hidden=False))
    assert told.pop("new") == 1
    # Whoever comes while it is evaluated is refused, and whoever comes later gets the record.
    reasons = told.keys() - {"known"}
    assert all("another process evaluates this very submission" in reason for reason in reasons)
    assert len(stored_records(tmp_path / "results")) == 1


@pytest.mark.usefixtures("labels")
def test_two_that_are_refused_cost_the_third_nothing(submission: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        shutil.copytree(submission, tmp_path / "inbox" / name)
    for name in ("a", "c"):
        (tmp_path / "inbox" / name / "submission.yaml").write_text("method: 1")
    told = _at_once(submissions_in(tmp_path / "inbox"), tmp_path, hidden=False)
    assert told == ["invalid", "new", "invalid"]
    assert len(stored_records(tmp_path / "results")) == 1
