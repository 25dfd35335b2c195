"""nnU-Net's own reading of a checkpoint when a training goes on: the same content, and nothing in it is run."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from nnunetv2.training.logging.nnunet_logger import MetaLogger
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from torch import nn

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet.checkpoints import LATEST
from mswal_bench.baselines.nnunet.settings import Recipe, Training
from mswal_bench.baselines.nnunet.trainer import BenchTrainer


def trainer_of_one_layer(folder: Path) -> Any:
    """Without nnU-Net's constructor, which wants a prepared data set; with all that it stores or takes over."""
    bare: Any = BenchTrainer.__new__(BenchTrainer)
    bare.device, bare.is_ddp, bare.local_rank = torch.device("cpu"), False, 0
    bare.was_initialized, bare.disable_checkpointing = True, False
    bare.network, bare.weight_decay, bare.grad_scaler = nn.Conv3d(1, 8, 1), 3e-5, None
    bare.logger = MetaLogger(str(folder), resume=False)
    bare.my_init_kwargs = {"plans": {"plans_name": "benchPlans"}, "fold": 0, "device": torch.device("cpu")}
    bare.inference_allowed_mirroring_axes, bare._best_ema, bare.current_epoch = None, None, 0
    bare.adopt(Recipe(Training(epochs=10)), lambda *report: None)
    bare.optimizer, _ = bare.configure_optimizers()
    return bare


@pytest.fixture
def stored(tmp_path) -> Any:
    """A trainer after a step and an epoch, which has written its checkpoint into the test's folder."""
    trainer = trainer_of_one_layer(tmp_path)
    trainer.network(torch.ones(1, 1, 2, 2, 2)).square().sum().backward()
    trainer.optimizer.step()
    trainer.logger.log("train_losses", np.mean([np.float32(0.5)]), 0)
    trainer.logger.log("dice_per_class_or_region", [np.float32(0.25), np.float32(np.nan)], 0)
    trainer.logger.log("mean_fg_dice", np.nanmean([np.float64(0.25)]), 0)
    trainer._best_ema, trainer.inference_allowed_mirroring_axes = np.float64(0.25), (0, 1, 2)
    trainer.save_checkpoint(str(tmp_path / LATEST))
    return trainer


def test_a_training_goes_on_as_nnunet_would(stored, tmp_path):
    ours, nnunets = trainer_of_one_layer(tmp_path), trainer_of_one_layer(tmp_path)
    ours.load_checkpoint(str(tmp_path / LATEST))
    nnUNetTrainer.load_checkpoint(nnunets, str(tmp_path / LATEST))
    for trainer in (ours, nnunets):
        for name, tensor in stored.network.state_dict().items():
            assert torch.equal(trainer.network.state_dict()[name], tensor)
        (momentum, _) = (state["momentum_buffer"] for state in trainer.optimizer.state_dict()["state"].values())
        assert torch.equal(momentum, stored.optimizer.state_dict()["state"][0]["momentum_buffer"])
        assert trainer.current_epoch == 1
        assert trainer.inference_allowed_mirroring_axes == (0, 1, 2)
        assert trainer.my_init_kwargs == stored.my_init_kwargs
        assert repr(trainer.logger.get_checkpoint()) == repr(stored.logger.get_checkpoint())
        assert (trainer._best_ema, type(trainer._best_ema)) == (0.25, np.float64)


class Touching:
    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.file}",)


def test_a_training_runs_nothing_that_the_checkpoint_names(stored, tmp_path):
    touched = tmp_path / "touched"
    stored.my_init_kwargs["plans"] = Touching(touched)
    stored.save_checkpoint(str(tmp_path / LATEST))
    trainer = trainer_of_one_layer(tmp_path)
    with pytest.raises(MethodError, match=rf"{LATEST} was not read: it names {os.name}\.system, and"):
        trainer.load_checkpoint(str(tmp_path / LATEST))
    assert not touched.exists()
    assert trainer.current_epoch == 0
    # nnU-Net by itself would.
    nnUNetTrainer.load_checkpoint(trainer, str(tmp_path / LATEST))
    assert touched.exists()
