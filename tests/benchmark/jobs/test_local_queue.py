"""A plan worked off on this machine: the order, what a failure costs, and that no process outlives its launch."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs import local_queue, queue_record
from mswal_bench.benchmark.jobs.local_queue import Slot, work_off
from mswal_bench.benchmark.jobs.queue_record import alone_at
from mswal_bench.benchmark.jobs.tasks import Kind, Task, TaskArray, TaskPlan
from mswal_bench.tests.benchmark.runs.smoke_runs import alive, assert_gone


def task(name, script, *, needs=(), after=()):
    waits = [tuple(f"m: {key}" for key in keys) for keys in (needs, after)]
    return Task("m", name, ("sh", "-c", script), *waits)


def plan(folder, *tasks):
    return TaskPlan(folder, (TaskArray("all", Kind.TRAIN, tasks),))


def noting(folder, name, *, seconds=0, code=0):
    """A script that writes when it begins and ends, and on which slot."""
    return f"echo {name} $SLOT >> {folder}/order; sleep {seconds}; echo {name} ends >> {folder}/order; exit {code}"


def order(folder):
    return (folder / "order").read_text().splitlines()


def slots(number):
    return [Slot(f"cpu {each}", {"SLOT": str(each)}) for each in range(1, number + 1)]


def test_tasks_wait_for_those_that_they_need_and_not_for_others(tmp_path, tasks_of_shell):
    tasks = [
        task("a", noting(tmp_path, "a", seconds=0.6)),
        task("b", noting(tmp_path, "b"), needs=("a",)),
        task("c", noting(tmp_path, "c")),
    ]
    became = work_off(plan(tmp_path, *tasks), slots(2))
    assert [done.name for done in became.done] == ["c", "a", "b"]
    assert (became.failed, became.left) == ({}, {})
    assert order(tmp_path)[-1] == "b ends"
    assert {line for line in order(tmp_path) if line.startswith(("a ", "c "))} == {"a 1", "c 2", "a ends", "c ends"}


def test_one_slot_does_one_at_a_time(tmp_path, tasks_of_shell):
    work_off(plan(tmp_path, *(task(name, noting(tmp_path, name, seconds=0.1)) for name in "abc")), slots(1))
    assert order(tmp_path) == ["a 1", "a ends", "b 1", "b ends", "c 1", "c ends"]


def test_a_failed_task_costs_itself_and_those_that_need_it(tmp_path, tasks_of_shell):
    tasks = [
        task("a", "echo 'error: No luck.'; exit 1"),
        task("b", "", needs=("a",)),
        task("c", "", needs=("b",)),
        task("d", noting(tmp_path, "d"), after=("a", "c")),
        task("e", noting(tmp_path, "e")),
    ]
    became = work_off(plan(tmp_path, *tasks), slots(2))
    assert became.failed == {"m: a": "No luck."}
    assert became.left == {"m: b": "m: a", "m: c": "m: b"}
    assert {done.name for done in became.done} == {"d", "e"}


def test_the_bar_says_how_far_each_task_is(tmp_path, monkeypatch, tasks_of_shell):
    said = []

    @contextmanager
    def bar(label, unit, estimates):
        yield lambda done, total, note: said.append((done, total, note))

    monkeypatch.setattr(local_queue, "progress_bar", bar)

    def how_far(task):
        (tmp_path / "told").touch()
        return f"{task.name} is half done"

    tasks = [task("a", f"until [ -e {tmp_path}/told ]; do sleep 0.02; done"), task("b", "exit 1", after=("a",))]
    work_off(plan(tmp_path, *tasks), slots(2), how_far)
    assert said[0] == (0, 2, "a is half done")
    assert said[-1] == (2, 2, "1 failed")


def test_two_calls_at_once_are_refused(tmp_path, monkeypatch, tasks_of_shell):
    monkeypatch.setattr(queue_record, "_PATIENCE_S", 0.05)
    with alone_at(tmp_path), pytest.raises(BenchError, match="another call hands tasks of this folder to a queue"):
        work_off(plan(tmp_path, task("a", noting(tmp_path, "a"))), slots(1))
    assert not (tmp_path / "order").exists()


LAUNCH = """
import sys
from pathlib import Path
from mswal_bench.tests.benchmark.jobs.test_local_queue import plan, slots, task, work_off
folder, sys.executable = Path(sys.argv[1]), sys.argv[2]
script = f"echo $$ >> {folder}/pids; exec sleep 60"
work_off(plan(folder, task("a", script), task("b", script)), slots(2))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_no_task_outlives_the_launch(tmp_path, number, tasks_of_shell):
    # Before the stand-in: this one is to be Python.
    python = str(Path(sys.prefix) / "bin" / "python")
    launch = subprocess.Popen(
        [python, "-c", LAUNCH, str(tmp_path), sys.executable],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # In the background of a shell without job control it would be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    pids = tmp_path / "pids"
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert launch.poll() is None
        time.sleep(0.02)
    tasks = [int(pid) for pid in pids.read_text().split()]
    assert all(alive(pid) for pid in tasks)
    if number == signal.SIGINT:
        # Ctrl-C reaches all that was started from a terminal.
        os.killpg(launch.pid, number)
    else:
        launch.send_signal(number)
    assert launch.wait(30) != 0
    assert_gone(tasks)
