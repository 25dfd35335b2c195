"""Ctrl-C in the first second."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mswal_bench.benchmark.cli import STOPPED

# As the console script does, after a sign that Python itself is there.
SCRIPT = """
import sys
print("there", flush=True)
from mswal_bench.benchmark.cli.entry import run
run()
"""
# Where tests run in the background, interrupts are ignored.
COMMAND = ["env", "--default-signal=INT", sys.executable, "-c", SCRIPT]


def _stopped(arguments: list[str], after_s: float) -> tuple[int, str]:
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    time.sleep(after_s)
    # As a terminal does, to the whole group.
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    return process.returncode, error


@pytest.mark.parametrize("after_s", [0.03, 0.1, 0.2, 0.4, 0.8])
def test_it_is_quiet(tmp_path: Path, after_s: float) -> None:
    # Takes far longer than that, in worker processes.
    code, error = _stopped(["data", "phantom", str(tmp_path / "out"), "--size", "full", "--jobs", "2"], after_s)
    assert code == STOPPED
    assert "Traceback" not in error
    assert [line for line in error.splitlines() if line.strip()] in ([], ["stopped"])


def test_an_interrupt_that_a_package_turns_into_another_error() -> None:
    code = """
import signal, sys
from mswal_bench.benchmark.cli import entry, main
def broken():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ImportError("half imported")
main.main = broken
entry.run()
"""
    done = subprocess.run(
        ["env", "--default-signal=INT", sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (STOPPED, "")


def test_an_interrupt_that_nothing_can_raise_is_not_lost() -> None:
    code = """
import signal, sys, time, weakref
from mswal_bench.benchmark.cli import entry, main
class Thing:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
def late():
    Thing()
    time.sleep(30)
main.main = late
entry.run()
"""
    done = subprocess.run(
        ["env", "--default-signal=INT", sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (STOPPED, "")


def test_other_errors_are_shown() -> None:
    code = """
from mswal_bench.benchmark.cli import entry, main
main.main = lambda: 1 / 0
entry.run()
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
