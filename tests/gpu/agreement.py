"""Compares what a CPU and the device make of the same: logits of a patch, and label maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mswal_bench.baselines.batch_statistics import has_running_statistics, re_estimate


@torch.no_grad()
def logit_differences(network: torch.nn.Module, patch: torch.Tensor, device: str) -> dict[str, float | None]:
    """The largest differences between logits of a CPU and of `device`, in units of the CPU's standard deviation.

    `float32` is without TF32, `mixed` as networks predict on a GPU; None on a CPU, which they never do so on. A CPU as
    the device has another layout in memory. The network stays on the device.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    network = network.float().cpu()
    if has_running_statistics(network.state_dict()):
        # Those of a new network are 0 and 1, with which its activations grow from block to block past half precision.
        re_estimate(network, network, [patch])
    network.eval()
    expected = network(patch)
    network = network.to(device)
    if device == "cpu":
        network = network.to(memory_format=torch.channels_last_3d)
    there = patch.to(device)
    found = network(there).cpu()
    differences: dict[str, float | None] = {"float32": _difference(expected, found), "mixed": None}
    if device == "cuda":
        # As torch has it by default, and training: convolutions may use TF32.
        torch.backends.cudnn.allow_tf32 = True
        with torch.autocast(device):
            differences["mixed"] = _difference(expected, network(there).float().cpu())
    return differences


def _difference(expected: torch.Tensor, found: torch.Tensor) -> float:
    return ((expected - found).abs().max() / expected.std()).item()


def differing_labels(pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, int]:
    """Counts voxels of pairs of label maps: all, those that are foreground in either, and those that differ."""
    counts = {"voxels": 0, "foreground": 0, "differing": 0}
    for one, other in pairs:
        counts["voxels"] += one.size
        counts["foreground"] += int(np.count_nonzero((one > 0) | (other > 0)))
        counts["differing"] += int(np.count_nonzero(one != other))
    return counts
