"""One network with the weights of several folds, and what their plans say of images and labels.

nnU-Net's predictor holds the same; importing it costs a second, for it imports what compiles networks.
Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import torch
from nnunetv2.utilities.label_handling.label_handling import LabelManager
from nnunetv2.utilities.plans_handling.plans_handler import ConfigurationManager, PlansManager


@dataclass
class FoldNetworks:
    """What predicts: `network` takes the weights of one fold after the other."""

    network: torch.nn.Module
    weights: Sequence[Mapping[str, Any]]
    plans: PlansManager
    configuration: ConfigurationManager
    labels: LabelManager
    dataset_json: dict[str, Any]
    mirroring_axes: Sequence[int]
    """Of a volume's (z, y, x): logits are the mean over all flips of them."""
    device: torch.device

    def __post_init__(self) -> None:
        # As nnU-Net's own prediction does.
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
        if os.environ.get("nnUNet_compile", "").lower() in ("true", "1", "t"):  # noqa: SIM112
            # In place: the names of its weights stay as they are.
            self.network.compile()

    def logits(self, window: torch.Tensor) -> torch.Tensor:
        """The logits (class, z, y, x) of one window (batch of one, channel, z, y, x), in mixed precision on CUDA."""
        tile = torch.clone(window, memory_format=torch.contiguous_format).to(self.device)
        # Of a batch (batch, channel, z, y, x). In nnU-Net's order, for sums depend on it.
        axes = [axis + 2 for axis in self.mirroring_axes]
        flips = list(chain.from_iterable(combinations(axes, count + 1) for count in range(len(axes))))
        with torch.autocast("cuda", enabled=self.device.type == "cuda"):
            total = self.network(tile)
            for flip in flips:
                total += torch.flip(self.network(torch.flip(tile, flip)), flip)
        if flips:
            total /= len(flips) + 1
        mean: torch.Tensor = total[0]
        return mean
