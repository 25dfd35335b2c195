import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_record import RunIdentity

IDENTITY = RunIdentity(
    method="m", budget="smoke", seed=0, dataset="d", split_digest="s", files_digest="f", settings_digest="t"
)


def test_state_is_kept_and_read(tmp_path):
    folder = RunFolder(tmp_path / "work")
    folder.open(IDENTITY)
    folder.open(IDENTITY)
    assert folder.state().identity == IDENTITY
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == [".lock", "run.json"]


def test_what_a_run_left_that_was_killed_at_once_is_no_hindrance(tmp_path):
    (tmp_path / ".partial-abc.json").write_text("{")
    (tmp_path / ".owner.json").write_text("{")
    RunFolder(tmp_path).open(IDENTITY)
    assert not (tmp_path / ".partial-abc.json").exists()


def test_a_folder_is_no_half_written_file(tmp_path):
    (tmp_path / ".partial-thesis").mkdir()
    with pytest.raises(BenchError, match=r"not that of a run: found \.partial-thesis"):
        RunFolder(tmp_path).open(IDENTITY)


def test_another_folder_is_left_alone(tmp_path):
    for number in range(9):
        (tmp_path / f".partial-{number}").write_text("somebody else's")
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(BenchError, match="not that of a run: found thesis"):
        RunFolder(tmp_path).open(IDENTITY)
    assert (tmp_path / "thesis.tex").read_text() == "precious"
    assert len(list(tmp_path.glob(".partial-*"))) == 9


def test_every_difference_of_identity_is_told(tmp_path):
    folder = RunFolder(tmp_path)
    folder.open(IDENTITY)
    with pytest.raises(BenchError) as caught:
        folder.open(IDENTITY.model_copy(update={"seed": 1, "settings_digest": "u"}))
    first, second = (str(problem) for problem in caught.value.problems)
    assert "another seed: expected 0, found 1" in first
    assert "another settings digest: expected t, found u" in second


def test_a_damaged_state_is_not_overwritten(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(BenchError, match="is not the state of a run"):
        RunFolder(tmp_path).open(IDENTITY)
    assert (tmp_path / "run.json").read_text() == "{"


def test_a_place_where_no_folder_can_be(tmp_path):
    (tmp_path / "file").touch()
    folder = RunFolder(Path(tmp_path / "file" / "work"))
    with pytest.raises(BenchError, match="the work folder cannot be made"):
        folder.open(IDENTITY)


def test_a_change_that_fails_is_not_kept(tmp_path):
    folder = RunFolder(tmp_path)
    folder.open(IDENTITY)
    with pytest.raises(ZeroDivisionError), folder.changing() as state:
        state.parameters = 1 // 0
    with folder.changing() as state:
        assert state.parameters is None
        state.parameters = 7
    assert folder.state().parameters == 7


def test_changes_made_at_the_same_time_are_all_kept(tmp_path):
    RunFolder(tmp_path).open(IDENTITY)

    def count():
        for _ in range(20):
            with RunFolder(tmp_path).changing() as state:
                state.parameters = (state.parameters or 0) + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert RunFolder(tmp_path).state().parameters == 80


HOLD = """
import sys
from pathlib import Path
from mswal_bench.benchmark.runs.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).holding(sys.argv[2:]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held_elsewhere(tmp_path):
    """Another process that holds `fold 1`."""
    RunFolder(tmp_path).open(IDENTITY)
    command = [sys.executable, "-c", HOLD, str(tmp_path), "fold 1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_part_has_one_worker_and_other_parts_are_free(tmp_path, held_elsewhere):
    folder = RunFolder(tmp_path)
    with folder.holding(["fold 0", "fold 2"]):
        pass
    with pytest.raises(BenchError) as caught, folder.holding(["fold 0", "fold 1"]):
        pass
    (problem,) = caught.value.problems
    assert "another run is at work on fold 1 in this work folder" in str(problem)
    assert f"process {held_elsewhere.pid} on " in problem.found
    assert "--fold" in problem.mend
    # What was taken before the refusal is free again.
    with folder.holding(["fold 0"]):
        pass


def test_a_killed_process_lets_go(tmp_path, held_elsewhere):
    held_elsewhere.kill()
    held_elsewhere.wait()
    with RunFolder(tmp_path).holding(["fold 1"]):
        pass
    # Only locks, which hold nobody up, and the state are left.
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".lock", ".lock-fold-1", "run.json"]


def test_who_takes_a_turn_waits_for_who_has_it(tmp_path):
    folder = RunFolder(tmp_path)
    folder.open(IDENTITY)
    order = []
    inside = threading.Event()

    def second():
        inside.wait()
        with RunFolder(tmp_path).in_turn("the preparation"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with folder.in_turn("the preparation"):
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
