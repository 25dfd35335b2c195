"""Defines what a recipe of nnU-Net v1 can set. Needs no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mswal_bench.baselines.nnunet.settings import Training, Triple, without_unused


@dataclass(frozen=True, kw_only=True)
class SmallNetwork:
    """What replaces the planned U-Net and patch where a budget asks for a small one. Its normalisation is batch norm,
    which with small patches learns sooner; v1 has a trainer for it."""

    patch: Triple
    """In voxels; each side divisible by 2 ** poolings."""
    window: Triple
    """The patch of prediction, which without gradients may be larger; sides divisible as those of `patch`."""
    batch_size: int
    features: int
    """Channels at full resolution; every pooling halves the shape and doubles the channels."""
    poolings: int
    convolutions: int = 1
    """Of each encoder stage. v1's bottleneck and decoder stages have two at least."""

    def stage(self) -> dict[str, Any]:
        """The entries that this sets in a stage of v1's plans."""
        return {
            "patch_size": list(self.patch),
            "batch_size": self.batch_size,
            "num_pool_per_axis": [self.poolings] * 3,
            "pool_op_kernel_sizes": [[2, 2, 2]] * self.poolings,
            "conv_kernel_sizes": [[1, 1, 1]] + [[3, 3, 3]] * self.poolings,
            "do_dummy_2D_data_aug": False,
        }


@dataclass(frozen=True)
class Recipe:
    """One budget: how v1 trains, and on which network and patches."""

    training: Training
    """Its defaults are v1's own too (`nnUNetTrainerV2`, version 1.7.1)."""
    network: SmallNetwork | None = None
    """None is what v1 plans and builds."""
    speck_share: float = 0
    """As of the recipes on nnU-Net v2: predicted lesions of less than this share of the volume of the smallest training
    lesion of their class are removed, after v1's own post-processing. For the demo's recipe only."""
    statistics_batches: int = 0
    """As of the recipes on nnU-Net v2: batches over which the statistics of batch normalisations are re-estimated when
    training is over, and 0 for none."""

    def __post_init__(self) -> None:
        if self.training.augmentation != (self.network is None):
            raise ValueError("v1's own network is trained with augmentation, a small one without: no trainer has both")

    def settings(self) -> dict[str, Any]:
        """For the settings of a method."""
        return without_unused(asdict(self))
