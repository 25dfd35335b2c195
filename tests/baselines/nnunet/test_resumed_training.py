"""A training of nnU-Net v2 that was stopped or killed and goes on, beside one that was not."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.method import Budget, Job
from mswal_bench.baselines.nnunet import patch_loader
from mswal_bench.baselines.nnunet.case_odds import case_odds
from mswal_bench.baselines.nnunet.checkpoints import LATEST, final_checkpoint, load_checkpoint
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop
from mswal_bench.splits import five_folds
from mswal_bench.tests.baselines.stopping import not_asked_to_stop
from mswal_bench.tests.conftest import MadeOnce

from .quick_nnunet import quick_nnunet

pytestmark = pytest.mark.slow


def with_all_draws() -> Any:
    """nnU-Net v2 under the smoke budget, with the draws that it does without: of augmentation and dropout."""
    method: Any = METHODS["nnunet-v2"]
    recipe = method.recipes[Budget.SMOKE]
    assert recipe.statistics_batches == BATCHES
    dropout = {"dropout_op": "torch.nn.modules.dropout.Dropout3d", "dropout_op_kwargs": {"p": 0.5}}
    drawing = replace(
        recipe,
        training=replace(recipe.training, augmentation=True, optimizer="muon", checkpoint_every_s=3600),
        even_types=EVEN_TYPES,
        plan=replace(recipe.plan, arguments={**recipe.plan.arguments, **dropout}),
    )
    return replace(method, recipes={Budget.SMOKE: drawing})


BATCHES = 2
EVEN_TYPES = 0.5
METHOD = with_all_draws()
RUNNING = replace(METHOD, recipes={Budget.SMOKE: replace(METHOD.recipes[Budget.SMOKE], statistics_batches=0)})
# The last number once more for each batch of statistics.
WHOLE = [*range(9)] + [8] * BATCHES


class KilledError(Exception):
    """Ends a training as a kill does, but for its processes."""


@pytest.fixture(scope="module")
def prepared(small_phantom: Path, made_once: MadeOnce) -> Job:
    """Not to be written to."""
    cases = [path.name.removesuffix(".nii.gz") for path in (small_phantom / "labelsTr").iterdir()]
    job = Job(small_phantom, Path(), five_folds(cases), Budget.SMOKE, "cpu", 0)

    def make(work: Path) -> None:
        with quick_nnunet():
            METHOD.prepare(replace(job, work=work), lambda done, total, note: None)

    return replace(job, work=made_once("prepared-with-all-draws", make))


def copied(job: Job, work: Path) -> Job:
    shutil.copytree(job.work, work, symlinks=True)
    return replace(job, work=work)


def train(job: Job, stop_in: int | None = None, method: Any = METHOD, killed_at: str | None = None) -> list[int]:
    """Trains the second fold, and asks to stop in an epoch; gives the iterations that were reported."""
    reported: list[int] = []

    def report(done: int, total: int, note: str) -> None:
        reported.append(done)
        if stop_in is not None and note.startswith(f"epoch {stop_in}/"):
            ask_to_stop()
        if note == killed_at:
            raise KilledError

    with quick_nnunet(), not_asked_to_stop():
        method.train(job, 1, report)
    return reported


def trained(job: Job) -> Any:
    return load_checkpoint(final_checkpoint(Workspace.of(job.work), 1))


@pytest.fixture(scope="module")
def undisturbed(prepared: Job, tmp_path_factory: pytest.TempPathFactory) -> Any:
    job = copied(prepared, tmp_path_factory.mktemp("undisturbed") / "work")
    # Asked in its last epoch, a training just ends well.
    assert train(job, stop_in=4) == WHOLE
    return trained(job)


@pytest.mark.parametrize("stops", [[3], [1, 2]], ids=str)
def test_it_ends_with_the_same_weights(prepared, undisturbed, tmp_path, stops):
    job = copied(prepared, tmp_path / "work")
    latest = final_checkpoint(Workspace.of(job.work), 1).with_name(LATEST)
    for epoch in stops:
        with pytest.raises(StoppedError, match=f"did after epoch {epoch}"):
            train(job, stop_in=epoch)
        assert METHOD.epochs_done(job, 1) == epoch
        assert not torch.equal(*first_weights(load_checkpoint(latest), undisturbed))
    assert train(job) == WHOLE[2 * stops[-1] :]
    resumed = trained(job)
    assert same(resumed["network_weights"], undisturbed["network_weights"])
    assert same(resumed["optimizer_state"]["state"], undisturbed["optimizer_state"]["state"])
    for losses in ("train_losses", "val_losses", "ema_fg_dice", "lrs"):
        assert resumed["logging"][losses] == pytest.approx(undisturbed["logging"][losses], abs=0, rel=0, nan_ok=True)
        assert len(resumed["logging"][losses]) == 4


@pytest.mark.parametrize("batch", range(1, BATCHES + 1))
def test_killed_while_statistics_are_re_estimated_it_does_only_that_again(prepared, undisturbed, tmp_path, batch):
    job = copied(prepared, tmp_path / "work")
    with pytest.raises(KilledError):
        train(job, killed_at=f"batch normalisation, batch {batch}/{BATCHES}")
    assert METHOD.epochs_done(job, 1) == 3
    assert train(job) == WHOLE[8:]
    assert METHOD.epochs_done(job, 1) == 4
    assert same(trained(job)["network_weights"], undisturbed["network_weights"])
    assert same(trained(job)["batch_norm"]["running"], undisturbed["batch_norm"]["running"])
    assert not final_checkpoint(Workspace.of(job.work), 1).with_name(LATEST).exists()


def test_without_it_all_is_as_it_was_before_and_the_checkpoint_has_both(prepared, undisturbed, tmp_path):
    job = copied(prepared, tmp_path / "work")
    assert train(job, method=RUNNING) == [*range(9)]
    off, kept = trained(job), undisturbed["batch_norm"]
    assert off.keys() == undisturbed.keys() - {"batch_norm"}
    assert kept["batches"] == BATCHES
    # Training itself draws and does the same.
    assert same(off["network_weights"], {**undisturbed["network_weights"], **kept["running"]})
    assert same(off["optimizer_state"]["state"], undisturbed["optimizer_state"]["state"])
    assert {name.rpartition(".")[2] for name in kept["running"]} == {"running_mean", "running_var"}
    assert not any(torch.equal(undisturbed["network_weights"][name], value) for name, value in kept["running"].items())
    assert RUNNING.statistics_batches(job.work, 1) == 0


def test_other_seeds_end_with_other_weights_and_training_and_statistics_draw_types(
    prepared, undisturbed, tmp_path, monkeypatch
):
    job = replace(copied(prepared, tmp_path / "work"), seed=1)
    shares = []
    monkeypatch.setattr(
        patch_loader, "case_odds", lambda types, even_types: shares.append(even_types) or case_odds(types, even_types)
    )
    train(job)
    assert shares == [EVEN_TYPES, EVEN_TYPES]
    assert not torch.equal(*first_weights(trained(job), undisturbed))


def first_weights(*checkpoints: Any) -> list[Any]:
    return [next(iter(checkpoint["network_weights"].values())) for checkpoint in checkpoints]


def same(one: Any, other: Any) -> bool:
    """Bit by bit, of dictionaries of tensors."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return torch.equal(one, other)
