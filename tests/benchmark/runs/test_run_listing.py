import fcntl
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.environment import describe_environment
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_listing import Condition, ListedRun, RunListing, list_runs
from mswal_bench.benchmark.runs.run_listing_table import runs_table
from mswal_bench.benchmark.runs.run_progress import forget_failure, keep_failure, kept_progress
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunRecord, Step, TrainingSession, now
from mswal_bench.tests.benchmark.score_summaries import summary

IDENTITY = RunIdentity(
    method="nnunet-v2", budget="demo", seed=3, dataset="Toy", split_digest="s", files_digest="f", settings_digest="t"
)
ENVIRONMENT = describe_environment()
DASH = "\N{EN DASH}"


def ignore(done: int, total: int, note: str) -> None:
    pass


def begin(root: Path) -> RunFolder:
    """A run that is prepared (60 s), and whose fold 0 was trained: killed after 3 of 10 epochs, then to its end."""
    folder = RunFolder(root)
    folder.open(IDENTITY)
    with folder.changing() as state:
        key = state.ran_in(ENVIRONMENT)
        state.prepared = Step(started_at=now(), environment=key, resources=Resources(wall_s=60))
        killed = TrainingSession(started_at=now(), from_epoch=0, of_epochs=10, device="cpu", environment=key)
        whole = killed.model_copy(update={"from_epoch": 3, "to_epoch": 10, "resources": Resources(wall_s=600)})
        state.training = {0: [killed, whole], 1: [killed]}
    return folder


def finish(folder: RunFolder, goal: str = "fold-0", dsc: float | None = 0.25) -> None:
    state = folder.state()
    assert state.prepared is not None
    record = RunRecord(
        created_at=now(),
        identity=IDENTITY,
        title="t",
        publication="p",
        settings={},
        card={},
        parameters=1,
        track="official-test",
        folds=[0],
        epochs=10,
        environments=state.environments,
        prepared=state.prepared,
        training={},
        resumed_from_epochs={},
        predicted=state.prepared,
        cases=1,
        scores=summary({"nnunet-v2": {"gallstone": (dsc, 0)}}) if dsc is not None else None,
    )
    (folder.root / goal).mkdir()
    (folder.root / goal / "record.json").write_text(record.model_dump_json())


def break_off(
    folder: RunFolder, step: str = "train fold 1", note: str = "epoch 4/10, loss 0.5", goal: str | None = None
) -> None:
    def work() -> None:
        with kept_progress(folder.root, step, ignore, goal) as report:
            report(30, 100, note)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def listed(root: Path) -> ListedRun:
    listing = list_runs(root)
    assert not listing.problems
    (found,) = listing.runs
    return found


def test_a_run_that_was_stopped(tmp_path):
    break_off(begin(tmp_path))
    found = listed(tmp_path)
    assert (found.method, found.dataset, found.budget, found.seed) == ("nnunet-v2", "Toy", "demo", 3)
    assert found.condition is Condition.STOPPED
    ((step, done, total, note),) = [(p.step, p.done, p.total, p.note) for p in found.unfinished]
    assert (step, done, total, note) == ("train fold 1", 30, 100, "epoch 4/10, loss 0.5")
    assert found.folds_done == [0]
    assert (found.wall_s, found.wall_is_whole) == (660, False)
    assert found.mean_dsc == {}


def test_a_run_stopped_between_two_steps(tmp_path):
    begin(tmp_path)
    assert (listed(tmp_path).condition, listed(tmp_path).unfinished) == (Condition.STOPPED, [])


def test_a_step_that_ends_well_leaves_nothing(tmp_path):
    with kept_progress(begin(tmp_path).root, "predict", ignore) as report:
        report(1, 2, "a")
        assert listed(tmp_path).unfinished[0].step == "predict"
    assert listed(tmp_path).unfinished == []


def test_progress_is_passed_on_and_written_now_and_then_only(tmp_path):
    heard = []
    with kept_progress(begin(tmp_path).root, "predict", lambda *told: heard.append(told)) as report:
        for done in range(3):
            report(done, 3, "a")
        assert [step.total for step in listed(tmp_path).unfinished] == [0]
    assert heard == [(0, 3, "a"), (1, 3, "a"), (2, 3, "a")]


