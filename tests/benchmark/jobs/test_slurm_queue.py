"""What is handed to SLURM, and that nothing is handed over twice, by fake commands that keep what they were given."""

import os
from dataclasses import replace

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs import queue_record, slurm_queue
from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request
from mswal_bench.benchmark.jobs.queue_record import alone_at, read_queue, write_queue
from mswal_bench.benchmark.jobs.slurm_queue import Submitted, cancel_in_slurm, submit_to_slurm
from mswal_bench.benchmark.jobs.tasks import Kind
from mswal_bench.tests.benchmark.fake_slurm import row

from .planned_tasks import FOLDS, JOBS, SHARDS, small_plan


def submit(folder, settings=None, options=None, **more):
    return submit_to_slurm(small_plan(folder), settings or ClusterSettings(), options or Request(), **more)


def rows(folder, states):
    """What squeue prints of the tasks with these states, `STATE` or `STATE REASON`; the others are pending, for other
    tasks, or not known where the state is empty."""
    names = {task.key: array.name for array in read_queue(folder).arrays for task in array.tasks}
    found = []
    for key, (job, index) in JOBS.items():
        state, _, reason = states.get(key, "PENDING Dependency").partition(" ")
        if state:
            found.append(row(job, state, reason or "None", index=index, name=names[key]))
    return found


def commands(fake_slurm):
    return [call.split()[0] for call in fake_slurm.calls]


def test_an_array_for_each_kind_of_step(tmp_path, fake_slurm):
    assert submit(tmp_path) == Submitted(tasks=9, arrays=6, queued_before=0)
    assert [fake_slurm.option(job, "array") for job in fake_slurm.scripts] == [None, None, "0-1%2", "0-2%3", None, None]
    assert [fake_slurm.option(job, "dependency") for job in fake_slurm.scripts] == [
        None,
        "afterok:1",
        # A method that cannot be prepared keeps no other from being trained.
        "afterok:1,afterany:2",
        "afterok:3_0:3_1",
        "afterok:3_0:3_1:4_0:4_1:4_2",
        "afterany:5",
    ]
    assert commands(fake_slurm) == ["scontrol", "scontrol", *["sbatch"] * 6]


def test_no_job_can_wait_for_ever_and_each_is_queued_again(tmp_path, fake_slurm):
    submit(tmp_path)
    for job, script in fake_slurm.scripts.items():
        assert fake_slurm.option(job, "kill-on-invalid-dep") == "yes"
        assert "#SBATCH --requeue\n" in script
        assert fake_slurm.option(job, "signal") == "USR2@600"
        assert fake_slurm.option(job, "open-mode") == "append"


def test_what_is_asked_for(tmp_path, fake_slurm):
    settings = ClusterSettings(
        account="lab",
        at_once=1,
        stop_ahead=20,
        sbatch={"mail-type": "FAIL"},
        setup=("module load cuda",),
        tasks={Kind.TRAIN: Request(partition="a100", time=2880, memory=62.5)},
    )
    submit(tmp_path, settings, Request(qos="long"))
    asked = ("account", "qos", "partition", "time", "cpus-per-task", "gpus-per-node", "mem", "mail-type", "signal")
    assert [fake_slurm.option("3", name) for name in asked] == [
        *("lab", "long", "a100", "2880", "8", "1", "62500M", "FAIL", "USR2@1200"),
    ]
    assert fake_slurm.option("3", "array") == "0-1%1"
    assert [fake_slurm.option("1", name) for name in ("partition", "gpus-per-node", "time")] == [None, None, "240"]
    script = fake_slurm.scripts["3"]
    assert 0 < script.index("\nmodule load cuda\n") < script.index("\nsrun ")
    assert "--cpus-per-task=8" in script[script.index("\nsrun ") :]


def test_of_a_short_time_a_quarter_is_for_the_end(tmp_path, fake_slurm):
    submit(tmp_path, options=Request(time=2))
    assert {fake_slurm.option(job, "signal") for job in fake_slurm.scripts} == {"USR2@30"}


def test_arrays_are_no_longer_than_the_cluster_takes(tmp_path, fake_slurm):
    fake_slurm.limits(largest_array=2)
    assert submit(tmp_path).arrays == 7
    assert [fake_slurm.option(job, "array") for job in ("4", "5")] == ["0-1%2", None]
    assert fake_slurm.option("6", "dependency") == "afterok:3_0:3_1:4_0:4_1:5"


def test_a_cluster_without_arrays(tmp_path, fake_slurm):
    fake_slurm.limits(largest_array=0)
    assert submit(tmp_path) == Submitted(9, 9, 0)
    assert all(fake_slurm.option(job, "array") is None for job in fake_slurm.scripts)
    assert fake_slurm.option("5", "dependency") == "afterok:3:4"


