from __future__ import annotations

import os
from pathlib import Path

import pytest

from mswal_bench.benchmark.jobs.attempts import Attempt, Attempts, Outcome, utc_now, write_attempts
from mswal_bench.benchmark.jobs.task_inputs import had_these_inputs, inputs_digest, was_done
from mswal_bench.benchmark.jobs.tasks import SCORE, Task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "labels" / "inner").mkdir(parents=True)
    for name in ("a", "inner/b"):
        (tmp_path / "labels" / name).write_text("1")
    return tmp_path / "labels"


def test_the_same_as_long_as_nothing_is_written(folder: Path) -> None:
    before = inputs_digest(["one"], [folder])
    assert inputs_digest(["one"], [folder]) == before
    assert inputs_digest(["on", "e"], [folder]) != before
    assert inputs_digest(["one"], [folder / "a"]) != before
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert inputs_digest(["one"], [link]) == before


@pytest.mark.parametrize("name", ["a", "inner/b"])
def test_a_file_that_is_written_again_counts_as_another(folder: Path, name: str) -> None:
    before, found = inputs_digest([], [folder]), (folder / name).stat()
    (folder / "new").write_text("1")
    (folder / "new").replace(folder / name)
    # As a copy that keeps times does.
    os.utime(folder / name, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert inputs_digest([], [folder]) != before


def test_a_file_more_and_one_less(folder: Path) -> None:
    digests = [inputs_digest([], [folder])]
    (folder / "c").touch()
    digests.append(inputs_digest([], [folder]))
    (folder / "a").unlink()
    digests.append(inputs_digest([], [folder]))
    (folder / "gone").symlink_to(folder / "nowhere")
    digests.append(inputs_digest([], [folder]))
    assert len(set(digests)) == 4


@pytest.mark.parametrize(("outcome", "done"), [(Outcome.DONE, True), (Outcome.FAILED, False), (None, False)])
def test_what_was_done_on_these_inputs(tmp_path: Path, outcome: Outcome | None, done: bool) -> None:
    task = Task(SCORE, "m", ("--version",), inputs="i")
    assert not had_these_inputs(tmp_path, task)
    attempts = Attempts(key=task.key).started(Attempt(job="1", host="h", pid=1, started=utc_now(), inputs="i"))
    write_attempts(tmp_path, task, attempts if outcome is None else attempts.ended(outcome))
    assert had_these_inputs(tmp_path, task)
    assert was_done(tmp_path, task) is done
    other = Task(SCORE, "m", ("--version",), inputs="j")
    assert not had_these_inputs(tmp_path, other)
    assert not was_done(tmp_path, other)
