from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mswal_bench.benchmark.core import claims
from mswal_bench.benchmark.core.claims import HeldError, beside, claim, held, is_claim, outside, remove_abandoned

_KILLED = """
import os, signal, sys
from pathlib import Path
from mswal_bench.benchmark.core.claims import beside, claim, held
folder = Path(sys.argv[1])
with claim(folder, ".nii.gz") as file, claim(folder) as other, held(folder / "lock"):
    file.write_text("half")
    beside(other).mkdir()
    (beside(other) / "left").write_text("half")
    print("there", flush=True)
    if sys.argv[2] == "lives":
        input()
    os.kill(os.getpid(), signal.SIGKILL)
"""
_TOKEN = "01234567"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _kill(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(folder), "dies"], check=False, stdout=subprocess.PIPE)
    assert done.returncode == -signal.SIGKILL
    assert len(_names(folder)) == 4


def test_it_is_for_a_while_and_takes_with_it_what_is_beside(tmp_path: Path) -> None:
    (tmp_path / "else").write_text("")
    with claim(tmp_path, ".nii.gz") as file:
        assert file.parent == tmp_path
        assert file.name.startswith(".partial-")
        assert file.name.endswith(".nii.gz")
        assert is_claim(file.name)
        assert is_claim(beside(file).name)
        beside(file).mkdir()
        (beside(file) / "x").write_text("")
        assert outside(beside(file) / "x") == tmp_path
    assert _names(tmp_path) == ["else"]
    with claim(tmp_path) as file:
        file.rename(tmp_path / "done")
    assert _names(tmp_path) == ["done", "else"]
    assert outside(tmp_path / "done") == tmp_path / "done"


def test_what_was_killed_goes_with_the_next_claim(tmp_path: Path) -> None:
    _kill(tmp_path)
    with claim(tmp_path) as file:
        assert _names(tmp_path) == [file.name, "lock"]
    with held(tmp_path / "lock"):
        pass
    assert _names(tmp_path) == []


def test_what_lives_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path), "lives"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        there = _names(tmp_path)
        remove_abandoned(tmp_path)
        with claim(tmp_path), pytest.raises(HeldError), held(tmp_path / "lock"):
            pass
        assert _names(tmp_path) == there
        process.kill()
    remove_abandoned(tmp_path)
    assert _names(tmp_path) == ["lock"]


@pytest.mark.parametrize(
    "name", [".partial-case.nii.gz", ".partial-01234567", ".partial-0123456789abcdef-x.nii.gz", "case.nii.gz"]
)
def test_nothing_else_is_removed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    os.utime(tmp_path / name, (0, 0))
    assert not is_claim(name)
    remove_abandoned(tmp_path)
    assert _names(tmp_path) == [name]


def _of(machine: str) -> str:
    return f".partial-{machine}-{_TOKEN}.json"


def test_another_machines_goes_when_it_is_old(tmp_path: Path) -> None:
    by_name, by_start = claims._here()
    for machine in (f"{by_name}-{_TOKEN}", f"{_TOKEN}-{by_start}", f"{_TOKEN}-{_TOKEN}"):
        (tmp_path / _of(machine)).write_text("")
    remove_abandoned(tmp_path)
    # Of a machine that started anew, and of a container that had another name, but not of another machine.
    assert _names(tmp_path) == [_of(f"{_TOKEN}-{_TOKEN}")]
    days = [time.time() - number * 24 * 3600 for number in (6, 8)]
    os.utime(tmp_path / _of(f"{_TOKEN}-{_TOKEN}"), (days[0], days[0]))
    remove_abandoned(tmp_path)
    assert len(_names(tmp_path)) == 1
    os.utime(tmp_path / _of(f"{_TOKEN}-{_TOKEN}"), (days[1], days[1]))
    remove_abandoned(tmp_path)
    assert _names(tmp_path) == []


def test_on_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(handle: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refused)
    with claim(tmp_path) as file, held(tmp_path / "lock"):
        remove_abandoned(tmp_path)
        # It could be another process's.
        assert _names(tmp_path) == [file.name, "lock"]
    assert _names(tmp_path) == []


def test_one_that_is_taken_for_abandoned_before_it_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock, calls = fcntl.flock, []

    def slow(handle: int, operation: int) -> None:
        calls.append(handle)
        if len(calls) == 1:
            for path in tmp_path.iterdir():
                path.unlink()
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", slow)
    with claim(tmp_path) as file:
        assert _names(tmp_path) == [file.name]
    assert len(calls) == 2
    calls.clear()
    with held(tmp_path / "lock"):
        assert _names(tmp_path) == ["lock"]
    assert len(calls) == 2


def test_a_pipe_of_such_a_name_is_not_waited_for_and_a_link_not_followed(tmp_path: Path) -> None:
    machine = "-".join(claims._here())
    os.mkfifo(tmp_path / _of(machine))
    (tmp_path / "mine").write_text("mine")
    (tmp_path / _of(machine).replace("json", "csv")).symlink_to(tmp_path / "mine")
    remove_abandoned(tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"
