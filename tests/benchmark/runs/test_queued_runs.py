"""What the list of runs tells of a cluster's queue, which is a fake one."""

from datetime import timedelta

import pytest

from mswal_bench.benchmark.jobs.attempts import Attempt, Attempts, Outcome, utc_now, write_attempts
from mswal_bench.benchmark.jobs.queue_record import LAUNCH_FOLDER, HandedArray, HandedTask, QueueRecord, write_queue
from mswal_bench.benchmark.jobs.tasks import Task
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_listing import Condition, list_runs
from mswal_bench.benchmark.runs.run_listing_table import runs_table
from mswal_bench.benchmark.runs.run_record import RunIdentity
from mswal_bench.tests.benchmark.fake_slurm import row

FOLDS = tuple(Task(name, f"train fold {fold}", ()) for name in ("mednext", "nnunet-v2") for fold in (0, 1))
SHARDS = tuple(Task("mednext", f"predict shard {number} of 7", ()) for number in range(1, 8))
TABLE = Task("table", "fold-all", ())


@pytest.fixture
def root(tmp_path, fake_slurm):
    """Of a launch of two methods, one of which is begun."""
    digests = {"split_digest": "s", "files_digest": "f", "settings_digest": "t"}
    RunFolder(tmp_path / "mednext").open(
        RunIdentity(method="mednext", budget="smoke", seed=7, dataset="Toy", **digests)
    )
    handed = [
        HandedArray(name=f"n-{job}", at=utc_now(), job=job, tasks=tuple(HandedTask.made_of(task) for task in tasks))
        for job, tasks in (("1", FOLDS), ("2", SHARDS), ("3", (TABLE,)))
    ]
    write_queue(tmp_path / LAUNCH_FOLDER, QueueRecord(id="n", arrays=tuple(handed)))
    return tmp_path


def ended(root, task, outcome, sentence="", job="1_0"):
    later = utc_now() + timedelta(seconds=1)
    attempt = Attempt(job=job, host="n", pid=1, started=later, ended=later, outcome=outcome, sentence=sentence)
    write_attempts(root / LAUNCH_FOLDER, task, Attempts(key=task.key, attempts=(attempt,)))


def queue_all(fake_slurm, *folds):
    """These states of the folds, with all that comes after them pending."""
    fake_slurm.knows(
        *(
            row("1", state, index=index, nodes="node1" * (state == "RUNNING"), name="n-1")
            for index, state in enumerate(folds)
        ),
        *(row("2", "PENDING", "Dependency", index=index, name="n-2") for index in range(7)),
        row("3", "PENDING", "Dependency", name="n-3"),
    )


def test_runs_are_as_their_tasks_are(root, fake_slurm):
    queue_all(fake_slurm, "COMPLETED", "RUNNING", "PENDING", "PENDING")
    ended(root, FOLDS[0], Outcome.DONE)
    listing = list_runs(root)
    begun, not_begun = listing.runs
    assert (begun.folder.name, begun.condition, begun.method) == ("mednext", Condition.RUNNING, "mednext")
    assert (not_begun.folder.name, not_begun.condition, not_begun.method) == ("nnunet-v2", Condition.QUEUED, None)
    assert [str(task) for task in begun.queue[:2]] == ["done", "running on node1"]
    assert [task.name for task in listing.others] == ["fold-all"]
    assert (listing.is_queued, listing.problems) == (True, [])
    assert len(fake_slurm.calls) == 1, "one question for all"


def test_what_failed_is_told_with_its_sentence(root, fake_slurm):
    ended(root, FOLDS[0], Outcome.FAILED, "The disk is full.")
    fake_slurm.knows(
        *(row("2", "CANCELLED", "DependencyNeverSatisfied", index=index, name="n-2") for index in range(7)),
        row("3", "PENDING", "Dependency", name="n-3"),
    )
    listing = list_runs(root)
    assert [run.condition for run in listing.runs] == [Condition.STOPPED, Condition.STOPPED]
    notes = runs_table(listing, root).splitlines()
    assert "mednext, train fold 0: The disk is full." in notes
    assert "mednext, predict shard 3 of 7: A task that it needs failed." in notes
    assert "table fold-all: pending (waits for other tasks)" in notes


def test_shards_are_counted_and_what_is_done_is_not_told(root, fake_slurm):
    queue_all(fake_slurm, "COMPLETED", "PENDING", "PENDING", "PENDING")
    ended(root, FOLDS[0], Outcome.DONE)
    ended(root, SHARDS[0], Outcome.DONE, job="2_0")
    fake_slurm.knows(
        row("1", "PENDING", "Resources", index=1, name="n-1"),
        row("2", "RUNNING", index=1, name="n-2"),
        *(row("2", "PENDING", "JobArrayTaskLimit", index=index, name="n-2") for index in range(2, 7)),
    )
    text = runs_table(list_runs(root), root)
    assert "train fold 0: done" not in text
    assert "train fold 1: pending (waits for a free node)" in text
    assert "5 more: pending (as many run as may at once)" in text
    assert "predict shard 2 of 7: running" in text
    assert "predict shard 3 of 7" not in text


def test_a_narrow_terminal(root, fake_slurm):
    queue_all(fake_slurm, "RUNNING", "PENDING", "PENDING", "PENDING")
    text = runs_table(list_runs(root), root, width=60)
    table = text.splitlines()[: text.splitlines().index("")]
    assert max(map(len, table)) <= 60
    assert "Queue" in text
    assert "train fold 0: running on node1" in text


def test_where_slurm_does_not_answer_the_runs_are_told_and_no_failure(root, fake_slurm):
    (fake_slurm.commands / "squeue").write_text("#!/bin/sh\necho 'cannot be reached' >&2; exit 1\n")
    ended(root, FOLDS[1], Outcome.FAILED, "No luck.", job="1_1")
    listing = list_runs(root)
    assert [problem.what for problem in listing.problems] == ["SLURM's squeue says: cannot be reached"]
    text = runs_table(listing, root)
    assert "train fold 0: not known" in text
    assert "train fold 1: failed" in text
    assert "without a word" not in text


def test_a_damaged_record_of_the_queue_hides_no_run(root, fake_slurm):
    (root / LAUNCH_FOLDER / "queue.json").write_text("{")
    listing = list_runs(root)
    assert [run.folder.name for run in listing.runs] == ["mednext"]
    assert len(listing.problems) == 1


def test_without_a_launch_nobody_asks_slurm(tmp_path, fake_slurm):
    assert list_runs(tmp_path).runs == []
    assert fake_slurm.calls == []
