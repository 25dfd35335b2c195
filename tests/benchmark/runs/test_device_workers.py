"""Processes that work on devices: quick tasks, no training."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from mswal_bench.baselines.method import FailedCasesError, MethodError
from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop
from mswal_bench.benchmark.runs import device_workers
from mswal_bench.benchmark.runs.device_workers import carry_out, carry_out_on
from mswal_bench.benchmark.runs.devices import Device
from mswal_bench.tests.baselines.stopping import not_asked_to_stop

from . import worker_tasks
from .smoke_runs import assert_gone
from .worker_tasks import task

CPU = Device()


def wait_for(*paths: Path) -> list[int]:
    """The process ids in files that are still to be written."""
    deadline = time.monotonic() + 60
    while not all(path.exists() and path.read_text() for path in paths):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [int(path.read_text()) for path in paths]


def test_each_task_has_a_process_of_its_own_and_is_heard(tmp_path):
    told = []

    @contextmanager
    def progress():
        told.append("begins")
        yield lambda *report: told.append(report)
        told.append("ends")

    tasks = [
        task(
            name,
            partial(worker_tasks.tell_process_and_cores, tmp_path / name),
            progress,
            lambda device, environment: told.append((device, environment.cpu_cores)),
            lambda usage: told.append((usage.wall_s is not None, usage.device_waited_s)),
        )
        for name in "abc"
    ]
    carry_out_on([CPU], tasks)
    assert told == ["begins", ("cpu", cores()), (1, 2, "half"), (2, 2, ""), (True, 2.0), "ends"] * 3
    processes = {(tmp_path / name).read_text().split()[0] for name in "abc"}
    assert len(processes) == 3
    assert str(os.getpid()) not in processes


def test_devices_work_at_the_same_time_and_share_the_cores(tmp_path, monkeypatch):
    monkeypatch.setenv("MSWAL_BENCH_CORES", "4")
    one, other = tmp_path / "one", tmp_path / "other"
    shares = []
    carry_out_on(
        [CPU, CPU, CPU],
        [
            task(name, partial(worker_tasks.meet, here, there), started=lambda _, found: shares.append(found.cpu_cores))
            for name, here, there in (("a", one, other), ("b", other, one))
        ],
    )
    # Of three devices two had something to do.
    assert shares == [max(1, cores() // 2)] * 2
    assert os.environ["MSWAL_BENCH_CORES"] == "4"


def test_a_gpu_is_seen_by_its_process_alone(tmp_path):
    carry_out_on(
        [worker_tasks.PretendedGpu(5)], [task("a", partial(worker_tasks.tell_process_and_cores, tmp_path / "a"))]
    )
    assert (tmp_path / "a").read_text().split()[2] == "5"
    assert os.environ.get("CUDA_VISIBLE_DEVICES") != "5"


def test_a_failure_names_task_and_device_and_stops_the_others(tmp_path):
    ended, unfinished = [], []

    @contextmanager
    def progress():
        try:
            yield lambda *report: None
        except BaseException:
            unfinished.append(True)
            raise

    def fail_late(*_):
        wait_for(tmp_path / "pid")

    tasks = [
        task("train fold 0", partial(worker_tasks.work_for_ever, tmp_path / "pid"), progress),
        task("train fold 1", worker_tasks.fail, progress, fail_late, ended.append),
        task("train fold 2", partial(worker_tasks.tell_process_and_cores, tmp_path / "never"), progress),
    ]
    with pytest.raises(MethodError, match=r"^train fold 1 on cpu: The loss became nan\.$"):
        carry_out_on([CPU, CPU], tasks)
    assert_gone(wait_for(tmp_path / "pid"))
    assert not (tmp_path / "never").exists()
    assert len(ended) == 1
    assert len(unfinished) == 2


@pytest.mark.parametrize("devices", [[], [CPU], [CPU, CPU]], ids=["here", "one", "two"])
def test_cases_that_cannot_be_predicted_stop_nothing_and_are_told_together(tmp_path, devices):
    ended, unfinished = [], []

    @contextmanager
    def progress():
        try:
            yield lambda *report: None
        except BaseException:
            unfinished.append(True)
            raise

    works = [
        partial(worker_tasks.fail_for_one_case, "b"),
        partial(worker_tasks.fail_for_one_case, "a"),
        partial(worker_tasks.tell_process_and_cores, tmp_path / "others"),
    ]
    tasks = [task(str(number), work, progress, ended=ended.append) for number, work in enumerate(works)]
    with pytest.raises(FailedCasesError) as caught:
        carry_out_on(devices, tasks) if devices else carry_out(tasks, "cpu")
    assert list(caught.value.cases.items()) == [("a", "its image is none."), ("b", "its image is none.")]
    assert (tmp_path / "others").exists()
    assert (len(ended), len(unfinished)) == (3, 2)


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(KeyError) as caught:
        carry_out_on([CPU], [task("train fold 3", worker_tasks.fail_unforeseen)])
    notes = "\n".join(caught.value.__notes__)
    assert "in fail_unforeseen" in notes
    assert "It happened in: train fold 3 on cpu." in notes
    with pytest.raises(RuntimeError, match="of here alone"):
        carry_out_on([CPU], [task("train fold 3", worker_tasks.fail_with_what_cannot_be_sent)])


def test_what_fails_before_the_work_has_no_end():
    ended = []
    with pytest.raises(OSError, match="No such device"):
        carry_out_on([worker_tasks.AbsentGpu()], [task("train fold 0", worker_tasks.be_killed, ended=ended.append)])
    with pytest.raises(OSError, match="cannot be claimed"):
        carry_out_on([worker_tasks.TakenGpu()], [task("train fold 0", worker_tasks.be_killed, ended=ended.append)])
    with pytest.raises(ModuleNotFoundError, match="no such plugin"):
        carry_out_on([CPU], [task("train fold 0", worker_tasks.Unreadable(), ended=ended.append)])
    assert ended == []


def test_a_killed_process_is_told_from_one_that_failed():
    ended = []
    with pytest.raises(MethodError, match=r"train fold 4 on cpu: its process was ended from outside \(SIGKILL\)"):
        carry_out_on([CPU], [task("train fold 4", worker_tasks.be_killed, ended=ended.append)])
    assert ended == []


def test_of_a_process_that_ended_by_itself_no_lack_of_memory_is_told():
    with pytest.raises(MethodError, match=r"its process ended before its work was done \(exit status 3\)") as caught:
        carry_out_on([CPU], [task("train fold 4", worker_tasks.leave)])
    assert "memory" not in str(caught.value)


def test_interrupted_it_leaves_no_process(tmp_path):
    def interrupt(*_):
        wait_for(tmp_path / "a", tmp_path / "b")
        raise KeyboardInterrupt

    tasks = [
        task("a", partial(worker_tasks.work_for_ever, tmp_path / "a")),
        task("b", partial(worker_tasks.work_for_ever, tmp_path / "b"), started=interrupt),
    ]
    with pytest.raises(KeyboardInterrupt):
        carry_out_on([CPU, CPU], tasks)
    pids = wait_for(tmp_path / "a", tmp_path / "b")
    assert len(set(pids)) == 2
    assert_gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a worker with its parent")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_it_leaves_no_process(tmp_path, how):
    process = subprocess.Popen([sys.executable, "-m", worker_tasks.__name__, str(tmp_path)])
    pids = wait_for(tmp_path / "a", tmp_path / "b")
    process.send_signal(how)
    process.wait()
    assert_gone(pids)


def test_asked_to_stop_all_at_work_end_by_themselves_and_nothing_else_is_begun(tmp_path):
    ended = []
    tasks = [
        task("a", partial(worker_tasks.stop_when_asked, tmp_path / "a"), ended=ended.append),
        task(
            "b",
            partial(worker_tasks.stop_when_asked, tmp_path / "b"),
            started=lambda *_: ask_to_stop(),
            ended=ended.append,
        ),
        task("c", partial(worker_tasks.tell_process_and_cores, tmp_path / "c")),
    ]
    with not_asked_to_stop(), pytest.raises(StoppedError):
        carry_out_on([CPU, CPU], tasks)
    assert [(tmp_path / name).read_text() for name in "ab"] == ["stopped"] * 2
    assert not (tmp_path / "c").exists()
    assert len(ended) == 2


@pytest.mark.parametrize("devices", [[], [CPU]], ids=["here", "another"])
def test_asked_to_stop_in_the_last_task_all_is_done_and_before_it_is_said(tmp_path, devices):
    def carry_out_two(asking: str) -> None:
        tasks = [
            task(
                name,
                partial(worker_tasks.tell_process_and_cores, tmp_path / name),
                started=lambda *_, name=name: ask_to_stop() if name == asking else None,
            )
            for name in ("first", "last")
        ]
        with not_asked_to_stop():
            carry_out_on(devices, tasks) if devices else carry_out(tasks, "cpu")

    with pytest.raises(StoppedError, match="did before last"):
        carry_out_two(asking="first")
    assert (tmp_path / "first").exists()
    assert not (tmp_path / "last").exists()
    carry_out_two(asking="last")
    assert (tmp_path / "last").exists()


def test_in_this_process_a_failure_is_measured_and_passed_on():
    ended = []
    with pytest.raises(MethodError, match=r"^The loss became nan\.$"):
        carry_out([task("train fold 1", worker_tasks.fail, ended=ended.append)], "cpu")
    assert ended[0].wall_s is not None


def test_interrupted_before_it_is_measured_a_task_has_no_end(monkeypatch):
    """Nor is the end of the task before it taken for its own."""
    ended = []
    tasks = [task(name, lambda report: None, ended=lambda usage, name=name: ended.append(name)) for name in "ab"]
    measured = device_workers.measured

    def interrupted(device):
        if ended:
            raise KeyboardInterrupt
        return measured(device)

    monkeypatch.setattr(device_workers, "measured", interrupted)
    with pytest.raises(KeyboardInterrupt):
        carry_out(tasks, "cpu")
    assert ended == ["a"]
