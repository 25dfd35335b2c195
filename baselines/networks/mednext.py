"""Builds MedNeXt (Roy et al., MICCAI 2023) from monai's blocks, to be called as nnU-Net's plans call a network.

Not monai's own assembly: that one gives several outputs only while training, where nnU-Net wants them in validation
too; has other weights without deep supervision than with it; and gives a downsampling block the expansion ratio of the
stage above it, where the original gives it that of the stage below (which is why monai's sizes B, M and L have fewer
parameters than the original's).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from monai.networks.blocks.mednext_block import MedNeXtBlock, MedNeXtDownBlock, MedNeXtOutBlock, MedNeXtUpBlock
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

_RESOLUTIONS = 5
DIVISOR = 2 ** (_RESOLUTIONS - 1)
"""Every side of an input is a multiple of it."""


@dataclass(frozen=True)
class Size:
    """What the sizes differ in, by stage: four of the encoder, the bottleneck, four of the decoder."""

    expansions: tuple[int, ...]
    """How many times wider a block is inside than outside."""
    blocks: tuple[int, ...]


SIZES = {
    "S": Size((2,) * 9, (2,) * 9),
    "B": Size((2, 3, 4, 4, 4, 4, 4, 3, 2), (2,) * 9),
    "M": Size((2, 3, 4, 4, 4, 4, 4, 3, 2), (3, 4, 4, 4, 4, 4, 4, 4, 3)),
    "L": Size((3, 4, 8, 8, 8, 8, 8, 4, 3), (3, 4, 8, 8, 8, 8, 8, 4, 3)),
}
"""Table 1 of the paper."""


class MedNeXt(nn.Module):
    """MedNeXt. Input (batch, input_channels, z, y, x), each side a multiple of 16.

    Gives logits (batch, num_classes, z, y, x), or with `deep_supervision` a list of five logits, full resolution
    first, each half as fine as the one before. The weights are the same with and without.

    `kernel` is the side of the depthwise convolutions, `channels` those of the first stage (the original's sizes all
    have 32). With `recompute`, blocks are computed again when gradients are, instead of being kept in memory: the same
    results with less memory in more time, as the original trains M and L.
    """

    def __init__(
        self,
        input_channels: int,
        num_classes: int,
        *,
        size: Literal["S", "B", "M", "L"] = "L",
        kernel: int = 3,
        channels: int = 32,
        recompute: bool = False,
        deep_supervision: bool = False,
    ):
        super().__init__()
        expansions, blocks = SIZES[size].expansions, SIZES[size].blocks
        widths = [channels * 2**resolution for resolution in range(_RESOLUTIONS)]
        self.recompute = recompute
        self.stem = nn.Conv3d(input_channels, channels, 1)
        self.stages = nn.ModuleList(
            _stage(width, expansion, count, kernel)
            for width, expansion, count in zip(widths, expansions[:_RESOLUTIONS], blocks[:_RESOLUTIONS], strict=True)
        )
        self.downsamplings = nn.ModuleList(
            MedNeXtDownBlock(fine, coarse, expansion, kernel, use_residual_connection=True)
            for fine, coarse, expansion in zip(widths[:-1], widths[1:], expansions[1:_RESOLUTIONS], strict=True)
        )
        self.decoder = _Decoder(
            widths[::-1], expansions[_RESOLUTIONS:], blocks[_RESOLUTIONS:], kernel, num_classes, recompute
        )
        self.decoder.deep_supervision = deep_supervision

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        if any(side % DIVISOR for side in x.shape[2:]):
            raise ValueError(f"MedNeXt needs sides that are multiples of {DIVISOR}, found {tuple(x.shape[2:])}")
        x = _run(self.stages[0], self.stem(x), self.recompute)
        skips = []
        for downsampling, stage in zip(self.downsamplings, self.stages[1:], strict=True):
            skips.append(x)
            x = _run(stage, _run_block(downsampling, x, self.recompute), self.recompute)
        result: Tensor | list[Tensor] = self.decoder(x, skips)
        return result


class _Decoder(nn.Module):
    """Upsampling block, sum with the skip, blocks; once per resolution, lowest first.

    `deep_supervision` is read at every call and all outputs are always built, because nnU-Net switches it on for
    training and off for prediction on the same weights.
    """

    deep_supervision: bool

    def __init__(
        self,
        widths: Sequence[int],
        expansions: Sequence[int],
        blocks: Sequence[int],
        kernel: int,
        num_classes: int,
        recompute: bool,
    ):
        super().__init__()
        self.recompute = recompute
        self.upsamplings = nn.ModuleList(
            MedNeXtUpBlock(coarse, fine, expansion, kernel, use_residual_connection=True)
            for coarse, fine, expansion in zip(widths[:-1], widths[1:], expansions, strict=True)
        )
        self.stages = nn.ModuleList(
            _stage(width, expansion, count, kernel)
            for width, expansion, count in zip(widths[1:], expansions, blocks, strict=True)
        )
        self.outputs = nn.ModuleList(MedNeXtOutBlock(width, num_classes, "3d") for width in widths)

    def forward(self, x: Tensor, skips: Sequence[Tensor]) -> Tensor | list[Tensor]:
        resolutions = [x]
        for upsampling, stage, skip in zip(self.upsamplings, self.stages, reversed(skips), strict=True):
            x = _run(stage, _run_block(upsampling, x, self.recompute) + skip, self.recompute)
            resolutions.append(x)
        if not self.deep_supervision:
            full: Tensor = self.outputs[-1](x)
            return full
        return [output(x) for output, x in zip(self.outputs, resolutions, strict=True)][::-1]


def _stage(width: int, expansion: int, blocks: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(*(MedNeXtBlock(width, width, expansion, kernel) for _ in range(blocks)))


def _run(stage: nn.Module, x: Tensor, recompute: bool) -> Tensor:
    for block in stage.children():
        x = _run_block(block, x, recompute)
    return x


def _run_block(block: nn.Module, x: Tensor, recompute: bool) -> Tensor:
    recomputed = recompute and torch.is_grad_enabled()
    result: Tensor = checkpoint(block, x, use_reentrant=False) if recomputed else block(x)
    return result
