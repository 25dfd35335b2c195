"""Defines what a method that runs on nnU-Net v2 can set. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import cos, pi
from typing import Any, Literal

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Training:
    """How a network is trained. The defaults are nnU-Net v2's own (`nnUNetTrainer`, version 2.8)."""

    epochs: int = 1000
    iterations_per_epoch: int = 250
    validation_iterations: int = 50
    optimizer: Literal["sgd", "adamw", "muon"] = "sgd"
    """`sgd` is nnU-Net's: Nesterov momentum 0.99. `muon` is for trainings of minutes (`optimizers.py`)."""
    weight_decay: float = 3e-5
    """`muon` wants far more: 0.5 in the demo."""
    epsilon: float = 1e-8
    """Of `adamw`, and of what `muon` steps as `adamw`: in the denominator of a step. 1e-8 is torch's default, and
    nothing in half precision."""
    learning_rate: float = 1e-2
    """The highest, that of the first epoch without a warm-up."""
    warmup_epochs: int = 0
    """Epochs in which the rate grows in equal steps, the last of them at `learning_rate`."""
    decay: Literal["polynomial", "cosine"] = "polynomial"
    """How the rate falls to 0 after the warm-up."""
    decay_exponent: float = 0.9
    """The `polynomial` rate in epoch e of E is `learning_rate * (1 - e/E) ** decay_exponent`; 1 is a linear decay."""
    background_weight: float = 1
    """Of a background voxel in the first epoch's cross-entropy, where a lesion voxel has 1; more than 0. Grows to 1 by
    the last epoch, by the same factor from each epoch to the next. A small one makes a network find rare lesions soon,
    a weight of 1 teaches it what is none."""
    foreground_patches: float = 0.33
    """The share of a batch's patches that must hold a lesion."""
    augmentation: bool = True
    """Whether patches are rotated, scaled, blurred, brightened, mirrored and so on as nnU-Net does it, and predictions
    averaged over the flips. A training of minutes cannot afford to see less of what is there."""
    checkpoint_every_s: float = 60
    """After an epoch, a checkpoint is written if the last is older than this."""

    def rate(self, epoch: int) -> float:
        """The learning rate in `epoch`, the first being 0."""
        if epoch < self.warmup_epochs:
            return self.learning_rate * (epoch + 1) / self.warmup_epochs
        done = (epoch - self.warmup_epochs) / (self.epochs - self.warmup_epochs)
        left = (1 + cos(pi * done)) / 2 if self.decay == "cosine" else (1 - done) ** self.decay_exponent
        return self.learning_rate * left


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a recipe sets in place of what nnU-Net plans. None keeps what it plans."""

    patch: Triple | None = None
    """In voxels."""
    window: Triple | None = None
    """The patch of prediction, which without gradients may be larger than `patch`; None is the same."""
    batch_size: int | None = None
    batch_dice: bool | None = None
    """Whether the Dice loss sees a batch as one volume."""
    spacing: tuple[float, float, float] | None = None
    """Of the voxels that a network sees, in mm."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the network: they go over those that nnU-Net planned, and those that the method sets under every
    budget go over them."""

    def configuration(self) -> dict[str, Any]:
        """The entries that this sets in a configuration of nnU-Net's plans. The spacing is not among them: all else
        follows from it, so that it has to be known before planning."""
        entries = {
            "patch_size": None if self.patch is None else list(self.patch),
            "batch_size": self.batch_size,
            "batch_dice": self.batch_dice,
        }
        return {key: entry for key, entry in entries.items() if entry is not None}


_ABSENT_BEFORE = frozenset({"statistics_batches", "even_types"})
"""Fields that recipes of earlier versions had not."""


@dataclass(frozen=True)
class Recipe:
    """One budget of one method: how it trains, and on which network and patches."""

    training: Training
    plan: Plan = field(default_factory=Plan)
    speck_share: float = 0
    """Predicted lesions of less than this share of the volume of the smallest training lesion of their class are
    removed; 0 removes none. For the demo's recipes only: networks that small, trained for minutes, leave specks of a
    few voxels all over the volume, and no lesion of the phantom is that small. In patients lesions may be."""
    statistics_batches: int = 0
    """Batches of training patches over which the statistics of batch normalisations are re-estimated when training is
    over (`batch_statistics.py`). 0 keeps the running ones, as nnU-Net does. For networks with batch normalisation."""
    even_types: float = 0
    """The share of training patches for which a lesion type is drawn first, then a case that has it (`case_odds.py`).
    For all others a case is drawn, each as probable as the others, as nnU-Net does it."""

    def settings(self) -> dict[str, Any]:
        """For the settings of a method, so that earlier runs keep their digest."""
        return without_unused(asdict(self))


def without_unused(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe's fields without those that earlier versions had not, where they do nothing."""
    return {key: value for key, value in recipe.items() if key not in _ABSENT_BEFORE or value}