def test_a_disk_that_takes_no_progress_stops_no_step(tmp_path):
    (tmp_path / "progress").write_text("a file where the folder should be")
    with kept_progress(tmp_path, "predict", ignore) as report:
        report(1, 2, "a")
    keep_failure(tmp_path, "fold-0", "x")
    forget_failure(tmp_path, "fold-0")


def test_a_run_that_failed(tmp_path):
    break_off(begin(tmp_path))
    forget_failure(tmp_path, "fold-0")
    keep_failure(tmp_path, "fold-0", "of an earlier call, and longer")
    keep_failure(tmp_path, "fold-0", "The disk is full.")
    assert listed(tmp_path).condition is Condition.FAILED
    assert listed(tmp_path).failures == {"fold-0": "The disk is full."}
    forget_failure(tmp_path, "fold-0")
    assert (listed(tmp_path).condition, listed(tmp_path).failures) == (Condition.STOPPED, {})


def test_calls_that_fail_side_by_side_are_all_told(tmp_path):
    folder = begin(tmp_path)
    for goal, sentence in (("fold-0", "The disk is full."), ("fold-1", "The loss became nan.")):
        forget_failure(tmp_path, goal)
        keep_failure(tmp_path, goal, sentence)
    forget_failure(tmp_path, "fold-2")
    found = listed(tmp_path)
    assert found.condition is Condition.FAILED
    assert found.failures == {"fold-0": "The disk is full.", "fold-1": "The loss became nan."}
    forget_failure(tmp_path, "fold-0")
    with folder.holding(["fold 0"]):
        assert listed(tmp_path).condition is Condition.RUNNING
        assert listed(tmp_path).failures == {"fold-1": "The loss became nan."}


def test_a_finished_run(tmp_path):
    folder = begin(tmp_path)
    finish(folder)
    finish(folder, "public-cv-fold-0", dsc=None)
    found = listed(tmp_path)
    assert found.condition is Condition.FINISHED
    assert found.mean_dsc == {"fold-0": 0.25, "public-cv-fold-0": None}


def test_what_a_finished_run_left_of_another_fold(tmp_path):
    folder = begin(tmp_path)
    break_off(folder, "predict part 2 of 2", goal="fold-0")
    finish(folder)
    assert listed(tmp_path).condition is Condition.FINISHED, "somebody else predicted that part"
    break_off(folder)
    assert listed(tmp_path).condition is Condition.STOPPED


def test_a_prediction_that_was_broken_off_is_not_hidden_by_another_goal(tmp_path):
    folder = begin(tmp_path)
    for goal in ("fold-1", "fold-2"):
        break_off(folder, "predict", note="", goal=goal)
    finish(folder, "fold-0")
    finish(folder, "fold-2")
    assert listed(tmp_path).condition is Condition.STOPPED
    assert [(step.step, step.goal) for step in listed(tmp_path).unfinished] == [("predict", "fold-1")]
    with kept_progress(tmp_path, "predict", ignore, "fold-1"):
        pass
    assert listed(tmp_path).condition is Condition.FINISHED


def test_a_run_that_runs(tmp_path):
    folder = begin(tmp_path)
    break_off(folder, "train fold 2", "epoch 1/10")
    with folder.holding(["fold 0", "fold 1"]), kept_progress(tmp_path, "train fold 0", ignore) as report:
        report(1, 2, "a")
        found = listed(tmp_path)
        assert found.condition is Condition.RUNNING
        (owner,) = found.owners
        assert owner.pid == os.getpid()
        assert now() - owner.since < timedelta(minutes=5)
        assert [step.step for step in found.unfinished] == ["train fold 0"], "fold 2 was of an earlier call"
    assert listed(tmp_path).condition is Condition.STOPPED


HOLD = """
import sys
from pathlib import Path
from mswal_bench.benchmark.runs.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).holding(["fold 0"]):
    print("held", flush=True)
    input()
"""


