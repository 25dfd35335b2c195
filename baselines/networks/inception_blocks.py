"""Defines the blocks of Inception nnU-Net, of encoder and decoder (MSWAL paper, section 3 and Fig. 2).

All take and give tensors of shape (batch, channels, z, y, x). A kernel size or stride is one number per axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from .pointwise import added, pooled

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Branches:
    """What the paper's blocks have and others leave out: the first three are the columns of its ablation (Table 3)."""

    downsampling_left: bool = True
    """The left branch of Inception Downsampling."""
    mini_right: bool = True
    """The right branch of Mini Inception."""
    mini_residual: bool = True
    """The input of Mini Inception in its sum."""
    pooled_projection: bool = True
    """The 1 x 1 x 1 convolution after Inception Downsampling's pooling where the channels stay the same; the released
    code has none there."""


ALL_BRANCHES = Branches()


@dataclass(frozen=True)
class Layers:
    """Which normalisation and nonlinearity a network is built with, and whether its convolutions have a bias."""

    norm: Callable[..., nn.Module] = nn.BatchNorm3d
    norm_options: dict[str, Any] = field(default_factory=dict)
    nonlinearity: Callable[..., nn.Module] = nn.ReLU
    nonlinearity_options: dict[str, Any] = field(default_factory=lambda: {"inplace": True})
    bias: bool = True

    def conv_norm(
        self, channels_in: int, channels_out: int, kernel: Triple, stride: Triple = (1, 1, 1)
    ) -> list[nn.Module]:
        """A convolution that keeps the shape at stride 1, and its normalisation."""
        padding = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2, (kernel[2] - 1) // 2)
        convolution = nn.Conv3d(channels_in, channels_out, kernel, stride, padding, bias=self.bias)
        return [convolution, self.norm(channels_out, **self.norm_options)]

    def pointwise_norm(self, channels_in: int, channels_out: int) -> list[nn.Module]:
        """A 1 x 1 x 1 convolution and its normalisation, which makes a bias of the convolution superfluous."""
        return [nn.Conv3d(channels_in, channels_out, 1, bias=False), self.norm(channels_out, **self.norm_options)]

    def activation(self) -> nn.Module:
        """A new nonlinearity."""
        return self.nonlinearity(**self.nonlinearity_options)

    def two_convolutions(
        self, channels_in: int, channels_out: int, kernel: Triple, stride: Triple = (1, 1, 1)
    ) -> nn.Sequential:
        """Conv (with the stride), norm, nonlinearity, conv, norm: the left branch of every block."""
        return nn.Sequential(
            *self.conv_norm(channels_in, channels_out, kernel, stride),
            self.activation(),
            *self.conv_norm(channels_out, channels_out, kernel),
        )


class MiniInception(nn.Module):
    """Fig. 2 (a): `nonlinearity(left(x) + right(x) + x)`; keeps shape and channels.

    `left` is two k x k x k convolutions with a nonlinearity between, `right` two 1 x 1 x 1 convolutions without one,
    each convolution followed by its normalisation. The nonlinearity after the sum is not drawn in the figure: it is
    that of the nnU-Net residual block which this one replaces, and the released code keeps it. `branches` may leave
    out the right branch and the input.
    """

    def __init__(self, channels: int, kernel: Triple, layers: Layers, branches: Branches = ALL_BRANCHES):
        super().__init__()
        self.left = layers.two_convolutions(channels, channels, kernel)
        self.right: nn.Sequential | None = None
        if branches.mini_right:
            self.right = nn.Sequential(
                *layers.pointwise_norm(channels, channels), *layers.pointwise_norm(channels, channels)
            )
        self.residual = branches.mini_residual
        self.activation = layers.activation()

    def forward(self, x: Tensor) -> Tensor:
        total = self.left(x)
        if self.right is not None:
            total = added(total, x, self.right, add_input=self.residual)
        elif self.residual:
            total = total + x
        result: Tensor = self.activation(total)
        return result


class InceptionDownsampling(nn.Module):
    """Fig. 2 (b): `nonlinearity(left(x) + right(x))`; divides the shape by `stride`, may change the channels.

    `left` is two k x k x k convolutions, the first with the stride; `right` is average pooling over the stride and a
    1 x 1 x 1 convolution with its normalisation. The arrow in the middle of the drawing cannot be added to a smaller
    result; the released code has none there. `branches` may leave out the left branch, and the right one's convolution
    where the channels stay the same.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: Triple,
        stride: Triple,
        layers: Layers,
        branches: Branches = ALL_BRANCHES,
    ):
        super().__init__()
        self.left: nn.Sequential | None = None
        if branches.downsampling_left:
            self.left = layers.two_convolutions(channels_in, channels_out, kernel, stride)
        pooling = [nn.AvgPool3d(stride, stride)] if any(side != 1 for side in stride) else []
        projects = channels_in != channels_out or branches.pooled_projection
        projection = layers.pointwise_norm(channels_in, channels_out) if projects else []
        self.right = nn.Sequential(*pooling, *projection)
        self.poolings = len(pooling)
        self.activation = layers.activation()

    def forward(self, x: Tensor) -> Tensor:
        if self.left is None:
            total = self.right(x)
        else:
            layers: list[Any] = list(self.right)
            smaller = pooled(x, layers[0]) if self.poolings else x
            total = added(self.left(x), smaller, layers[self.poolings :])
        result: Tensor = self.activation(total)
        return result


class ResidualBlock(nn.Module):
    """The decoder's block: `nonlinearity(left(x) + skip(x))`, `skip` being a 1 x 1 x 1 convolution with its
    normalisation where the channels change and the identity elsewhere (as in nnU-Net's residual blocks)."""

    def __init__(self, channels_in: int, channels_out: int, kernel: Triple, layers: Layers):
        super().__init__()
        self.left = layers.two_convolutions(channels_in, channels_out, kernel)
        projection = [] if channels_in == channels_out else layers.pointwise_norm(channels_in, channels_out)
        self.skip = nn.Sequential(*projection)
        self.activation = layers.activation()

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.activation(added(self.left(x), x, self.skip))
        return result
