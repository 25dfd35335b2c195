"""How nnU-Net v1's trainer stops at numbers that are not finite, and replaces its checkpoints."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunet")

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.nnunet1 import trainer as module
from mswal_bench.baselines.nnunet1.settings import Recipe


def test_a_loss_that_is_not_finite_stops_with_a_sentence(monkeypatch):
    trainer = module.choose_trainer(Recipe(Training(epochs=3)), lambda *_: None)("plans.pkl", None)
    monkeypatch.setattr(module.nnUNetTrainerV2, "run_iteration", lambda *_: np.array(np.nan))
    trainer.run_iteration(None, False)
    with pytest.raises(MethodError, match="The loss became nan in epoch 1 of 3"):
        trainer.run_iteration(None, True)


def test_an_overflow_now_and_then_is_left_to_the_gradient_scaler(monkeypatch):
    trainer = module.choose_trainer(Recipe(Training(epochs=3)), lambda *_: None)("plans.pkl", None)
    # As v1 sets it on a GPU, in half precision.
    trainer.amp_grad_scaler = object()
    losses = iter([np.nan] * 100 + [1.0] + [np.inf] * 101)
    monkeypatch.setattr(module.nnUNetTrainerV2, "run_iteration", lambda *_: np.array(next(losses)))
    for _ in range(201):
        trainer.run_iteration(None, True)
    with pytest.raises(MethodError, match="The loss became inf in epoch 1 of 3"):
        trainer.run_iteration(None, True)


def test_all_parameters_of_muon_get_the_epochs_rate():
    recipe = Recipe(Training(epochs=10, optimizer="muon", learning_rate=0.5))
    trainer = module.choose_trainer(recipe, lambda *_: None)("plans.pkl", None)
    trainer.network = torch.nn.Conv3d(1, 1, 1)
    trainer.initialize_optimizer_and_scheduler()
    trainer.maybe_update_lr(5)
    assert [group["lr"] for group in trainer.optimizer.param_groups] == [0.5 * 0.5**0.9] * 2


def test_a_checkpoint_is_replaced_whole(tmp_path, monkeypatch):
    path = tmp_path / "model_latest.model"
    path.write_text("the one before")

    def killed_while_writing(self, fname, save_optimizer=True):
        Path(fname).write_text("half")
        raise KeyboardInterrupt

    trainer = module.choose_trainer(Recipe(Training()), lambda *_: None)("plans.pkl", None)
    trainer.network = torch.nn.Conv3d(1, 1, 1)
    monkeypatch.setattr(module.nnUNetTrainerV2, "save_checkpoint", killed_while_writing)
    with pytest.raises(KeyboardInterrupt):
        trainer.save_checkpoint(str(path))
    assert path.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [path]
    trainer.network.bias.data[0] = float("nan")
    with pytest.raises(MethodError, match="weights stopped being finite numbers"):
        trainer.save_checkpoint(str(path))
    assert list(tmp_path.iterdir()) == [path]