def test_no_more_time_is_asked_for_than_the_partition_gives(tmp_path, fake_slurm):
    partitions = "PartitionName=cpu Default=YES MaxTime=02:00:00\nPartitionName=gpu Default=NO MaxTime=UNLIMITED\n"
    fake_slurm.limits(partitions=partitions)
    notes = []
    submit(tmp_path, ClusterSettings(tasks={Kind.TRAIN: Request(partition="gpu")}), announce=notes.append)
    assert [fake_slurm.option(job, "time") for job in fake_slurm.scripts] == ["120", "120", "1440", "120", "120", "60"]
    assert notes == [
        f"note: {kind}: {minutes} minutes were to be asked for, and the partition gives 120"
        for kind, minutes in (("check", 240), ("prepare", 720), ("predict", 480), ("score", 240))
    ]


def test_what_is_queued_is_not_queued_again(tmp_path, fake_slurm):
    submit(tmp_path)
    fake_slurm.knows(*rows(tmp_path, {"m: check": "RUNNING"}))
    before = len(fake_slurm.calls)
    assert submit(tmp_path) == Submitted(0, 0, 9)
    assert commands(fake_slurm)[before:] == ["squeue"]


def test_a_failed_fold_and_all_that_waits_for_it_is_queued_anew(tmp_path, fake_slurm):
    submit(tmp_path)
    states = dict.fromkeys(("m: check", "m: prepare"), "COMPLETED")
    # SLURM has not yet seen that the shards wait for nothing; the table would begin without the scores.
    fake_slurm.knows(*rows(tmp_path, {**states, FOLDS[0]: "FAILED NonZeroExitCode", FOLDS[1]: "RUNNING"}))
    plan = small_plan(tmp_path).without(set(states))
    assert submit_to_slurm(plan, ClusterSettings(), Request()) == Submitted(6, 4, 1)
    assert "scancel 4_0 4_1 4_2 5 6" in fake_slurm.calls
    assert [fake_slurm.option(job, "dependency") for job in ("7", "8", "9", "10")] == [
        None,
        "afterok:7:3_1",
        "afterok:7:3_1:8_0:8_1:8_2",
        "afterany:9",
    ]


@pytest.mark.parametrize(
    "reason",
    ["DependencyNeverSatisfied", "JobHoldMaxRequeue", "launch failed requeued held", "launch_failed_requeued_held"],
)
def test_stuck_jobs_are_cancelled_and_queued_anew(tmp_path, fake_slurm, reason):
    submit(tmp_path)
    done = dict.fromkeys(("m: check", "m: prepare", *FOLDS), "COMPLETED")
    stuck = {SHARDS[1]: f"PENDING {reason}", SHARDS[0]: "RUNNING", SHARDS[2]: "PENDING Resources"}
    fake_slurm.knows(*rows(tmp_path, {**done, **stuck}))
    plan = small_plan(tmp_path).without(set(done))
    assert submit_to_slurm(plan, ClusterSettings(), Request()) == Submitted(3, 3, 2)
    assert "scancel 4_1 5 6" in fake_slurm.calls
    assert fake_slurm.option("8", "dependency") == "afterok:4_0:7:4_2"


def test_a_job_that_is_held_by_its_user_is_not_touched(tmp_path, fake_slurm):
    submit(tmp_path)
    fake_slurm.knows(*rows(tmp_path, {"m: check": "PENDING JobHeldUser"}))
    assert submit(tmp_path) == Submitted(0, 0, 9)


@pytest.mark.parametrize("reached_slurm", [True, False])
def test_a_launch_that_ended_before_it_kept_the_number(tmp_path, fake_slurm, monkeypatch, reached_slurm):
    write, written = slurm_queue.write_queue, []

    def write_and_end(folder, record):
        written.append(record)
        # Each array is written before it is queued, and with its number after it: this is of the third.
        if len(written) == 6:
            raise KeyboardInterrupt
        write(folder, record)

    with monkeypatch.context() as patch:
        patch.setattr(slurm_queue, "write_queue", write_and_end)
        with pytest.raises(KeyboardInterrupt):
            submit(tmp_path)
    last = read_queue(tmp_path).arrays[-1]
    assert (last.job, [task.key for task in last.tasks]) == (None, list(FOLDS))
    first, second = (array.name for array in read_queue(tmp_path).arrays[:2])
    known = [
        row("1", "RUNNING", name=first),
        row("2", "PENDING", "Dependency", name=second),
        *(row("3", "PENDING", "Dependency", index=index, name=last.name) for index in (0, 1) if reached_slurm),
    ]
    fake_slurm.knows(*known)
    assert submit(tmp_path) == (Submitted(5, 3, 4) if reached_slurm else Submitted(7, 4, 2))
    # The fake cluster has the number 3 in both cases.
    assert fake_slurm.option("4", "dependency") == ("afterok:3_0:3_1" if reached_slurm else "afterok:1,afterany:2")


