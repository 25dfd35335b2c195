"""Says from which voxels, and with which weights, nnU-Net's resampling of logits makes a value.

nnU-Net resamples logits with `skimage.transform.resize(order=1, mode="edge", anti_aliasing=False)`, which hands them to
`scipy.ndimage.zoom(grid_mode=True, mode="nearest")`. Where voxels are long, it resamples slice by slice and takes the
nearest slice. The numbers here are those of scipy's C code, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class AxisTaps:
    """The voxels along one axis that each output position is made of."""

    neighbours: tuple[Indices, ...]
    """One or two arrays of (output positions,): indices of the input, the nearer side of zero first."""
    weights: tuple[NDArray[np.float64], ...] | None
    """As many arrays, each weight in [0, 1]; None where the one neighbour is taken as it is."""


def linear_taps(size: int, new_size: int) -> AxisTaps:
    """The two neighbours of each of `new_size` positions.

    Beyond the edge both are the edge, with their weights kept: the sum of two weighted equal values is not always that
    value.
    """
    centres = (np.arange(new_size, dtype=np.float64) + 0.5) * (float(size) / float(new_size)) - 0.5
    below = np.floor(centres)
    first = 1.0 - (centres - below)
    index = below.astype(np.intp)
    neighbours = np.clip(index, 0, size - 1), np.clip(index + 1, 0, size - 1)
    return AxisTaps(neighbours, (first, 1.0 - first))


def nearest_taps(size: int, new_size: int) -> AxisTaps:
    """The one neighbour that `scipy.ndimage.map_coordinates(order=0, mode="nearest")` takes."""
    centres = float(size) / new_size * (np.arange(new_size, dtype=np.float64) + 0.5) - 0.5
    return AxisTaps((np.floor(np.clip(centres, 0, size - 1) + 0.5).astype(np.intp),), None)


def same_taps(size: int) -> AxisTaps:
    """Every position is itself."""
    return AxisTaps((np.arange(size, dtype=np.intp),), None)


def grid_taps(shape: Sequence[int], new_shape: Sequence[int], nearest_axis: int | None) -> tuple[AxisTaps, ...]:
    """The taps of every axis from a grid to another; `nearest_axis` is the one along which slices are taken whole.

    Where the shapes are equal nothing is resampled, as in nnU-Net.
    """
    if tuple(shape) == tuple(new_shape):
        return tuple(same_taps(size) for size in shape)
    pairs = enumerate(zip(shape, new_shape, strict=True))
    return tuple(
        nearest_taps(size, new_size) if axis == nearest_axis else linear_taps(size, new_size)
        for axis, (size, new_size) in pairs
    )
