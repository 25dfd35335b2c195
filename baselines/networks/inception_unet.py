"""Builds Inception nnU-Net: an encoder of Mini Inception and Inception Downsampling blocks, a residual decoder.

Written from the MSWAL paper (section 3, Fig. 2). Its arguments are those that nnU-Net's plans hold for its residual
encoder U-Net, so that plans made for that network build this one by naming this class instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .inception_blocks import Branches, InceptionDownsampling, Layers, MiniInception, ResidualBlock, Triple
from .pointwise import pointwise

Axes = int | Sequence[int]


class InceptionUNet(nn.Module):
    """Inception nnU-Net. Input (batch, input_channels, z, y, x); each side divisible by the product of its strides.

    Gives logits (batch, num_classes, z, y, x), or with `deep_supervision` a list of logits, full resolution first,
    one for each decoder stage.

    `n_blocks_per_stage` counts a stage's blocks: its first is an Inception Downsampling where the stage has a stride
    or changes the channels, all others are Mini Inceptions. `norm_op` and `nonlin` default to the paper's batch
    normalisation and ReLU; the released code takes instance normalisation and LeakyReLU from nnU-Net's plans.
    `downsampling_left`, `mini_right` and `mini_residual` are the columns of the paper's ablation (Table 3, see
    `Branches`): false takes that branch away from every block that has it. In two things more the released code is not
    the paper: `pooled_projection` (see `Branches`), which it has not, and `mini_decoder`, which it has: in a decoder
    stage of several blocks all but the first are Mini Inceptions, of which the ablation's switches hold as well.
    """

    def __init__(
        self,
        input_channels: int,
        n_stages: int,
        features_per_stage: Sequence[int],
        kernel_sizes: Sequence[Axes],
        strides: Sequence[Axes],
        n_blocks_per_stage: Sequence[int],
        num_classes: int,
        n_conv_per_stage_decoder: Sequence[int],
        *,
        conv_op: type[nn.Module] = nn.Conv3d,
        conv_bias: bool = True,
        norm_op: type[nn.Module] = nn.BatchNorm3d,
        norm_op_kwargs: dict[str, Any] | None = None,
        nonlin: type[nn.Module] = nn.ReLU,
        nonlin_kwargs: dict[str, Any] | None = None,
        dropout_op: type[nn.Module] | None = None,
        dropout_op_kwargs: dict[str, Any] | None = None,
        deep_supervision: bool = False,
        downsampling_left: bool = True,
        mini_right: bool = True,
        mini_residual: bool = True,
        pooled_projection: bool = True,
        mini_decoder: bool = False,
    ):
        super().__init__()
        if conv_op is not nn.Conv3d:
            raise ValueError(f"Inception nnU-Net is three-dimensional: expected Conv3d, found {conv_op.__name__}")
        if dropout_op is not None or dropout_op_kwargs:
            raise ValueError("Inception nnU-Net has no dropout: expected dropout_op None")
        per_stage = {
            "features_per_stage": features_per_stage,
            "kernel_sizes": kernel_sizes,
            "strides": strides,
            "n_blocks_per_stage": n_blocks_per_stage,
        }
        for name, values in per_stage.items():
            if len(values) != n_stages:
                raise ValueError(f"{name} has {len(values)} entries, expected one for each of {n_stages} stages")
        if len(n_conv_per_stage_decoder) != n_stages - 1:
            raise ValueError(
                f"n_conv_per_stage_decoder has {len(n_conv_per_stage_decoder)} entries, expected {n_stages - 1}"
            )
        layers = Layers(norm_op, norm_op_kwargs or {}, nonlin, nonlin_kwargs or {"inplace": True}, conv_bias)
        branches = Branches(downsampling_left, mini_right, mini_residual, pooled_projection)
        kernels = [_per_axis(kernel) for kernel in kernel_sizes]
        steps = [_per_axis(stride) for stride in strides]

        features = list(features_per_stage)
        self.stem = nn.Sequential(*layers.conv_norm(input_channels, features[0], kernels[0]), layers.activation())
        self.encoder = nn.ModuleList(
            _encoder_stage(
                previous, features[stage], n_blocks_per_stage[stage], kernels[stage], steps[stage], layers, branches
            )
            for stage, previous in enumerate([features[0], *features[:-1]])
        )
        later = branches if mini_decoder else None
        self.decoder = _Decoder(features, kernels, steps, n_conv_per_stage_decoder, num_classes, layers, later)
        self.decoder.deep_supervision = deep_supervision

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        x = self.stem(x)
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        result: Tensor | list[Tensor] = self.decoder(skips)
        return result

    @staticmethod
    def initialize(module: nn.Module) -> None:
        """nnU-Net's initialisation: He for convolutions, and a left branch that starts at zero, so that every block
        starts as its other branches. `apply` calls it for each module, children first."""
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            nn.init.kaiming_normal_(module.weight, a=1e-2)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif (left := _left_beside_others(module)) is not None:
            last_norm: Any = left[-1]
            if getattr(last_norm, "weight", None) is not None:
                nn.init.zeros_(last_norm.weight)
                nn.init.zeros_(last_norm.bias)


def _left_beside_others(module: nn.Module) -> nn.Sequential | None:
    """A block's left branch, if it has one and it is not the only one: alone at zero it would hold back all that comes
    before it, and behind a ReLU it would never learn."""
    match module:
        case MiniInception(right=None, residual=False):
            return None
        case MiniInception(left=left) | InceptionDownsampling(left=left) | ResidualBlock(left=left):
            return left
    return None


class _Decoder(nn.Module):
    """Transposed convolution, concatenation with the skip, residual blocks; once per stage, lowest first.

    With `branches` all blocks of a stage but its first are Mini Inceptions.

    `deep_supervision` is read at every call and the outputs of all stages are always built, because nnU-Net switches
    it on for training and off for prediction on the same weights.
    """

    deep_supervision: bool

    def __init__(
        self,
        features: Sequence[int],
        kernels: Sequence[Triple],
        strides: Sequence[Triple],
        blocks: Sequence[int],
        num_classes: int,
        layers: Layers,
        branches: Branches | None,
    ):
        super().__init__()
        self.upsamplings = nn.ModuleList()
        self.stages = nn.ModuleList()
        self.outputs = nn.ModuleList()
        for below, count in zip(range(len(features) - 1, 0, -1), blocks, strict=True):
            channels = features[below - 1]
            step = strides[below]
            self.upsamplings.append(nn.ConvTranspose3d(features[below], channels, step, step, bias=layers.bias))
            kernel = kernels[below - 1]
            self.stages.append(
                nn.Sequential(
                    ResidualBlock(2 * channels, channels, kernel, layers),
                    *(
                        ResidualBlock(channels, channels, kernel, layers)
                        if branches is None
                        else MiniInception(channels, kernel, layers, branches)
                        for _ in range(count - 1)
                    ),
                )
            )
            self.outputs.append(nn.Conv3d(channels, num_classes, 1))

    def forward(self, skips: Sequence[Tensor]) -> Tensor | list[Tensor]:
        x = skips[-1]
        logits: list[Tensor] = []
        for index, (upsampling, stage, output) in enumerate(
            zip(self.upsamplings, self.stages, self.outputs, strict=True)
        ):
            x = stage(torch.cat((upsampling(x), skips[-(index + 2)]), dim=1))
            if self.deep_supervision or index == len(self.stages) - 1:
                logits.insert(0, pointwise(output, x))
        return logits if self.deep_supervision else logits[0]


def _encoder_stage(
    channels_in: int,
    channels_out: int,
    blocks: int,
    kernel: Triple,
    stride: Triple,
    layers: Layers,
    branches: Branches,
) -> nn.Sequential:
    keeps_shape = channels_in == channels_out and all(side == 1 for side in stride)
    first = (
        MiniInception(channels_out, kernel, layers, branches)
        if keeps_shape
        else InceptionDownsampling(channels_in, channels_out, kernel, stride, layers, branches)
    )
    return nn.Sequential(first, *(MiniInception(channels_out, kernel, layers, branches) for _ in range(blocks - 1)))


def _per_axis(value: Axes) -> Triple:
    z, y, x = (value,) * 3 if isinstance(value, int) else value
    return z, y, x
