from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr

import pytest

from mswal_bench.benchmark.core.progress import progress_bar


def told(times_s: list[float], capsys: pytest.CaptureFixture[str], unit: str = "case", **options: bool) -> list[str]:
    """The lines of a work that reports at these times, 10 of 100 more each, the first at 10."""
    now_s = 0.0
    with progress_bar("work", unit, clock=lambda: now_s, **options) as report:
        for step, now_s in enumerate(times_s, start=1):  # noqa: B007 (the clock reads it)
            report(step * 10, 100, f"case {step}")
    error = capsys.readouterr().err
    assert "\r" not in error
    return error.splitlines()


def test_what_is_soon_done_has_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([0, 10, 29], capsys) == []


def test_a_line_now_and_then_and_a_last_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([0, 10, 31, 40, 50, 62, 63], capsys) == [
        "work: 30 of 100 cases, 00:31 elapsed, about 01:48 left, case 3",
        "work: 60 of 100 cases, 01:02 elapsed, about 00:49 left, case 6",
        "work: 70 of 100 cases, 01:03 elapsed, about 00:31 left, case 7",
    ]


def test_lines_go_where_stderr_was_while_a_package_prints_to_its_own_log(capsys: pytest.CaptureFixture[str]) -> None:
    now_s, log = 0.0, io.StringIO()
    with progress_bar("train", "it", clock=lambda: now_s) as report, redirect_stderr(log):
        for now_s in (0.0, 31.0):
            report(10 + int(now_s), 100, "")
    assert capsys.readouterr().err == "train: 41 of 100 its, 00:31 elapsed, about 00:59 left\n"
    assert log.getvalue() == ""


def test_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = told([0, 40], capsys, unit="B")
    assert line.startswith("work: 20.0B of 100B, 00:40 elapsed")


def test_of_parts_that_differ_no_remaining_time_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([0, 31], capsys, estimates=False) == ["work: 20 of 100 cases, 00:31 elapsed, case 2"]


def test_nothing_is_said_that_is_not_to_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([0, 40, 80], capsys, shown=False) == []


def test_a_terminal_has_a_bar() -> None:
    code = """
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    from mswal_bench.benchmark.core.progress import progress_bar
    with progress_bar("work", "case") as report:
        for done in range(3):
            report(done, 2, "")
    sys.exit(0)
text = b""
try:
    while piece := os.read(fd, 4096):
        text += piece
except OSError:
    pass
sys.stdout.buffer.write(text)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert b"\r" in done.stdout
    assert "100%" in done.stdout.decode()