def test_where_slurm_refuses_what_was_queued_stays(tmp_path, fake_slurm, monkeypatch):
    dependency = slurm_queue._dependency

    def refusing(array, queued):
        fake_slurm.refuses("Batch job submission failed: Invalid qos" if array.kind is Kind.PREDICT else None)
        return dependency(array, queued)

    with monkeypatch.context() as patch:
        patch.setattr(slurm_queue, "_dependency", refusing)
        with pytest.raises(BenchError, match=r"SLURM refused a job.*submission failed: Invalid qos.*launch again"):
            submit(tmp_path)
    fake_slurm.refuses(None)
    assert len(fake_slurm.scripts) == 3
    not_queued = dict.fromkeys((*SHARDS, "m: score", "table: fold-all"), "")
    fake_slurm.knows(*rows(tmp_path, {"m: check": "RUNNING", **not_queued}))
    assert submit(tmp_path) == Submitted(5, 3, 4)


def test_cancel(tmp_path, fake_slurm):
    submit(tmp_path)
    # Not one of ours, though it has the number of one: SLURM's begin anew.
    fake_slurm.knows(
        *rows(tmp_path, {"m: check": "COMPLETED", "m: prepare": "COMPLETED", FOLDS[0]: "RUNNING"}), row("2", "RUNNING")
    )
    assert cancel_in_slurm(tmp_path) == 7
    assert fake_slurm.calls[-1] == "scancel 3 4 5 6"


def test_cancel_where_nothing_was_queued(tmp_path, fake_slurm):
    assert cancel_in_slurm(tmp_path / "typo") == 0
    assert fake_slurm.calls == []
    assert not (tmp_path / "typo").exists()


def test_without_slurm(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BenchError, match="SLURM's commands are not on this machine"):
        submit(tmp_path)


def test_two_calls_at_once_are_refused(tmp_path, fake_slurm, monkeypatch):
    monkeypatch.setattr(queue_record, "_PATIENCE_S", 0.05)
    with alone_at(tmp_path), pytest.raises(BenchError, match="another call hands tasks of this folder to a queue"):
        submit(tmp_path)
    assert fake_slurm.calls == []


def test_a_damaged_record_is_not_overwritten(tmp_path, fake_slurm):
    (tmp_path / "queue.json").write_text("{")
    with pytest.raises(BenchError, match="is not a record of what was handed to a queue"):
        submit(tmp_path)
    assert (tmp_path / "queue.json").read_text() == "{"
    assert fake_slurm.calls == []


def test_what_cannot_be_kept_is_not_queued(tmp_path, fake_slurm, monkeypatch):
    def full(path, text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(queue_record, "write_text", full)
    with pytest.raises(BenchError, match="No space left on device"):
        submit(tmp_path)
    assert "sbatch" not in commands(fake_slurm)


def asking(plan, asks):
    return replace(
        plan,
        arrays=tuple(
            replace(array, tasks=tuple(replace(task, asks=asks * (task.of == "m")) for task in array.tasks))
            for array in plan.arrays
        ),
    )


def test_what_is_queued_and_was_asked_for_otherwise_is_refused(tmp_path, fake_slurm):
    plan = small_plan(tmp_path)
    submit_to_slurm(asking(plan, "budget paper"), ClusterSettings(), Request())
    fake_slurm.knows(*rows(tmp_path, {"m: check": "RUNNING"}))
    refused = r"m: tasks of it are queued .*expected budget smoke, found budget paper.*--cancel"
    with pytest.raises(BenchError, match=refused):
        submit_to_slurm(asking(plan, "budget smoke"), ClusterSettings(), Request())
    assert len(fake_slurm.scripts) == 6
    # What is over keeps nobody from asking for something else.
    fake_slurm.knows(*rows(tmp_path, dict.fromkeys(JOBS, "COMPLETED")))
    assert submit_to_slurm(asking(plan, "budget smoke"), ClusterSettings(), Request()).tasks == 9


def test_the_jobs_of_another_user_are_let_alone(tmp_path, fake_slurm):
    submit(tmp_path)
    write_queue(tmp_path, read_queue(tmp_path).model_copy(update={"user": os.getuid() + 1}))
    for call in (submit, cancel_in_slurm):
        with pytest.raises(BenchError, match="its tasks were handed over by another user"):
            call(tmp_path)