def test_a_killed_run_does_not_run(tmp_path):
    begin(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert [owner.pid for owner in listed(tmp_path).owners] == [process.pid]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (tmp_path / ".owner-fold-0.json").exists()
    assert (listed(tmp_path).condition, listed(tmp_path).owners) == (Condition.STOPPED, [])


def test_to_be_listed_keeps_no_run_from_beginning(tmp_path):
    folder = begin(tmp_path)
    with folder.holding(["fold 0"]):
        pass
    asking = os.open(tmp_path / ".lock-fold-0", os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    answered = threading.Event()

    def answer() -> None:
        answered.set()
        os.close(asking)

    threading.Timer(0.2, answer).start()
    with folder.holding(["fold 0"], patience_s=60):
        assert answered.is_set()


def test_a_run_that_was_never_prepared(tmp_path):
    RunFolder(tmp_path).open(IDENTITY)
    found = listed(tmp_path)
    assert (found.condition, found.wall_s, found.wall_is_whole) == (Condition.STOPPED, 0, True)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"identity": 1}', "\0"])
def test_a_damaged_state_is_listed_as_such(tmp_path, content):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").write_text(content)
    begin(tmp_path / "b")
    damaged, whole = list_runs(tmp_path).runs
    assert damaged.condition is Condition.DAMAGED
    assert damaged.reason == "run.json is not the state of a run, or that of another version of this program"
    assert whole.condition is Condition.STOPPED


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "run.json")
    assert (listed(tmp_path).condition, listed(tmp_path).reason) == (Condition.DAMAGED, "run.json is not a file")


def test_a_damaged_record(tmp_path):
    folder = begin(tmp_path)
    finish(folder)
    (tmp_path / "fold-0" / "record.json").write_bytes(b"\xff{")
    found = listed(tmp_path)
    assert found.condition is Condition.DAMAGED
    assert found.reason is not None
    assert found.reason.startswith("fold-0/record.json ")


def test_damaged_progress_is_passed_over(tmp_path):
    folder = begin(tmp_path)
    break_off(folder)
    (tmp_path / "progress" / "train-fold-1.json").write_bytes(b"\xff")
    (tmp_path / "progress" / "failure-fold-0.json").write_text("{")
    (tmp_path / ".owner-fold-0.json").write_text("{")
    (tmp_path / ".lock-fold-0").touch()
    assert (listed(tmp_path).condition, listed(tmp_path).unfinished) == (Condition.STOPPED, [])


def test_looks_below_folders_but_not_below_runs_or_through_links(tmp_path):
    for name in ("a", "deep/er/b", "a/nnunet/inner", ".hidden"):
        begin(tmp_path / "root" / name)
    begin(tmp_path / "elsewhere")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "circle").symlink_to(tmp_path / "root")
    listing = list_runs(tmp_path / "root")
    found, problems = listing.runs, listing.problems
    assert [str(run.folder.relative_to(tmp_path / "root")) for run in found] == [".hidden", "a", "deep/er/b"]
    assert not problems


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path, monkeypatch):
    begin(tmp_path / "b")
    (tmp_path / "a").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_runs(tmp_path)
    found, (problem,) = listing.runs, listing.problems
    assert [run.folder.name for run in found] == ["b"]
    assert str(problem) == f"{tmp_path / 'a'}: cannot be looked into (Permission denied)."


def test_no_such_folder(tmp_path):
    with pytest.raises(BenchError, match="there is no such folder"):
        list_runs(tmp_path / "absent")
    assert list_runs(tmp_path) == RunListing([], [], [])


def test_the_table(tmp_path):
    assert runs_table(RunListing([], [], []), tmp_path) == ""
    finish(begin(tmp_path / "a"), "fold-all")
    folder = begin(tmp_path / "b")
    finish(folder)
    break_off(folder)
    forget_failure(folder.root, "fold-1")
    keep_failure(folder.root, "fold-1", "The disk is full.")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "run.json").write_text("{")
    text = runs_table(list_runs(tmp_path), tmp_path)
    _, _, a, b, c, _, *notes = text.splitlines()
    assert a.split() == ["a", "nnunet-v2", "Toy", "demo", "3", "finished", DASH, "0", "25.00", "≥", "0:11:00"]
    assert "failed" in b
    assert "train fold 1 epoch 4/10, loss 0.5" in b
    assert "fold-0 25.00" in b
    assert c.split() == ["c", DASH, DASH, DASH, DASH, "damaged", DASH, DASH, DASH, DASH]
    assert notes == [
        "b, fold-1: The disk is full.",
        "c: run.json is not the state of a run, or that of another version of this program",
    ]
