"""What a method that runs on nnU-Net v2 can set. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Training:
    """How a network is trained. The defaults are nnU-Net v2's own (`nnUNetTrainer`, version 2.8)."""

    epochs: int = 1000
    iterations_per_epoch: int = 250
    validation_iterations: int = 50
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """`sgd` is nnU-Net's: Nesterov momentum 0.99."""
    learning_rate: float = 1e-2
    """At the first epoch."""
    decay_exponent: float = 0.9
    """The rate in epoch e of E is `learning_rate * (1 - e/E) ** decay_exponent`; 1 is a linear decay."""
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


@dataclass(frozen=True)
class SmallNetwork:
    """What replaces the planned network and patch where a budget asks for a small one."""

    patch: tuple[int, int, int]
    """In voxels; each side divisible by 2 ** (stages - 1)."""
    window: tuple[int, int, int]
    """The patch of prediction, which without gradients may be larger; sides divisible as those of `patch`."""
    features: tuple[int, ...]
    """Channels of each stage; every stage after the first halves the shape."""
    blocks: tuple[int, ...]
    """Blocks (residual encoders) or convolutions (plain ones) of each encoder stage."""
    decoder_blocks: int
    batch_size: int
    norm: str = "torch.nn.modules.batchnorm.BatchNorm3d"
    """Found by trial on the phantom, not by an ablation: with small patches it learned sooner than instance norm."""
    batch_dice: bool = True
    """Whether the Dice loss sees a batch as one volume. With patches this small most lesion types are in none of a
    batch's patches or in one, and a Dice per patch would mostly say to predict nothing."""


@dataclass(frozen=True)
class Recipe:
    """One budget of one method: how it trains, and on which network."""

    training: Training
    network: SmallNetwork | None = None
    """None: as nnU-Net plans it."""
    speck_share: float = 0
    """Predicted lesions of less than this share of the volume of the smallest training lesion of their class are
    removed; 0 removes none. For the demo's recipes only: networks that small, trained for minutes, leave specks of a
    few voxels all over the volume, and no lesion of the phantom is that small. In patients lesions may be."""
