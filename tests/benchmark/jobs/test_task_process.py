"""A task in a process of its own, and what its file tells of each attempt."""

import json
import os
import signal
import time

import pytest

from mswal_bench.baselines.stop_request import STOPPED_AS_ASKED
from mswal_bench.benchmark.jobs.attempts import Outcome, read_attempts, write_attempts
from mswal_bench.benchmark.jobs.task_process import TaskProcess, log_file
from mswal_bench.benchmark.jobs.tasks import Task
from mswal_bench.tests.benchmark.runs.smoke_runs import alive, assert_gone


def shell(script):
    return Task("nnunet-v2", "train fold 0", ("sh", "-c", script))


def ended(folder, script, environment=None):
    """The attempt at a task that ends by itself."""
    process = TaskProcess(folder, shell(script), "12_0", environment or {})
    return process.conclude()


def told(folder):
    return json.loads((folder / "tasks" / "nnunet-v2--train-fold-0.json").read_text())["attempts"]


def test_a_command_of_this_package(tmp_path):
    task = Task("nnunet-v2", "version", ("--version",))
    assert TaskProcess(tmp_path, task, "local", {}).conclude().outcome is Outcome.DONE
    assert log_file(tmp_path, task).read_text().startswith("python -m mswal_bench, version ")
    task = Task("nnunet-v2", "list", ("runs", str(tmp_path / "absent")))
    attempt = TaskProcess(tmp_path, task, "local", {}).conclude()
    assert (attempt.outcome, attempt.sentence) == (
        Outcome.FAILED,
        f"{tmp_path / 'absent'}: there is no such folder.",
    )


def test_its_file_says_that_it_has_begun_and_then_how_it_ended(tmp_path, tasks_of_shell):
    process = TaskProcess(tmp_path, shell("sleep 60"), "12_0", {})
    (begun,) = told(tmp_path)
    assert (begun["job"], begun["pid"], begun["ended"], begun["outcome"]) == ("12_0", process._process.pid, None, None)
    assert not process.is_over()
    process.kill()
    process.conclude_stopped()
    (end,) = told(tmp_path)
    assert (end["outcome"], end["in_vain"]) == ("stopped", False)
    assert end["ended"] >= end["started"]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "echo 'error: a.nii.gz: it is damaged.'; echo other; echo 'error: Mend it.' >&2; exit 1",
            "a.nii.gz: it is damaged. Mend it.",
        ),
        ("echo a traceback; exit 3", "Its process ended before its work was done (exit status 3)."),
        ("kill -9 $$", "Its process was ended from outside (SIGKILL), most often for lack of memory."),
    ],
)
def test_why_it_failed(tmp_path, tasks_of_shell, script, sentence):
    attempt = ended(tmp_path, script)
    assert attempt.outcome is Outcome.FAILED
    assert attempt.sentence == sentence


def test_what_was_stopped_as_asked_was_not_in_vain(tmp_path, tasks_of_shell):
    attempt = ended(tmp_path, f"exit {STOPPED_AS_ASKED}")
    assert (attempt.outcome, attempt.in_vain) == (Outcome.STOPPED, False)


def test_it_is_asked_to_stop(tmp_path, tasks_of_shell):
    process = TaskProcess(tmp_path, shell(f"trap 'exit {STOPPED_AS_ASKED}' USR1; echo ready; sleep 60 & wait"), "1", {})
    while not log_file(tmp_path, shell("")).read_text():
        time.sleep(0.01)
    # The one with which SLURM announces its time limit, to every process of a job, is the parent's.
    os.kill(process._process.pid, signal.SIGUSR2)
    process.ask_to_stop()
    assert process.conclude().outcome is Outcome.STOPPED
    assert process.stopped_as_asked


def test_attempts_and_prints_are_added_to_those_before(tmp_path, tasks_of_shell):
    ended(tmp_path, "echo 'error: First.'; exit 1")
    assert ended(tmp_path, "echo 'error: Second.'; exit 1").sentence == "Second.", "and not what was printed before"
    assert [attempt["sentence"] for attempt in told(tmp_path)] == ["First.", "Second."]
    assert log_file(tmp_path, shell("")).read_text() == "error: First.\nerror: Second.\n"


def test_it_sees_what_its_environment_says(tmp_path, tasks_of_shell, monkeypatch):
    monkeypatch.setenv("OURS", "kept")
    ended(tmp_path, 'echo "$OURS $CUDA_VISIBLE_DEVICES"', {"CUDA_VISIBLE_DEVICES": "3"})
    assert log_file(tmp_path, shell("")).read_text() == "kept 3\n"


def test_stops_in_vain_are_counted_back_to_the_last_that_was_not(tmp_path, tasks_of_shell):
    def stop(in_vain):
        process = TaskProcess(tmp_path, shell("sleep 60"), "1", {})
        process.kill()
        process.conclude_stopped(in_vain=in_vain)
        return process.attempts.stops_in_vain

    assert [stop(True), stop(True), stop(False), stop(True)] == [1, 2, 0, 1]
    ended(tmp_path, "exit 1")
    assert stop(True) == 1


def test_a_damaged_file_of_attempts_costs_nothing_but_them(tmp_path, tasks_of_shell):
    ended(tmp_path, "exit 1")
    path = tmp_path / "tasks" / "nnunet-v2--train-fold-0.json"
    path.write_text("{")
    assert read_attempts(tmp_path, path.stem, shell("").key).attempts == ()
    ended(tmp_path, "exit 0")
    assert [attempt["outcome"] for attempt in told(tmp_path)] == ["done"]


def test_a_full_disk_does_not_end_the_work(tmp_path):
    # As full as a file where the folder would be.
    (tmp_path / "tasks").write_text("")
    write_attempts(tmp_path, shell(""), read_attempts(tmp_path, "x", "x"))
    assert (tmp_path / "tasks").read_text() == ""


def test_killing_it_leaves_nothing(tmp_path, tasks_of_shell):
    process = TaskProcess(tmp_path, Task("a", "b", ("sleep", "60")), "1", {})
    pid = process._process.pid
    assert alive(pid)
    process.kill()
    assert_gone([pid])
