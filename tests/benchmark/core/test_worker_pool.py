from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.worker_pool import worked_on

DEADLY = -1


def _square(number: int) -> int:
    """Takes its process down for a deadly number, as the kernel does when memory runs out."""
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def _lost(number: int) -> int:
    return number


@pytest.mark.parametrize(
    "work",
    [[DEADLY, 2, 3, 4], [2, DEADLY, 3, 4], [2, 3, 4, DEADLY], [DEADLY, 2, DEADLY, 3], [DEADLY, DEADLY]],
    ids=["first", "second", "last", "two", "all"],
)
def test_what_kills_its_process_costs_itself_only(work: list[int]) -> None:
    results = list(worked_on(work, _square, lost=_lost, jobs=2))
    assert sorted(results) == sorted(number if number == DEADLY else number * number for number in work)


def _slow_square(number: int) -> int:
    if number != DEADLY:
        time.sleep(0.3)
    return _square(number)


def test_that_is_so_also_where_nothing_was_finished_before() -> None:
    assert sorted(worked_on([DEADLY, 2, 3], _slow_square, lost=_lost, jobs=2)) == [DEADLY, 4, 9]


def test_when_no_process_comes_back_from_doing_nothing_that_is_told(tmp_path: Path) -> None:
    """In a script that starts processes without asking whether it is the main one."""
    script = tmp_path / "script.py"
    begin = "from mswal_bench.benchmark.core.worker_pool import worked_on"
    script.write_text(f"{begin}\nlist(worked_on([1, 2, 3], abs, lost=abs, jobs=2))")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "end before they do anything" in ended.stderr.splitlines()[-1]


def _raise(number: int) -> int:
    raise BenchError if number == 2 else KeyError(number)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_the_work_raises_is_raised(jobs: int) -> None:
    with pytest.raises(BenchError):
        list(worked_on([2, 2], _raise, lost=_lost, jobs=jobs))


def test_what_the_lost_item_raises_is_raised() -> None:
    with pytest.raises(KeyError):
        list(worked_on([DEADLY, 1], _square, lost=_raise, jobs=2))


def _process(_: object) -> int:
    return os.getpid()


def test_one_job_or_one_item_is_done_in_this_process_in_order() -> None:
    assert list(worked_on([3, 1, 2], _square, lost=_lost, jobs=1)) == [9, 1, 4]
    assert set(worked_on([1, 2, 3], _process, lost=_lost, jobs=1)) == {os.getpid()}
    assert list(worked_on([1], _process, lost=_lost, jobs=4)) == [os.getpid()]
    assert list(worked_on([], _process, lost=_lost, jobs=4)) == []


def test_several_jobs_are_other_processes() -> None:
    assert os.getpid() not in set(worked_on([1, 2, 3], _process, lost=_lost, jobs=2))
