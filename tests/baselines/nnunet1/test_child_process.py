"""Processes of steps that stand in for nnU-Net v1's: what comes back, what goes where, and that none is left."""

import json
import os
import signal
import subprocess
import sys

import pytest

from mswal_bench.baselines.method import FailedCasesError, MethodError
from mswal_bench.baselines.nnunet1.child_process import ChildError, run_in_child
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop
from mswal_bench.tests.baselines.stopping import not_asked_to_stop
from mswal_bench.tests.benchmark.runs.smoke_runs import assert_gone, descendants

SHARED_WITH_V2 = "nnUNet_preprocessed"
STEPS = """
import errno, multiprocessing, os, signal, sys, time

def echo(report, **request):
    print("printed")
    print("complained", file=sys.stderr)
    report(1, 2, "half")
    with multiprocessing.Pool(1) as pool:
        pool.apply(report, (2, 2, "by a worker"))
    return [request, os.environ.get("nnUNet_preprocessed")]

def fail(report, kind):
    if kind == "disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    raise ValueError("a fault of the program")

def fail_for_cases(report):
    from mswal_bench.baselines.method import FailedCasesError
    raise FailedCasesError({"a": "its image is none.", "b": "why"})

def stop_when_asked(report):
    from mswal_bench.baselines.stop_request import StoppedError, stop_is_asked
    for done in range(1000):
        report(done, 1000, "")
        if stop_is_asked():
            raise StoppedError(f"after {done}")

def killed(report):
    os.kill(os.getpid(), signal.SIGKILL)

def suicide():
    os.kill(os.getpid(), signal.SIGKILL)

def killed_worker(report):
    pool = multiprocessing.Pool(2)
    pool.apply(suicide)

def killed_alone(report):
    # Buried, and out of sight, before anybody looks.
    worker = multiprocessing.Process(target=suicide)
    worker.start()
    worker.join()
    time.sleep(1000)

def endless(report):
    pool = multiprocessing.Pool(2)
    result = pool.map_async(time.sleep, [1000, 1000])
    for done in range(100_000):
        time.sleep(0.02)
        report(done, 100_000, str(os.getpid()))
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "bench_steps.py").write_text(STEPS)
    found = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {"PYTHONPATH": found, SHARED_WITH_V2: "of the child"}

    def run_step(step, report=lambda *_: None, **request):
        return run_in_child(f"bench_steps:{step}", request, environment, tmp_path / "log" / "log.txt", report)

    def hangs(*_):
        pytest.fail("the step hangs", pytrace=False)

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(120)
    yield run_step
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_a_result_progress_and_a_log_come_back(run, tmp_path, monkeypatch):
    monkeypatch.setenv(SHARED_WITH_V2, "ours")
    reports = list[tuple[int, int, str]]()
    result = run("echo", lambda *report: reports.append(report), text="ä\n", numbers=[1, 2])
    assert result == [{"text": "ä\n", "numbers": [1, 2]}, "of the child"]
    assert reports == [(1, 2, "half"), (2, 2, "by a worker")]
    assert os.environ[SHARED_WITH_V2] == "ours"
    log = (tmp_path / "log" / "log.txt").read_text()
    assert "printed" in log
    assert "complained" in log


@pytest.mark.parametrize(
    ("step", "request_", "sentence"),
    [
        ("fail", {"kind": "disk"}, "The disk is full"),
        ("killed", {}, r"was killed \(signal 9\)"),
        ("killed_alone", {}, r"A worker of nnU-Net v1 was killed \(signal 9\)"),
        ("killed_worker", {}, r"A worker of nnU-Net v1 was killed \(signal 9\)"),
    ],
)
def test_what_a_user_can_mend_is_said(run, step, request_, sentence):
    with pytest.raises(MethodError, match=sentence):
        run(step, **request_)


def test_cases_that_failed_come_back_each_with_its_sentence(run):
    with pytest.raises(FailedCasesError) as caught:
        run("fail_for_cases")
    assert caught.value.cases == {"a": "its image is none.", "b": "why"}


def test_a_step_is_asked_to_stop_with_the_answer_to_its_progress(run):
    def ask_late(done, total, note):
        if done == 3:
            ask_to_stop()

    with not_asked_to_stop(), pytest.raises(StoppedError, match=r"^after 3$"):
        run("stop_when_asked", ask_late)


def test_a_fault_of_the_program_names_the_log(run, tmp_path):
    with pytest.raises(ChildError, match=r"ValueError: a fault of the program \(see .*log.txt\)"):
        run("fail", kind="program")
    assert "Traceback" in (tmp_path / "log" / "log.txt").read_text()


def test_an_interrupt_leaves_no_process(run):
    processes = set[int]()
    # The test process may have children of its own.
    before = descendants(os.getpid())

    def interrupt(done: int, total: int, note: str) -> None:
        assert done <= 10, "the child went on without being heard"
        processes.update({int(note)}, descendants(os.getpid()) - before)
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("endless", interrupt)
    assert len(processes) >= 3
    assert_gone(processes)


def test_a_killed_parent_leaves_no_process(tmp_path):
    (tmp_path / "bench_steps.py").write_text(STEPS)
    arguments = ["bench_steps:endless", {}, {"PYTHONPATH": str(tmp_path)}]
    code = f"""
import json
from pathlib import Path
from mswal_bench.baselines.nnunet1.child_process import run_in_child
run_in_child(*json.loads({json.dumps(arguments)!r}), Path({str(tmp_path / "log.txt")!r}), print)
"""
    parent = subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    processes = descendants(parent.pid)
    assert len(processes) >= 3
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert_gone(processes)


def test_the_folder_one_is_in_is_no_source_of_modules(run, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "json.py").write_text("raise SystemExit('taken from the current folder')")
    monkeypatch.chdir(elsewhere)
    assert run("echo")[0] == {}
