"""Builds Swin UNETR (Hatamizadeh et al., 2022) of monai, to be called as nnU-Net's plans call a network."""

from __future__ import annotations

from monai.networks.nets.swin_unetr import SwinUNETR
from torch import Tensor, nn

DIVISOR = 32
"""Every side of an input is a multiple of it. At 32 x 32 x 32 the lowest resolution would be a single voxel, of which
instance normalisation knows no variance."""


class SwinUnetr(nn.Module):
    """Swin UNETR. Input (batch, input_channels, z, y, x), each side a multiple of 32, and not all 32.

    Gives logits (batch, num_classes, z, y, x). There is no deep supervision.

    `feature_size` is a multiple of 12, `window` the side of the cubes of tokens that see each other. With `recompute`,
    transformer blocks are computed again when gradients are, instead of being kept in memory: the same results with
    less memory in more time.
    """

    def __init__(
        self,
        input_channels: int,
        num_classes: int,
        *,
        feature_size: int = 48,
        window: int = 7,
        recompute: bool = False,
        deep_supervision: bool = False,
    ):
        super().__init__()
        if deep_supervision:
            raise ValueError("Swin UNETR has one output: expected deep_supervision False")
        self.network = SwinUNETR(
            input_channels, num_classes, feature_size=feature_size, window_size=window, use_checkpoint=recompute
        )

    def forward(self, x: Tensor) -> Tensor:
        sides = tuple(x.shape[2:])
        if any(side % DIVISOR for side in sides) or set(sides) == {DIVISOR}:
            raise ValueError(
                f"Swin UNETR needs sides that are multiples of {DIVISOR}, and one of them larger, found {sides}"
            )
        logits: Tensor = self.network(x)
        return logits
