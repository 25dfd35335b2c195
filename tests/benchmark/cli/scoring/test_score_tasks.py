"""`mswal-bench score --on`: what one call does, as tasks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.jobs import slurm_queue
from mswal_bench.benchmark.jobs.slurm_queue import Submitted
from mswal_bench.benchmark.jobs.tasks import TaskPlan
from mswal_bench.tests.benchmark.cli.scoring.score_call import score

LOCAL = ("--on", "local", "--devices", "cpu,cpu")


@pytest.fixture
def methods(folders: Path) -> Path:
    """Predictions `mine`, `yours`, and `theirs`, which lack a case."""
    for name in ("yours", "theirs"):
        shutil.copytree(folders / "mine", folders / name)
    (folders / "theirs" / "case_2.nii.gz").unlink()
    return folders


def _score(folders: Path, *options: str, names: tuple[str, ...] = ("mine", "yours"), out: str = "out") -> Result:
    return score(folders, "--out", str(folders / out), *options, predictions=names)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("cases.csv", "lesions.csv", "scores.json")}


def test_the_files_and_the_table_of_one_call(methods: Path) -> None:
    names = ("yours", "theirs", "mine")
    together = _score(methods, names=names, out="together")
    apart = _score(methods, *LOCAL, names=names)
    assert (together.exit_code, apart.exit_code) == (1, 1)
    assert _bytes(methods / "out") == _bytes(methods / "together")
    assert apart.stdout == together.stdout
    # What is named as written is there, and all that is there is named.
    told = apart.stderr.partition(f"written to {methods / 'out'}: ")[2].splitlines()[0]
    assert sorted(told.split(", ")) == sorted(
        f"{path.name}/" if path.is_dir() else path.name for path in (methods / "out").iterdir()
    )
    errors = [line for line in apart.stderr.splitlines() if line.startswith("error: ")]
    (error,) = [line for line in together.stderr.splitlines() if line.startswith("error: ")]
    assert errors == [error.replace("error: ", "error: score: theirs: failed: ")]
    # With the options of the call, and only what they change.
    again = _score(methods, *LOCAL, "--allow-missing", names=names)
    assert again.exit_code == 0, again.stderr
    assert _score(methods, "--allow-missing", names=names, out="together").stdout == again.stdout
    assert _bytes(methods / "out") == _bytes(methods / "together")
    third = _score(methods, *LOCAL, "--allow-missing", names=names)
    assert (third.exit_code, third.stdout) == (0, again.stdout)
    assert "begun" not in third.stderr


def test_on_slurm_it_is_queued(methods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[TaskPlan] = []

    def submit(plan: TaskPlan, *_: object, **__: object) -> Submitted:
        plans.append(plan)
        return Submitted(len(plan.tasks), len(plan.arrays), 0)

    monkeypatch.setattr(slurm_queue, "submit_to_slurm", submit)
    result = _score(methods, "--on", "slurm", "--partition", "long")
    assert (result.exit_code, result.stdout) == (0, "queued: 3 tasks in 2 arrays\n")
    assert f"`mswal-bench runs {methods / 'out'}` shows how far they are" in result.stderr
    assert [task.key for task in plans[0].tasks] == ["score: mine", "score: yours", "table: of all methods"]
    assert "--jobs" in plans[0].tasks[0].command
    assert not (methods / "out" / "scores.json").exists()


def test_cancelling_what_was_never_queued(methods: Path) -> None:
    result = _score(methods, "--on", "slurm", "--cancel")
    assert (result.exit_code, result.stdout) == (0, "taken out of the queue: 0 tasks\n")
    assert not (methods / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--on", "local"],
        ["--on", "local", "--out", "out", "--nnunet-summary"],
        ["--on", "local", "--out", "out", "--cancel"],
        ["--on", "slurm", "--out", "out", "--devices", "cpu"],
        ["--on", "slurm", "--out", "out", "--partition", "a b"],
        ["--devices", "cpu"],
        ["--cancel"],
        ["--partition", "long"],
        ["--on", "local", "--out", "out", "--partition", "long"],
    ],
)
def test_a_wrong_call(options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["score", "p", "--reference", "r", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []


def test_without_it_nothing_of_a_cluster_is_read(methods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSWAL_BENCH_CLUSTER", str(methods / "nothing.yaml"))
    assert _score(methods).exit_code == 0
    assert _score(methods, *LOCAL).exit_code == 0
    result = _score(methods, "--on", "slurm")
    assert result.exit_code == 1
    assert "nothing.yaml: cannot be read" in result.stderr


def test_other_names_of_the_labels_are_other_scores(methods: Path) -> None:
    names = [f"organ {number}" for number in range(1, 9)]
    assert _score(methods, *LOCAL).exit_code == 0
    labels = {"background": 0, **{name: number for number, name in enumerate(names, start=1)}}
    (methods / "dataset.json").write_text(json.dumps({"labels": labels}))
    again = _score(methods, *LOCAL)
    assert again.exit_code == 0, again.stderr
    assert "Organ 3" in again.stdout
    assert again.stdout == _score(methods, out="together").stdout
