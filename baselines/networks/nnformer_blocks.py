"""Defines the blocks of nnFormer: embedding, attention in windows, transformer blocks, changes of resolution.

Written from the paper (Zhou et al., IEEE TIP 2023, arXiv 2109.03201); what the text leaves open is as in the released
code (github.com/282857341/nnFormer, `nnFormer_synapse.py`), where not said otherwise. Tokens are kept as the volume
they come from: (batch, z, y, x, channels); images are (batch, channels, z, y, x).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .inception_blocks import Triple


def partition(volume: Tensor, window: Triple) -> Tensor:
    """Cuts (batch, z, y, x, channels) into (batch, windows, tokens, channels); the window divides the sides."""
    batch, z, y, x, channels = volume.shape
    dz, dy, dx = window
    cut = volume.reshape(batch, z // dz, dz, y // dy, dy, x // dx, dx, channels)
    return cut.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(batch, -1, dz * dy * dx, channels)


def merge(windows: Tensor, window: Triple, sides: Triple) -> Tensor:
    """Undoes `partition` of a volume with these sides."""
    batch, _, _, channels = windows.shape
    (dz, dy, dx), (z, y, x) = window, sides
    cut = windows.reshape(batch, z // dz, y // dy, x // dx, dz, dy, dx, channels)
    return cut.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(batch, z, y, x, channels)


@dataclass(frozen=True)
class Windows:
    """How a volume of tokens is cut into windows: their size, and how far the grid is shifted towards larger z, y, x.

    The part of the volume before the first whole window of a shifted grid is moved to the far end (a cyclic shift),
    and a volume that the windows do not divide is padded there; `mask` keeps what does not belong together apart.
    """

    size: Triple
    shift: Triple

    @classmethod
    def fitted(cls, size: int, sides: Triple, *, shifted: bool) -> Windows:
        """Cubes of side `size`, clipped where a volume with these sides is smaller, shifted by half of that if
        `shifted`. An axis that is one window is not shifted: all its tokens see each other already."""
        z, y, x = ((min(size, side), size // 2 if shifted and side > size else 0) for side in sides)
        return cls((z[0], y[0], x[0]), (z[1], y[1], x[1]))

    def split(self, volume: Tensor) -> Tensor:
        """The windows, (batch, windows, tokens, channels), of (batch, z, y, x, channels)."""
        sides = _sides(volume)
        missing = [whole - side for whole, side in zip(self._padded(sides), sides, strict=True)]
        if any(missing):
            volume = functional.pad(volume, (0, 0, 0, missing[2], 0, missing[1], 0, missing[0]))
        if any(self.shift):
            volume = volume.roll([-step for step in self.shift], (1, 2, 3))
        return partition(volume, self.size)

    def join(self, windows: Tensor, sides: Triple) -> Tensor:
        """Undoes `split` of a volume with these sides."""
        volume = merge(windows, self.size, self._padded(sides))
        if any(self.shift):
            volume = volume.roll(self.shift, (1, 2, 3))
        return volume[:, : sides[0], : sides[1], : sides[2]]

    def mask(self, sides: Triple, device: torch.device) -> Tensor | None:
        """True where a token (second axis) may attend to another one of its window (third axis), for each window
        (first axis) of a volume with these sides; None where every token may attend to its whole window."""
        padded = self._padded(sides)
        if padded == sides and not any(self.shift):
            return None
        groups = torch.zeros((1, 1, 1), dtype=torch.long, device=device)
        for axis, (side, whole, shift) in enumerate(zip(sides, padded, self.shift, strict=True)):
            place = torch.arange(whole, device=device)
            moved = place >= whole - shift
            padding = (place + shift) % whole >= side
            group = moved.long() + 2 * padding.long()
            groups = 4 * groups + group.reshape([-1 if axis == other else 1 for other in range(3)])
        tokens = partition(groups[None, ..., None], self.size)[0, :, :, 0]
        return tokens[:, :, None] == tokens[:, None, :]

    def _padded(self, sides: Triple) -> Triple:
        z, y, x = (-(-side // size) * size for side, size in zip(sides, self.size, strict=True))
        return z, y, x


class WindowAttention(nn.Module):
    """Multi-head attention within windows, `softmax(q k / sqrt(d) + B) v` for each head, and a projection.

    B is learned: one number for each head and each relative position of two tokens of a window. The released code
    strides its table of them wrongly, so that some relative positions share a number; here each has its own.
    """

    relative: Tensor

    def __init__(self, channels: int, heads: int, window: Triple):
        super().__init__()
        self.heads = heads
        self.table = nn.Parameter(torch.zeros(math.prod(2 * side - 1 for side in window), heads))
        nn.init.trunc_normal_(self.table, std=0.02)
        self.register_buffer("relative", _relative_positions(window), persistent=False)
        self.projection = nn.Linear(channels, channels)

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """All (batch, windows, tokens, channels) but the mask: see `Windows.mask`."""
        bias = self.table[self.relative].permute(2, 0, 1)[None]
        # torch's fused kernels take four axes: windows go with the batch where all share one bias, else with the heads.
        folded = (0, 1)
        if mask is not None:
            bias = bias.masked_fill(~mask[:, None], -math.inf).flatten(0, 1)[None]
            folded = (1, 2)
        batch, windows, tokens, channels = queries.shape
        of_heads = (batch, windows, tokens, self.heads, channels // self.heads)
        q, k, v = (part.reshape(of_heads).transpose(2, 3).flatten(*folded) for part in (queries, keys, values))
        attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        attended = attended.reshape(batch, windows, self.heads, tokens, -1).transpose(2, 3).flatten(3)
        result: Tensor = self.projection(attended)
        return result


class DropPath(nn.Module):
    """In training, drops a residual branch for each sample with this probability and scales it up elsewhere, so that
    its mean stays (stochastic depth)."""

    def __init__(self, probability: float):
        super().__init__()
        self.probability = probability

    def forward(self, branch: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return branch
        keep = 1 - self.probability
        kept = branch.new_empty([branch.shape[0]] + [1] * (branch.ndim - 1)).bernoulli_(keep)
        return branch * (kept / keep)


class _AttentionBlock(nn.Module):
    """The layers of a block; `parts` is what its linear layer makes of tokens for the attention."""

    parts: int

    def __init__(self, channels: int, heads: int, windows: Windows, mlp_ratio: float, drop_path: float):
        super().__init__()
        self.windows = windows
        self.norm = nn.LayerNorm(channels)
        self.linear = nn.Linear(channels, self.parts * channels)
        self.attention = WindowAttention(channels, heads, windows.size)
        self.mlp = _mlp(channels, mlp_ratio)
        self.drop_path = DropPath(drop_path)

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The windows of tokens after norm and linear layer, one volume for each part."""
        parts: tuple[Tensor, ...] = self.linear(self.windows.split(self.norm(x))).chunk(self.parts, dim=-1)
        return parts


