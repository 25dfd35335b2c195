"""Builds nnFormer, a U-shaped transformer with attention in local and global windows and skip attention.

Written from the paper (Zhou et al., IEEE TIP 2023, arXiv 2109.03201); see `nnformer_blocks.py` for its blocks and for
what is taken from the released code.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .inception_blocks import Triple
from .nnformer_blocks import (
    Downsampling,
    Embedding,
    Expanding,
    SelfAttentionBlock,
    SkipAttentionBlock,
    Upsampling,
    Windows,
)


class NnFormer(nn.Module):
    """nnFormer. Input (batch, input_channels, z, y, x); each side divisible by its `embedding_stride` times 2 for each
    stage but the first (16, 32, 32 in the abdominal setting, which the defaults are).

    Gives logits (batch, num_classes, z, y, x), or with `deep_supervision` a list of logits, full resolution first, one
    for each decoder stage, each half as large along every axis as the one before.

    `depths`, `heads` and `window` (the side of a cube of tokens) have one entry for each encoder stage; a decoder stage
    has those of the encoder stage with its resolution. Windows are clipped to the feature maps of `patch_size` and not
    shifted where one window covers them, which makes attention global in the lowest two stages of the abdominal
    setting. Inputs of other sizes are cut into the same windows: padded where those do not fit, the padding masked.

    `drop_path` is the drop rate of the last block of the encoder, and of the last one of the decoder; it grows
    linearly from 0 along each.
    """

    def __init__(
        self,
        input_channels: int,
        num_classes: int,
        *,
        patch_size: Sequence[int] = (64, 128, 128),
        embedding: int = 192,
        depths: Sequence[int] = (2, 2, 2, 2),
        heads: Sequence[int] = (6, 12, 24, 48),
        window: Sequence[int] = (4, 4, 8, 4),
        embedding_stride: Sequence[int] = (2, 4, 4),
        mlp_ratio: float = 4,
        drop_path: float = 0.2,
        deep_supervision: bool = False,
    ):
        super().__init__()
        _check(embedding, depths, heads, window, embedding_stride, drop_path)
        stride = _triple("embedding_stride", embedding_stride)
        stages = len(depths)
        self._divisor = _times(stride, 2 ** (stages - 1))
        patch = _triple("patch_size", patch_size)
        _check_sides("patch_size", patch, self._divisor)

        channels = [embedding * 2**stage for stage in range(stages)]
        sides = [_tokens(patch, stride, stage) for stage in range(stages)]
        rates = _rates(drop_path, depths)
        self.embedding = Embedding(input_channels, embedding, stride)
        self.encoder = nn.ModuleList(
            nn.Sequential(
                *(
                    SelfAttentionBlock(
                        channels[stage],
                        heads[stage],
                        Windows.fitted(window[stage], sides[stage], shifted=block % 2 == 1),
                        mlp_ratio,
                        rate,
                    )
                    for block, rate in enumerate(rates[stage])
                )
            )
            for stage in range(stages)
        )
        self.downsamplings = nn.ModuleList(Downsampling(width) for width in channels[:-1])
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in channels)
        self.decoder = _Decoder(channels, sides, depths, heads, window, stride, num_classes, mlp_ratio, drop_path)
        self.decoder.deep_supervision = deep_supervision

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        if x.ndim != 5:
            raise ValueError(f"nnFormer takes (batch, channels, z, y, x): expected 5 axes, found {x.ndim}")
        _check_sides("the input", x.shape[2:], self._divisor)
        x = self.embedding(x)
        skips = []
        for index, (stage, norm) in enumerate(zip(self.encoder, self.norms, strict=True)):
            x = stage(x if index == 0 else self.downsamplings[index - 1](x))
            skips.append(norm(x))
        result: Tensor | list[Tensor] = self.decoder(skips)
        return result

    @staticmethod
    def initialize(module: nn.Module) -> None:
        """Linear layers start truncated normal with deviation 0.02 and without bias, as Swin's do. Convolutions and
        norms keep torch's defaults, tables of position biases what they were made with (the same distribution).

        The released code sets nothing but those tables: its abdominal training then loads pretrained weights.
        """
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)


class _Decoder(nn.Module):
    """Upsampling, skip attention, self-attention; once per stage, lowest first.

    `deep_supervision` is read at every call and the outputs of all stages are always built, because nnU-Net switches
    it on for training and off for prediction on the same weights.
    """

    deep_supervision: bool

    def __init__(
        self,
        channels: Sequence[int],
        sides: Sequence[Triple],
        depths: Sequence[int],
        heads: Sequence[int],
        window: Sequence[int],
        stride: Triple,
        num_classes: int,
        mlp_ratio: float,
        drop_path: float,
    ):
        super().__init__()
        self.upsamplings = nn.ModuleList()
        self.skip_attentions = nn.ModuleList()
        self.stages = nn.ModuleList()
        self.outputs = nn.ModuleList()
        lowest_first = range(len(channels) - 2, -1, -1)
        rates = _rates(drop_path, [depths[stage] for stage in lowest_first])
        for stage, (first, *others) in zip(lowest_first, rates, strict=True):
            plain, shifted = (Windows.fitted(window[stage], sides[stage], shifted=shift) for shift in (False, True))
            width = channels[stage]
            self.upsamplings.append(Upsampling(2 * width))
            self.skip_attentions.append(SkipAttentionBlock(width, heads[stage], plain, mlp_ratio, first))
            self.stages.append(
                nn.Sequential(
                    *(
                        SelfAttentionBlock(width, heads[stage], (shifted, plain)[block % 2], mlp_ratio, rate)
                        for block, rate in enumerate(others)
                    )
                )
            )
            self.outputs.append(Expanding(width, num_classes, stride))

    def forward(self, skips: Sequence[Tensor]) -> Tensor | list[Tensor]:
        x = skips[-1]
        logits: list[Tensor] = []
        for index, (upsampling, skip_attention, stage, output) in enumerate(
            zip(self.upsamplings, self.skip_attentions, self.stages, self.outputs, strict=True)
        ):
            x = stage(skip_attention(upsampling(x), skips[-(index + 2)]))
            if self.deep_supervision or index == len(self.stages) - 1:
                logits.insert(0, output(x))
        return logits if self.deep_supervision else logits[0]


def _check(
    embedding: int,
    depths: Sequence[int],
    heads: Sequence[int],
    window: Sequence[int],
    stride: Sequence[int],
    drop_path: float,
) -> None:
    stages = len(depths)
    if stages < 2 or min(depths) < 1:
        raise ValueError(f"depths is {list(depths)}, expected at least two stages of at least one block")
    for name, values in {"heads": heads, "window": window}.items():
        if len(values) != stages or min(values) < 1:
            raise ValueError(f"{name} is {list(values)}, expected a positive number for each of {stages} stages")
    if embedding % 2:
        raise ValueError(f"embedding is {embedding}, expected an even number")
    for stage, count in enumerate(heads):
        width = embedding * 2**stage
        if width % count:
            raise ValueError(f"heads is {list(heads)}: {count} heads do not divide the {width} channels of their stage")
    if not set(stride) <= {1, 2, 4}:
        raise ValueError(f"embedding_stride is {list(stride)}, expected 1, 2 or 4 along each axis")
    if not 0 <= drop_path < 1:
        raise ValueError(f"drop_path is {drop_path}, expected a probability below 1")


def _check_sides(name: str, sides: Sequence[int], divisor: Triple) -> None:
    if any(side < 1 or side % step for side, step in zip(sides, divisor, strict=True)):
        raise ValueError(
            f"{name} has sides {_listed(sides)} (z, y, x), expected sides divisible by {_listed(divisor)}: "
            "the embedding's stride times 2 for each further stage"
        )


def _listed(sides: Sequence[int]) -> str:
    return " x ".join(str(side) for side in sides)


def _rates(last: float, depths: Sequence[int]) -> list[list[float]]:
    """Drop rates from 0 to `last` in equal steps over all blocks, those of each stage in a list."""
    total = sum(depths)
    rates = [last * block / max(total - 1, 1) for block in range(total)]
    starts = [sum(depths[:stage]) for stage in range(len(depths))]
    return [rates[start : start + depth] for start, depth in zip(starts, depths, strict=True)]


def _tokens(patch: Triple, stride: Triple, stage: int) -> Triple:
    z, y, x = (side // (step * 2**stage) for side, step in zip(patch, stride, strict=True))
    return z, y, x


def _times(sides: Triple, factor: int) -> Triple:
    z, y, x = sides
    return z * factor, y * factor, x * factor


def _triple(name: str, values: Sequence[int]) -> Triple:
    if len(values) != 3:
        raise ValueError(f"{name} is {list(values)}, expected three numbers: z, y, x")
    z, y, x = values
    return z, y, x
