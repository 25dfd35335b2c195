"""A training that fails for a reason outside the program: a sentence, the last checkpoint whole, the run resumable.

The failures are real ones, made to happen, but for a full GPU: there is none.
"""

import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.runs.run_listing import Condition, ListedRun, list_runs

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.nnunet.checkpoints import load_checkpoint
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.nnunet.trainer import BenchTrainer
from mswal_bench.tests.baselines.nnunet.quick_nnunet import quick_nnunet
from mswal_bench.tests.conftest import MadeOnce

pytestmark = [
    pytest.mark.slow,
    # batchgenerators' thread that finds a worker dead.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

TrainStep = Callable[[Any, Any], Any]
train_step: TrainStep = BenchTrainer.train_step


def call(*arguments: object) -> Result:
    with quick_nnunet():
        return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(raw: Path, work: Path) -> Result:
    return call("run", "nnunet-v2", "--data", raw, "--work", work, "--budget", "smoke", "--fold", 0, "--device", "cpu")


@pytest.fixture(scope="session")
def half_trained(raw: Path, made_once: MadeOnce) -> Path:
    """A run that was stopped by hand in its third epoch of four. Not to be written to."""
    return made_once("run-half-trained", lambda work: stop_in_training(raw, work))


def stop_in_training(raw: Path, work: Path) -> None:
    def stopped(trainer: Any, batch: Any) -> Any:
        if trainer.current_epoch == 2:
            raise KeyboardInterrupt
        return train_step(trainer, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BenchTrainer, "train_step", stopped)
        assert run(raw, work).exit_code == 130
    assert (listed(work).condition, listed(work).folds_done) == (Condition.STOPPED, [])
    assert listed(work).unfinished[0].note.startswith("epoch 2/4")


def listed(work: Path) -> ListedRun:
    listing = list_runs(work)
    assert not listing.problems
    (found,) = listing.runs
    return found


def full_gpu(patch: pytest.MonkeyPatch, work: Path) -> None:
    def fail(trainer: Any, batch: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    patch.setattr(BenchTrainer, "train_step", fail)


def full_memory(patch: pytest.MonkeyPatch, work: Path) -> None:
    patch.setattr(BenchTrainer, "train_step", lambda trainer, batch: torch.ones(1 << 50))


def full_disk(patch: pytest.MonkeyPatch, work: Path) -> None:
    latest = checkpoint(work)
    latest.with_name(f"{latest.name}.partial").symlink_to("/dev/full")


def killed_worker(patch: pytest.MonkeyPatch, work: Path) -> None:
    def kill_and_train(trainer: Any, batch: Any) -> Any:
        workers = multiprocessing.active_children()
        assert workers or trainer.iterations_done
        for worker in workers:
            worker.kill()
        return train_step(trainer, batch)

    patch.setattr(BenchTrainer, "train_step", kill_and_train)


def diverging(patch: pytest.MonkeyPatch, work: Path) -> None:
    patch.setattr(Training, "rate", lambda self, epoch: 1e30)


def checkpoint(work: Path) -> Path:
    (found,) = work.rglob("checkpoint_latest.pth")
    return found


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (full_gpu, "The GPU is out of memory."),
        (full_memory, "The machine is out of memory."),
        (full_disk, "The disk is full"),
        (killed_worker, "A worker process ended early."),
        (diverging, "The loss became "),
    ],
)
def test_a_failed_run_says_why_and_goes_on(raw, half_trained, tmp_path, failure, sentence):
    work = tmp_path / "work"
    shutil.copytree(half_trained, work, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        failure(patch, work)
        result = run(raw, work)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a traceback"
    assert f"error: {work}: {sentence}" in result.stderr
    assert "run the same command again to go on from it" in result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert not any(".." in line.replace(str(work), "") for line in errors)

    assert load_checkpoint(checkpoint(work))["current_epoch"] == 2
    assert not list(work.rglob("*.pth.partial"))
    assert listed(work).condition is Condition.FAILED
    assert listed(work).failures["fold-0"].startswith(sentence)

    result = run(raw, work)
    assert result.exit_code == 0, result.output
    assert listed(work).condition is Condition.FINISHED
    assert listed(work).folds_done == [0]
    assert not listed(work).unfinished
