"""What a job of SLURM does when it is told of its end, with a fake squeue that says why."""

import os
import signal
import threading
import time

import pytest

from mswal_bench.baselines.stop_request import STOPPED_AS_ASKED
from mswal_bench.benchmark.jobs import slurm_task
from mswal_bench.benchmark.jobs.attempts import Outcome, read_attempts
from mswal_bench.benchmark.jobs.slurm_task import SlurmTask, TaskFailedError
from mswal_bench.benchmark.jobs.tasks import Kind, Task

# Waits to be told to stop, and keeps what it has done.
STOPPABLE = f"trap 'exit {STOPPED_AS_ASKED}' USR1; echo ready; sleep 60 & wait"
DEAF = "trap '' USR1; echo ready; exec sleep 60"


@pytest.fixture(autouse=True)
def job(fake_slurm, tasks_of_shell, monkeypatch):
    """The environment of element 4 of job 12, with waits that are short."""
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "12")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "4")
    monkeypatch.setattr(slurm_task, "sleep", lambda seconds: time.sleep(0.02))
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def slurm_task_of(folder, script, kind=Kind.TRAIN, stop_within_s=20.0):
    return SlurmTask(folder, Task("m", "t", ("sh", "-c", script)), kind, stop_within_s)


def attempts(folder):
    return read_attempts(folder, "m--t", "m: t").attempts


def outcomes(folder):
    return [(attempt.outcome, attempt.in_vain) for attempt in attempts(folder)]


def when_ready(folder, times, act):
    """Does it in a thread as soon as the task has been begun, and has printed `ready`, so many times."""

    def wait():
        log = folder / "logs" / "m--t.log"
        while len(attempts(folder)) < times or log.read_text().count("ready") < times:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def begun(folder, task):
    """The task as it is in the middle of its call, as when submitit's handler asks it for a checkpoint."""
    task.process = slurm_task.TaskProcess(folder, task.task, "12_4", {})
    when_ready(folder, len(attempts(folder)), lambda: None).join(20)
    return task


def test_a_task_that_is_done_and_one_that_fails(tmp_path):
    slurm_task_of(tmp_path, "exit 0")()
    with pytest.raises(TaskFailedError, match=r"^No luck\.$"):
        slurm_task_of(tmp_path, "echo 'error: No luck.'; exit 1")()
    assert [attempt.job for attempt in attempts(tmp_path)] == ["12_4", "12_4"]
    assert outcomes(tmp_path) == [(Outcome.DONE, False), (Outcome.FAILED, False)]


def test_it_gets_the_cores_and_the_memory_of_the_job(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "3")
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "2000")
    monkeypatch.setattr(slurm_task, "allowed_memory", list)
    slurm_task_of(tmp_path, 'echo "$MSWAL_BENCH_CORES $MSWAL_BENCH_MEMORY"')()
    assert (tmp_path / "logs" / "m--t.log").read_text().split() == ["3", "2.10"]


def tell_of_the_end(folder):
    """As SLURM does: every process of the job gets it."""
    os.kill(attempts(folder)[-1].pid, signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)


def test_told_of_an_end_that_has_come_it_ends(tmp_path, fake_slurm):
    # Ahead of being pre-empted a job runs on for a while, for SLURM.
    fake_slurm.answers_states("RUNNING", "SIGNALING", "RUNNING", "COMPLETING")
    when_ready(tmp_path, 1, lambda: tell_of_the_end(tmp_path))
    with pytest.raises(SystemExit) as end:
        slurm_task_of(tmp_path, DEAF)()
    assert end.value.code == 1
    assert outcomes(tmp_path) == [(Outcome.STOPPED, False)]
    assert [call.split()[:4] for call in fake_slurm.calls] == [["squeue", "--noheader", "--job", "77"]] * 4


def test_told_of_an_end_that_does_not_come_it_goes_on(tmp_path, fake_slurm, monkeypatch):
    monkeypatch.setattr(slurm_task, "_END_IS_NEAR_S", 0.1)
    when_ready(tmp_path, 1, lambda: tell_of_the_end(tmp_path))
    slurm_task_of(tmp_path, f"[ -e {tmp_path}/again ] && exit 0; touch {tmp_path}/again; {DEAF}")()
    assert outcomes(tmp_path) == [(Outcome.STOPPED, False), (Outcome.DONE, False)]


def test_the_task_may_hear_of_the_end_before_the_job_does(tmp_path, fake_slurm, monkeypatch):
    task = slurm_task_of(tmp_path, DEAF)
    fake_slurm.answers_states("COMPLETING")

    def end_first_the_task(seconds):
        if task.process.is_over():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            os.kill(attempts(tmp_path)[-1].pid, signal.SIGTERM)
            while not task.process.is_over():
                time.sleep(0.01)

    monkeypatch.setattr(slurm_task, "sleep", end_first_the_task)
    with pytest.raises(SystemExit):
        task()
    assert outcomes(tmp_path) == [(Outcome.STOPPED, False)]


def test_what_is_done_before_the_end_is_done(tmp_path, fake_slurm):
    told = f"trap 'exit 0' TERM; {STOPPABLE}"
    when_ready(tmp_path, 1, lambda: tell_of_the_end(tmp_path))
    slurm_task_of(tmp_path, told)()
    assert outcomes(tmp_path) == [(Outcome.DONE, False)]
    assert fake_slurm.calls == []


def test_at_the_time_limit_it_is_asked_to_stop_and_queued_again(tmp_path):
    task = begun(tmp_path, slurm_task_of(tmp_path, STOPPABLE))
    again = task.checkpoint().function
    assert outcomes(tmp_path) == [(Outcome.STOPPED, False)]
    assert (again.task, again.kind, again.process) == (task.task, task.kind, None)


@pytest.mark.parametrize("kind", [Kind.TRAIN, Kind.PREPARE])
def test_what_does_not_stop_is_killed_and_given_up_after_three_times(tmp_path, monkeypatch, kind):
    # Of a training after more, for it keeps checkpoints also where it does not stop.
    monkeypatch.setattr(slurm_task, "_MOST_TRAINED_IN_VAIN", 3)
    # Only training and prediction can be asked, and of the others not a moment is waited for.
    script, within_s = (DEAF, 0.1) if kind is Kind.TRAIN else (STOPPABLE, 60)
    task = slurm_task_of(tmp_path, script, kind, within_s)
    assert begun(tmp_path, task).checkpoint() is not None
    assert begun(tmp_path, task).checkpoint() is not None
    assert begun(tmp_path, task).checkpoint() is None
    assert outcomes(tmp_path) == [(Outcome.STOPPED, True)] * 2 + [(Outcome.FAILED, False)]
    assert attempts(tmp_path)[-1].sentence.startswith("3 times in a row it was stopped at its time limit")
    assert task.process is not None
    assert task.process.is_over()


def test_it_is_not_given_up_as_long_as_it_goes_on(tmp_path):
    task = slurm_task_of(tmp_path, STOPPABLE)
    for _ in range(4):
        assert begun(tmp_path, task).checkpoint() is not None
    assert outcomes(tmp_path) == [(Outcome.STOPPED, False)] * 4


def test_before_it_has_begun_it_is_queued_again(tmp_path):
    assert slurm_task_of(tmp_path, DEAF).checkpoint() is not None
    assert attempts(tmp_path) == ()
