from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mswal_bench.benchmark.core import scratch_folder as folders
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.scratch_folder import scratch_folder

_KILLED = """
import os, sys
from pathlib import Path
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "left").write_text("left")
    os._exit(9)
"""


def test_it_is_there_for_a_while_and_for_its_owner_alone(tmp_path: Path) -> None:
    parent = tmp_path / "made" / "for it"
    with scratch_folder(parent, private=True) as folder:
        assert list(folder.iterdir()) == []
        assert folder.parent == parent
        assert folder.stat().st_mode & 0o077 == 0
        assert (tmp_path / "made").stat().st_mode & 0o077 == 0
        (folder / "file").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_something_else_came_into_stay(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "else").write_text("x")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["else"]


def test_it_goes_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), scratch_folder(tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    assert killed.returncode == 9
    assert [path.read_text() for path in tmp_path.rglob("left")] == ["left"]
    with scratch_folder(tmp_path) as mine:
        assert list(tmp_path.rglob("left")) == []
        with scratch_folder(tmp_path) as other:
            assert mine != other
        assert mine.exists()
    assert list(tmp_path.iterdir()) == []


def test_another_process_removes_the_way_to_it_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results").mkdir()
    missing, calls = folders._missing, []

    def removed_after(parent: Path) -> list[Path]:
        found = missing(parent)
        calls.append(parent)
        if len(calls) == 2:
            (tmp_path / "results").rmdir()
        return found

    monkeypatch.setattr(folders, "_missing", removed_after)
    with scratch_folder(tmp_path / "results" / "works") as folder:
        assert folder.is_dir()
    assert len(calls) == 3


def test_where_none_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BenchError, match="cannot be written"), scratch_folder(tmp_path / "file" / "in it"):
        pass
