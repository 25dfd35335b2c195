"""Says what the originals call the tensors of the networks of this repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Rule = tuple[str, str | Callable[[re.Match[str]], str]]


def renamed(name: str, rules: Sequence[Rule]) -> str:
    """The name in the original. Every rule is applied, in order, wherever its pattern is."""
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _from_end(text: str, last: int) -> Callable[[re.Match[str]], str]:
    """The first group, a number counted from 0 on, counted down from `last` instead."""
    return lambda match: text.format(last - int(match[1]))


INCEPTION: Sequence[Rule] = (
    (r"^stem\.0", "encoder.stem.convs.0.conv"),
    (r"^stem\.1", "encoder.stem.convs.0.norm"),
    # Where there is a pooling before the right branch's convolution.
    (r"^(encoder\.[1-9]\.0)\.right\.1", r"\1.skip.1.conv"),
    (r"^(encoder\.[1-9]\.0)\.right\.2", r"\1.skip.1.norm"),
    (r"\.skip\.0\.(weight|bias)", r".skip.0.conv.\1"),
    (r"\.skip\.1\.(weight|bias|running_mean|running_var)", r".skip.0.norm.\1"),
    (r"\.right\.0", ".skip.0.conv"),
    (r"\.right\.1", ".skip.0.norm"),
    (r"\.right\.2", ".skip.1.conv"),
    (r"\.right\.3", ".skip.1.norm"),
    (r"\.left\.0", ".conv1.conv"),
    (r"\.left\.1", ".conv1.norm"),
    (r"\.left\.3", ".conv2.conv"),
    (r"\.left\.4", ".conv2.norm"),
    (r"^encoder\.(\d)\.(\d)", r"encoder.stages.\1.blocks.\2"),
    (r"^decoder\.stages\.(\d)\.(\d)", r"decoder.stages.\1.blocks.\2"),
    (r"^decoder\.upsamplings", "decoder.transpconvs"),
    (r"^decoder\.outputs", "decoder.seg_layers"),
)
MEDNEXT: Sequence[Rule] = (
    (r"^stages\.4", "bottleneck"),
    (r"^stages\.(\d)", r"enc_block_\1"),
    (r"^downsamplings\.(\d)", r"down_\1"),
    (r"^decoder\.upsamplings\.(\d)", _from_end("up_{}", 3)),
    (r"^decoder\.stages\.(\d)", _from_end("dec_block_{}", 3)),
    (r"^decoder\.outputs\.(\d)", _from_end("out_{}", 4)),
)
NNFORMER: Sequence[Rule] = (
    (r"^embedding\.convolutions\.0", "model_down.patch_embed.proj1.conv1"),
    (r"^embedding\.convolutions\.1", "model_down.patch_embed.proj1.conv2"),
    (r"^embedding\.convolutions\.2", "model_down.patch_embed.proj2.conv1"),
    (r"^embedding\.convolutions\.3", "model_down.patch_embed.proj2.conv2"),
    (r"^embedding\.norms\.0", "model_down.patch_embed.proj1.norm1"),
    (r"^embedding\.norms\.1", "model_down.patch_embed.proj1.norm2"),
    (r"^embedding\.norms\.2", "model_down.patch_embed.proj2.norm1"),
    (r"^embedding\.norms\.3", "model_down.patch_embed.norm"),
    (r"^norms\.(\d)", r"model_down.norm\1"),
    (r"^downsamplings\.(\d)\.norm", r"model_down.layers.\1.downsample.norm"),
    (r"^downsamplings\.(\d)\.convolution", r"model_down.layers.\1.downsample.reduction"),
    (r"^decoder\.upsamplings\.(\d)\.norm", _from_end("decoder.layers.{}.Upsample.norm", 2)),
    (r"^decoder\.upsamplings\.(\d)\.convolution", _from_end("decoder.layers.{}.Upsample.up", 2)),
    (r"^decoder\.outputs\.(\d)\.convolution", _from_end("final.{}.up", 2)),
    (r"^(decoder\.skip_attentions\.\d)\.linear", r"\1.attn.kv"),
    (r"^(encoder|decoder)(.*)\.norm\.(weight|bias)", lambda match: f"{match[1]}{match[2]}{_norm(match)}.{match[3]}"),
    (r"\.linear", ".attn.qkv"),
    (r"\.attention\.table", ".attn.relative_position_bias_table"),
    (r"\.attention\.projection", ".attn.proj"),
    (r"\.mlp\.0", ".norm2"),
    (r"\.mlp\.1", ".mlp.fc1"),
    (r"\.mlp\.3", ".mlp.fc2"),
    (r"^encoder\.(\d)\.(\d)", r"model_down.layers.\1.blocks.\2"),
    (r"^decoder\.skip_attentions\.(\d)", _from_end("decoder.layers.{}.blocks.0", 2)),
    # A stage has the skip attention's block and one more.
    (r"^decoder\.stages\.(\d)\.0", _from_end("decoder.layers.{}.blocks.1", 2)),
)
SWIN_UNETR: Sequence[Rule] = ((r"^network\.", ""),)
UNCHANGED: Sequence[Rule] = ()


def _norm(match: re.Match[str]) -> str:
    """An upsampling's only norm keeps its name; a block's first is numbered."""
    return ".norm" if match[2].endswith("Upsample") else ".norm1"
