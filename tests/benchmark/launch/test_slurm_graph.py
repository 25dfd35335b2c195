"""A launch on a real SLURM, of two nodes with one CPU each: the same answer as without it, whatever goes wrong."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.jobs.attempts import Attempts, Outcome
from mswal_bench.benchmark.jobs.queue_record import read_queue
from mswal_bench.benchmark.runs.run_method import run_method
from mswal_bench.benchmark.scoring.merge_scores import merge_into
from mswal_bench.tests.slurm_cluster import SlurmCluster, wait_until
from mswal_bench.tests.slurm_faults import (
    Fault,
    cancel,
    cancel_with_kill,
    kill_descendant,
    kill_python,
    node_outage,
    orphans,
    requeue,
    time_limit,
)

pytestmark = pytest.mark.slow

CHOSEN = ("nnunet-v2", "mednext")
FOLDS = "0,1"
GOAL = "fold-0-1"
SETTINGS = """
cpus: 1
memory: 1.5
tasks:
  train: {gpus: 0, time: 20:00}
  predict: {gpus: 0}
"""
# Those first after which the queue goes on by itself; the others end a task, and so what needs it.
FAULTS: tuple[Fault, ...] = (time_limit, requeue, node_outage, kill_descendant, kill_python, cancel_with_kill, cancel)


@pytest.fixture
def cluster(slurm: SlurmCluster) -> Iterator[SlurmCluster]:
    yield slurm
    slurm.clear()


def launch(cluster: SlurmCluster, raw: Path, root: Path, *options: str, methods: Sequence[str] = CHOSEN) -> str:
    (root.parent / "cluster.yaml").write_text(SETTINGS)
    return command(
        cluster,
        *("launch", *methods, "--data", str(raw), "--work", str(root), "--on", "slurm", "--budget", "smoke"),
        *("--fold", FOLDS, "--cases", "1", "--cluster", str(root.parent / "cluster.yaml"), *options),
    )


def command(cluster: SlurmCluster, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mswal_bench", *arguments],
        env=os.environ | cluster.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def drained(cluster: SlurmCluster, faults: Sequence[Fault] = (), seed: int = 0) -> list[str]:
    """Waits until nothing is queued, and does the faults on the way, at random moments; what they did."""
    chance, left, told = random.Random(seed), list(faults), list[str]()
    next_at = time.monotonic() + chance.uniform(5, 15)
    end = time.monotonic() + 600
    while cluster.squeue():
        assert time.monotonic() < end, cluster.squeue()
        if left and time.monotonic() >= next_at:
            did = left[0](cluster, chance)
            if did:
                told.append(f"{left.pop(0).__name__}: {did}")
                next_at = time.monotonic() + chance.uniform(3, 10)
        time.sleep(0.2)
    return told


def attempts(root: Path) -> list[Attempts]:
    return [Attempts.model_validate_json(path.read_bytes()) for path in (root / "launch" / "tasks").glob("*.json")]


def test_after_six_faults_the_table_is_that_of_plain_runs(cluster, small_phantom, tmp_path):
    for method in CHOSEN:
        run_method(
            METHODS[method], small_phantom, tmp_path / method, budget=Budget.SMOKE, selection=FOLDS, device="cpu"
        )
    merge_into(tmp_path / "table", [tmp_path / method / GOAL for method in CHOSEN])
    root = tmp_path / "runs"
    launch(cluster, small_phantom, root)
    told = drained(cluster, FAULTS)
    assert len(told) >= 6, told
    launch(cluster, small_phantom, root)
    drained(cluster)
    for name in ("scores.json", "cases.csv", "lesions.csv", "table.txt"):
        assert (root / f"table-{GOAL}" / name).read_bytes() == (tmp_path / "table" / name).read_bytes(), told
    for method in CHOSEN:
        mine, theirs = (sorted((at / method / GOAL / method).iterdir()) for at in (root, tmp_path))
        assert [path.name for path in mine] == [path.name for path in theirs]
        assert [path.read_bytes() for path in mine] == [path.read_bytes() for path in theirs]
    wait_until(lambda: not orphans(cluster), "no process is left of a job that ended")
    assert not [path for path in root.rglob("*") if ".partial" in path.name]
    for task in attempts(root):
        for earlier, later in zip(task.attempts, task.attempts[1:], strict=False):
            assert earlier.ended is None or earlier.ended <= later.started, task
    assert "Nothing is left to do" in launch(cluster, small_phantom, root)


def test_what_is_queued_is_not_queued_again_and_can_be_cancelled(cluster, small_phantom, tmp_path):
    root = tmp_path / "runs"
    cluster.scontrol("update", f"NodeName={','.join(cluster.nodes)}", "State=DRAIN", "Reason=test")
    try:
        assert "queued: 13 tasks in 8 arrays" in launch(cluster, small_phantom, root)
        assert "queued: 0 tasks in 0 arrays; 13 were queued before" in launch(cluster, small_phantom, root)
        assert len(cluster.squeue("--array")) == 13
        # As where the call was ended before it knew SLURM's number.
        queue = root / "launch" / "queue.json"
        record = read_queue(queue.parent)
        forgotten = record.arrays[2].model_copy(update={"job": None})
        queue.write_text(record.with_array(forgotten).model_dump_json())
        assert "queued: 0 tasks in 0 arrays; 13 were queued before" in launch(cluster, small_phantom, root)
        assert "pending (waits for other tasks)" in command(cluster, "runs", str(root))
        told = command(cluster, "launch", "--cancel", "--work", str(root), "--on", "slurm")
        assert told == "taken out of the queue: 13 tasks\n"
        assert not cluster.squeue()
    finally:
        cluster.scontrol("update", f"NodeName={','.join(cluster.nodes)}", "State=RESUME")


def test_a_method_that_fails_costs_itself(cluster, small_phantom, tmp_path):
    root = tmp_path / "runs"
    launch(cluster, small_phantom, root)
    state = root / "mednext" / "run.json"
    wait_until(state.exists, "mednext has begun", 300)

    def has_failed() -> bool:
        # Again and again: a task that read it before writes it anew.
        state.write_text("{}")
        return any(attempt.outcome is Outcome.FAILED for task in attempts(root) for attempt in task.attempts)

    wait_until(has_failed, "a task of mednext has failed", 300)
    drained(cluster)
    table = (root / f"table-{GOAL}" / "table.txt").read_text()
    assert "nnunet-v2" in table
    assert "mednext" not in table.splitlines()[0]
    told = command(cluster, "runs", str(root))
    assert "mednext, train fold" in told
    assert "is not the state of a run" in told
