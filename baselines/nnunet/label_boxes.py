"""Resamples a label map around its lesions alone, each box as the whole would be.

Outside of the boxes all voxels are background before and after. A voxel's value hangs on its neighbours alone, so boxes
may overlap. It needs neither torch nor nnU-Net.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .interpolation import AxisTaps, Indices, grid_taps
from .label_resampling import nearest_of, resample_by

Box = tuple[slice, ...]
"""A part of an array (z, y, x), by its first and last places along each axis."""


@dataclass(frozen=True, eq=False)
class BoxResampling:
    """A way from one grid of labels to another of the same extent."""

    taps: tuple[AxisTaps, ...]
    nearest: Sequence[Indices]
    """Along each axis, the input voxel that is nearest to each output position."""
    logits_type: DTypeLike | None
    """None resamples as a training label; else as a network's certain logits of this type (`resample_by`)."""

    @classmethod
    def between(
        cls,
        shape: Sequence[int],
        new_shape: Sequence[int],
        nearest_axis: int | None,
        logits_type: DTypeLike | None = None,
    ) -> BoxResampling:
        """`nearest_axis` is the one along which slices are taken whole."""
        taps = grid_taps(shape, new_shape, nearest_axis)
        return cls(taps, nearest_of(shape, taps), logits_type)

    def outputs(self, box: Box) -> Box:
        """The output voxels that have a neighbour in `box`; an axis can be empty, where the grid becomes coarser."""
        return tuple(
            slice(
                int(np.searchsorted(axis.neighbours[-1], inputs.start, "left")),
                int(np.searchsorted(axis.neighbours[0], inputs.stop, "left")),
            )
            for axis, inputs in zip(self.taps, box, strict=True)
        )

    def inputs(self, outputs: Box) -> Box:
        """The input voxels that `outputs`, which are some, are made of."""
        return tuple(
            slice(int(axis.neighbours[0][outputs.start]), int(axis.neighbours[-1][outputs.stop - 1]) + 1)
            for axis, outputs in zip(self.taps, outputs, strict=True)
        )

    def resample(self, labels: Callable[[Box], NDArray[np.int16]], outputs: Box) -> NDArray[np.int16]:
        """The output voxels of a box; `labels` gives those of an input box."""
        inputs = self.inputs(outputs)
        part = labels(inputs)
        pairs = list(zip(self.taps, inputs, outputs, strict=True))
        taps = [
            AxisTaps(
                tuple(neighbour[places] - first.start for neighbour in axis.neighbours),
                None if axis.weights is None else tuple(weight[places] for weight in axis.weights),
            )
            for axis, first, places in pairs
        ]
        nearest = [at[places] - first.start for at, first, places in zip(self.nearest, inputs, outputs, strict=True)]
        return resample_by(lambda z: part[z], taps, nearest, self.logits_type)

    def reached(self, mask: NDArray[np.bool_], box: Box, outputs: Box) -> NDArray[np.bool_]:
        """Which output voxels of a box have a neighbour where `mask` is true, which is of the input voxels of `box`."""
        for number, (axis, inputs, places) in enumerate(zip(self.taps, box, outputs, strict=True)):
            found = []
            for neighbour in axis.neighbours:
                at = neighbour[places] - inputs.start
                inside = (at >= 0) & (at < mask.shape[number])
                shape = [-1 if each == number else 1 for each in range(mask.ndim)]
                taken = mask.take(np.clip(at, 0, mask.shape[number] - 1), axis=number)
                found.append(taken & inside.reshape(shape))
            mask = np.logical_or.reduce(found)
        return mask


def is_empty(box: Box) -> bool:
    """Whether no voxel is in the box."""
    return any(places.start >= places.stop for places in box)