class SelfAttentionBlock(_AttentionBlock):
    """`y = x + attention(norm(x))`, then `y + mlp(norm(y))`; tokens in, tokens of the same shape out."""

    parts = 3

    def forward(self, x: Tensor) -> Tensor:
        sides = _sides(x)
        queries, keys, values = self.split(x)
        attended = self.attention(queries, keys, values, self.windows.mask(sides, x.device))
        x = x + self.drop_path(self.windows.join(attended, sides))
        result: Tensor = x + self.drop_path(self.mlp(x))
        return result


class SkipAttentionBlock(_AttentionBlock):
    """The first block of a decoder stage: takes over from the encoder what the decoder asks for.

    `y = up + skip + attention(queries norm(up); keys, values from norm(skip))`, then `y + mlp(norm(y))`. The upsampled
    tokens are the queries as they are, only keys and values have a linear layer (paper and code). The sum `up + skip`
    in the residual and the one `norm` for both are the released code's; the paper's text leaves both open.
    """

    parts = 2

    def forward(self, up: Tensor, skip: Tensor) -> Tensor:
        sides = _sides(up)
        queries = self.windows.split(self.norm(up))
        keys, values = self.split(skip)
        attended = self.attention(queries, keys, values, self.windows.mask(sides, up.device))
        x = up + skip + self.drop_path(self.windows.join(attended, sides))
        result: Tensor = x + self.drop_path(self.mlp(x))
        return result


class Embedding(nn.Module):
    """Image to tokens: four 3 x 3 x 3 convolutions, each followed by layer normalisation and all but the last by GELU
    before it. The first and the third have strides, whose product is `stride`; the first two have half the channels."""

    def __init__(self, channels_in: int, channels: int, stride: Triple):
        super().__init__()
        z, y, x = stride
        first = (min(z, 2), min(y, 2), min(x, 2))
        second = (z // first[0], y // first[1], x // first[2])
        half = channels // 2
        self.convolutions = nn.ModuleList(
            [
                nn.Conv3d(channels_in, half, 3, first, padding=1),
                nn.Conv3d(half, half, 3, padding=1),
                nn.Conv3d(half, channels, 3, second, padding=1),
                nn.Conv3d(channels, channels, 3, padding=1),
            ]
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in (half, half, channels, channels))

    def forward(self, image: Tensor) -> Tensor:
        x = image
        for index, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True), start=1):
            x = convolution(x)
            if index < len(self.norms):
                x = functional.gelu(x)
            x = _to_image(norm(_to_tokens(x)))
        return _to_tokens(x)


class Downsampling(nn.Module):
    """Halves the sides and doubles the channels: GELU, norm, 3 x 3 x 3 convolution with stride 2."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.convolution = nn.Conv3d(channels, 2 * channels, 3, 2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return _to_tokens(self.convolution(_to_image(self.norm(functional.gelu(x)))))


class Upsampling(nn.Module):
    """Doubles the sides and halves the channels: norm, 2 x 2 x 2 transposed convolution with stride 2."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.convolution = nn.ConvTranspose3d(channels, channels // 2, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return _to_tokens(self.convolution(_to_image(self.norm(x))))


class Expanding(nn.Module):
    """Tokens to logits, (batch, classes, z, y, x), `stride` times as large: one transposed convolution."""

    def __init__(self, channels: int, num_classes: int, stride: Triple):
        super().__init__()
        self.convolution = nn.ConvTranspose3d(channels, num_classes, stride, stride)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.convolution(_to_image(x))
        return result


def _mlp(channels: int, ratio: float) -> nn.Sequential:
    hidden = int(channels * ratio)
    return nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels))


def _relative_positions(window: Triple) -> Tensor:
    """(tokens, tokens): the row of the bias table for each pair of a window's tokens."""
    places = torch.stack(torch.meshgrid(*(torch.arange(side) for side in window), indexing="ij")).flatten(1)
    apart = places[:, :, None] - places[:, None, :]
    _, y, x = window
    # From 0 on along each axis, then numbered in the order of an array of all relative positions.
    z_apart, y_apart, x_apart = (steps + side - 1 for steps, side in zip(apart.unbind(), window, strict=True))
    rows: Tensor = (z_apart * (2 * y - 1) + y_apart) * (2 * x - 1) + x_apart
    return rows


def _sides(tokens: Tensor) -> Triple:
    _, z, y, x, _ = tokens.shape
    return z, y, x


def _to_tokens(image: Tensor) -> Tensor:
    return image.movedim(1, -1)


def _to_image(tokens: Tensor) -> Tensor:
    return tokens.movedim(-1, 1)
