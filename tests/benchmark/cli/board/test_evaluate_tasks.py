"""`mswal-bench evaluate --on`: a folder of submissions, a task each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.jobs import slurm_queue
from mswal_bench.benchmark.jobs.slurm_queue import Submitted
from mswal_bench.benchmark.jobs.tasks import TaskPlan
from mswal_bench.benchmark.records.record_store import read_records

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

FORM = "method: {}\nauthors: [A. Author]\naffiliation: Here\ncontact: a@here.org\ntrack: demo\n"
LOCAL = ("--on", "local", "--devices", "cpu,cpu")


@pytest.fixture
def inbox(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """Two submissions that are right, one of them an archive with a space in its name, and one without a form."""
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1, 1:3, 1:4] = 3
    for name in ("One", "Two", "none"):
        folder = tmp_path / "inbox" / name
        save_labels(folder / "predictions" / "case.nii.gz", labels)
        (folder / "submission.yaml").write_text(FORM.format(name))
    save_labels(tmp_path / "labels" / "case.nii.gz", labels)
    (folder / "submission.yaml").unlink()
    shutil.make_archive(str(tmp_path / "inbox" / "number 2"), "zip", tmp_path / "inbox" / "Two")
    shutil.rmtree(tmp_path / "inbox" / "Two")
    return tmp_path / "inbox"


def _evaluate(inbox: Path, *options: str) -> Result:
    folders = ["--reference", str(inbox.parent / "labels"), "--results", str(inbox.parent / "results")]
    return CliRunner().invoke(main, ["evaluate", str(inbox), *folders, "--resamples", "10", *options])


def test_a_line_a_submission(inbox: Path) -> None:
    results, work = inbox.parent / "results", str(inbox.parent / "work")
    first = _evaluate(inbox, "--work", work, *LOCAL)
    assert first.exit_code == 1
    ids = {record.form.method: record.id for record in read_records(results)}
    assert sorted(ids) == ["One", "Two"]
    places = {name: results / "records" / "demo" / of for name, of in ids.items()}
    assert first.stdout == f"One: record {places['One']}\nnumber 2.zip: record {places['Two']}\n"
    (error,) = [line for line in first.stderr.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: none: refused: ")
    assert "[form-missing]" in error
    assert [path.name for path in results.iterdir()] == ["records"]
    # The one that was refused is right now, and it alone is evaluated.
    (inbox / "none" / "submission.yaml").write_text(FORM.format("Three"))
    second = _evaluate(inbox, "--work", work, *LOCAL)
    assert second.exit_code == 0, second.stderr
    assert len(read_records(results)) == 3
    assert [line.partition(" begun")[0] for line in second.stderr.splitlines() if "begun" in line] == [
        "evaluate: none:"
    ]
    assert len(second.stdout.splitlines()) == 3


def test_on_slurm_it_is_queued(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[TaskPlan] = []

    def submit(plan: TaskPlan, *_: object, **__: object) -> Submitted:
        plans.append(plan)
        return Submitted(len(plan.tasks), len(plan.arrays), 0)

    monkeypatch.setattr(slurm_queue, "submit_to_slurm", submit)
    monkeypatch.chdir(inbox.parent)
    options = (
        "--track",
        "demo",
        "--private",
        "private",
        "--verified",
        "--key",
        "k",
        "--jobs",
        "2",
        "--seed",
        "7",
        "--manifest",
        "m",
    )
    result = _evaluate(inbox, "--work", "work", "--on", "slurm", *options)
    assert (result.exit_code, result.stdout) == (0, "queued: 3 tasks in 1 array\n")
    assert "`mswal-bench runs work` shows how far they are" in result.stderr
    command = plans[0].tasks[0].command
    given = dict(zip(command[2:-1:2], command[3:-1:2], strict=True))
    assert given == {
        "--reference": str(inbox.parent / "labels"),
        "--results": str(inbox.parent / "results"),
        "--manifest": str(inbox.parent / "m"),
        "--private": str(inbox.parent / "private"),
        "--key": str(inbox.parent / "k"),
        "--track": "demo",
        "--jobs": "2",
        "--resamples": "10",
        "--seed": "7",
    }
    assert (command[:2], command[-1]) == (("evaluate", str(inbox / "One")), "--verified")
    cancelled = _evaluate(inbox, "--work", "work", "--on", "slurm", "--cancel")
    assert cancelled.stdout == "taken out of the queue: 0 tasks\n"


def test_without_it_a_folder_of_several_is_refused(inbox: Path) -> None:
    result = _evaluate(inbox)
    assert (result.exit_code, result.stdout) == (1, "")
    told = "is a folder of several submissions: expected one; with --on each of them is evaluated"
    assert result.stderr == f"error: {inbox}: {told}, found One, none, number 2.zip.\n"
    assert _evaluate(inbox, *LOCAL).exit_code == 2, "--work is needed"
    alone = _evaluate(inbox, "--work", str(inbox.parent / "work"))
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "--work is of --on" in alone.stderr
    assert "Only --on slurm takes --gpus." in _evaluate(inbox, "--gpus", "0").stderr
    assert sorted(path.name for path in inbox.parent.iterdir()) == ["inbox", "labels"]
    # A folder around a single one is that one.
    (inbox / "number 2.zip").unlink()
    shutil.rmtree(inbox / "none")
    assert _evaluate(inbox).exit_code == 0


def test_other_names_of_the_labels_are_other_records(inbox: Path) -> None:
    results, work = inbox.parent / "results", str(inbox.parent / "work")
    shutil.rmtree(inbox / "none")
    assert _evaluate(inbox, "--work", work, *LOCAL).exit_code == 0
    labels = {"background": 0, **{f"organ {number}": number for number in range(1, 9)}}
    (inbox.parent / "dataset.json").write_text(json.dumps({"labels": labels}))
    again = _evaluate(inbox, "--work", work, *LOCAL)
    assert again.exit_code == 0, again.stderr
    protocols = [record.protocol for record in read_records(results)]
    assert sorted(protocol.startswith("mswal/1 on organ_1+") for protocol in protocols) == [False, False, True, True]
