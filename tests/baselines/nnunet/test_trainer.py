import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from types import SimpleNamespace
from typing import Any

from torch import nn

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.nnunet.trainer import BenchTrainer


@pytest.fixture
def trainer() -> Any:
    """A trainer of a one-layer network, without nnU-Net's constructor, which wants a prepared data set."""
    bare = BenchTrainer.__new__(BenchTrainer)
    bare.device = torch.device("cpu")
    bare.network = nn.Conv3d(1, 8, 1)
    bare.weight_decay = 3e-5
    bare.current_epoch = 0
    bare.grad_scaler = None
    return bare


def adopt(trainer: Any, **settings: Any) -> list[tuple[int, int, str]]:
    reports: list[tuple[int, int, str]] = []
    trainer.adopt(Training(**settings), lambda *report: reports.append(report))
    return reports


@pytest.mark.parametrize("exponent", [0.9, 1.0])
def test_learning_rate_decays_as_set(trainer, exponent):
    adopt(trainer, epochs=10, learning_rate=1e-3, decay_exponent=exponent)
    optimizer, scheduler = trainer.configure_optimizers()
    assert isinstance(optimizer, torch.optim.SGD)
    for epoch in range(10):
        scheduler.step(epoch)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * (1 - epoch / 10) ** exponent)


def test_nnunets_optimizer_is_the_default_and_adamw_a_choice(trainer):
    adopt(trainer)
    optimizer, _ = trainer.configure_optimizers()
    assert isinstance(optimizer, torch.optim.SGD)
    assert (optimizer.defaults["momentum"], optimizer.defaults["nesterov"]) == (0.99, True)
    adopt(trainer, optimizer="adamw")
    assert isinstance(trainer.configure_optimizers()[0], torch.optim.AdamW)


def test_a_loss_that_is_not_finite_stops_with_a_sentence(trainer):
    adopt(trainer, epochs=3)
    trainer.optimizer, _ = trainer.configure_optimizers()
    trainer.loss = lambda output, target: output.mean() * float("nan")
    with pytest.raises(MethodError, match="The loss became nan in epoch 1 of 3"):
        trainer.train_step({"data": torch.zeros(1, 1, 2, 2, 2), "target": torch.zeros(1, 1, 2, 2, 2)})


def test_progress_counts_iterations_over_all_epochs(trainer):
    reports = adopt(trainer, epochs=3, iterations_per_epoch=4)
    trainer.optimizer, _ = trainer.configure_optimizers()
    trainer.loss = lambda output, target: output.mean()
    trainer.current_epoch = 2
    trainer.train_step({"data": torch.zeros(1, 1, 2, 2, 2), "target": torch.zeros(1, 1, 2, 2, 2)})
    ((done, total, note),) = reports
    assert (done, total) == (9, 12)
    assert note.startswith("epoch 3/3, loss ")


def test_background_weight_grows_to_one_by_one_factor(trainer, monkeypatch):
    adopt(trainer, background_weight=0.125, epochs=4)
    whole = SimpleNamespace(loss=SimpleNamespace(ce=None))
    monkeypatch.setattr(BenchTrainer.__mro__[1], "_build_loss", lambda self: whole)
    trainer.label_manager = SimpleNamespace(num_segmentation_heads=3)
    trainer.loss = trainer._build_loss()
    monkeypatch.setattr(BenchTrainer.__mro__[1], "on_train_epoch_start", lambda self: None)
    weights = []
    for trainer.current_epoch in range(4):
        trainer.on_train_epoch_start()
        weights.append(trainer.loss.loss.ce.weight.tolist())
    assert weights == [[0.125, 1, 1], [0.25, 1, 1], [0.5, 1, 1], [1, 1, 1]]


def test_a_checkpoint_is_replaced_whole(trainer, tmp_path, monkeypatch):
    adopt(trainer)
    path = tmp_path / "checkpoint_latest.pth"
    path.write_bytes(b"the one before")

    def killed_while_writing(self: Any, filename: str) -> None:
        with open(filename, "wb") as file:  # noqa: PTH123
            file.write(b"half of")
        raise KeyboardInterrupt

    monkeypatch.setattr(BenchTrainer.__mro__[1], "save_checkpoint", killed_while_writing)
    with pytest.raises(KeyboardInterrupt):
        trainer.save_checkpoint(str(path))
    assert path.read_bytes() == b"the one before"
