"""What becomes of a checkpoint when a training goes wrong."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from torch import nn

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet.settings import Recipe, Training
from mswal_bench.baselines.nnunet.trainer import BenchTrainer

BATCH = {"data": torch.ones(1, 1, 2, 2, 2), "target": torch.zeros(1, 1, 2, 2, 2)}


@pytest.fixture
def trainer(monkeypatch) -> Any:
    """A trainer of a small network with nnU-Net's `save_checkpoint` writing its weights alone."""
    bare = BenchTrainer.__new__(BenchTrainer)
    bare.device = torch.device("cpu")
    bare.network = nn.Sequential(nn.Conv3d(1, 2, 1), nn.BatchNorm3d(2))
    bare.weight_decay = 3e-5
    bare.current_epoch = 0
    bare.grad_scaler = None
    bare.adopt(Recipe(Training(epochs=3)), lambda done, total, note: None)
    bare.optimizer, _ = bare.configure_optimizers()

    def save(self: Any, filename: str) -> None:
        torch.save(self.network.state_dict(), filename)

    monkeypatch.setattr(BenchTrainer.__mro__[1], "save_checkpoint", save)
    return bare


@pytest.mark.parametrize("lost", ["0.weight", "1.running_var"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_network_that_is_lost_does_not_replace_a_checkpoint(trainer, tmp_path, lost, value):
    path = tmp_path / "checkpoint_latest.pth"
    trainer.save_checkpoint(str(path))
    before = path.read_bytes()
    trainer.network.state_dict()[lost].view(-1)[1] = value
    with pytest.raises(MethodError, match="weights stopped being finite numbers"):
        trainer.save_checkpoint(str(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_checkpoint_before(trainer, tmp_path):
    path = tmp_path / "checkpoint_latest.pth"
    trainer.save_checkpoint(str(path))
    before = path.read_bytes()
    Path(f"{path}.partial").symlink_to("/dev/full")
    with pytest.raises(RuntimeError):
        trainer.save_checkpoint(str(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    # What was in the way is gone.
    trainer.save_checkpoint(str(path))


class Scaler:
    """Stands for the gradient scaler of a GPU: leaves out steps whose gradients are not finite."""

    def scale(self, loss: Any) -> Any:
        return loss

    def unscale_(self, optimizer: Any) -> None:
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        self.finite = all(torch.isfinite(gradient).all() for gradient in gradients)

    def step(self, optimizer: Any) -> None:
        if self.finite:
            optimizer.step()

    def update(self) -> None:
        pass


def train(trainer: Any, factor: float) -> None:
    trainer.loss = lambda output, target: output.mean() * factor
    trainer.train_step(BATCH)


def test_an_overflow_now_and_then_is_left_to_the_gradient_scaler(trainer):
    trainer.grad_scaler = Scaler()
    for factor in [float("inf")] * 100 + [1.0] + [float("nan")] * 100:
        train(trainer, factor)
    weights = trainer.network.state_dict().values()
    assert all(torch.isfinite(values).all() for values in weights)


def test_a_loss_that_stays_so_is_not(trainer):
    trainer.grad_scaler = Scaler()
    for _ in range(100):
        train(trainer, float("nan"))
    with pytest.raises(MethodError, match="The loss became nan in epoch 1 of 3"):
        train(trainer, float("nan"))


def test_without_a_scaler_the_first_is_the_last(trainer):
    with pytest.raises(MethodError, match=r"The loss became -?inf in epoch 1 of 3"):
        train(trainer, float("inf"))
