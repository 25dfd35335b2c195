"""Cuts axial and coronal planes out of a volume and turns them to the radiological convention.

The patient's right is on the left of the picture, and the front or the head is on top, however the file stores its
axes. A plane is an array (rows, columns). Only the planes of an image are held in memory, not the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.orientation import StoredAxes, axes_towards
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, read_voxels
from mswal_bench.metrics.foreground import Foreground, Indices, numbered

View = Literal["axial", "coronal"]
VIEWS: tuple[View, View] = ("axial", "coronal")
# The body's axes are x to the left, y to the back and z to the head. These are the axis along which the planes of a
# view are stacked, and the axis along which its rows follow each other; its columns follow x.
_STACKED: dict[View, int] = {"axial": 2, "coronal": 1}
_ROWS: dict[View, int] = {"axial": 1, "coronal": 2}
# This grid's axes are the body's: geometries are in LPS.
_ALONG_THE_BODY = Geometry((1, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class BodyGrid:
    """Views a volume's grid along the patient's axes, or along its own axes nearest to them where it is oblique."""

    geometry: Geometry

    @cached_property
    def _axes(self) -> StoredAxes:
        return axes_towards(_ALONG_THE_BODY, self.geometry)

    def stored_axis(self, view: View) -> int:
        """Returns the axis of the file (0, 1, 2 for x, y, z) along which the planes of `view` are stacked."""
        return self._axes.order[_STACKED[view]]

    def count(self, view: View) -> int:
        """Returns the number of planes of `view`."""
        return self.geometry.shape[self.stored_axis(view)]

    def same_plane(self, other: BodyGrid, view: View, index: int) -> int:
        """Returns the index that a plane of this grid has in the file of `other`: the same grid, whose axes may run
        the other way."""
        along = _STACKED[view]
        return self.count(view) - 1 - index if self._axes.flipped[along] != other._axes.flipped[along] else index

    def pixel_mm(self, view: View) -> tuple[float, float]:
        """Returns the height and the width of a plane's pixels in mm."""
        row, column = self._axes.order[_ROWS[view]], self._axes.order[0]
        return self.geometry.spacing_mm[row], self.geometry.spacing_mm[column]

    def places(self, view: View, index: int) -> Indices:
        """Returns, for each pixel (rows, columns) of a plane, its flat index in the file, x fastest.

        `index` is the plane's number along the file's own axis, from 0, as viewers of the file count.
        """
        strides = self._strides
        row, column = self._ascending(_ROWS[view]), self._ascending(0)
        # The head is on top, and rows are counted downwards.
        rows = row[::-1] if _ROWS[view] == 2 else row
        stacked = self.stored_axis(view)
        return np.asarray(
            index * strides[stacked]
            + rows[:, None] * strides[self._axes.order[_ROWS[view]]]
            + column[None, :] * strides[self._axes.order[0]]
        )

    def planes_at(self, view: View, voxels: Indices) -> Indices:
        """Returns for each voxel, given by its flat index in the file, the index of its plane."""
        axis = self.stored_axis(view)
        return np.asarray(voxels // self._strides[axis] % self.geometry.shape[axis])

    @property
    def _strides(self) -> tuple[int, int, int]:
        x, y, _ = self.geometry.shape
        return 1, x, x * y

    def _ascending(self, body_axis: int) -> Indices:
        """Returns the file's indices along a body axis, ordered from right to left, front to back or feet to head."""
        indices = np.arange(self.geometry.shape[self._axes.order[body_axis]])
        return indices[::-1] if self._axes.flipped[body_axis] else indices


def voxels_of(foreground: Foreground) -> Indices:
    """Returns the flat index of each labelled voxel, run by run."""
    return np.repeat(foreground.starts, foreground.lengths) + numbered(foreground.lengths)


def planes_of_runs(foreground: Foreground, values: Indices, places: Indices) -> Indices:
    """Returns a plane of a label map, in which every run has the value that `values` gives it and the rest is 0.

    `values` has one entry per run of `foreground`; `places` are the plane's, as `BodyGrid.places` gives them.
    """
    if not foreground.starts.size:
        return np.zeros(places.shape, np.int64)
    run = np.searchsorted(foreground.starts, places, side="right") - 1
    is_inside = (run >= 0) & (places < foreground.ends[run])
    return np.where(is_inside, values[run], 0)


def read_planes(stored: StoredVolume, planes: Sequence[Indices]) -> list[NDArray[np.float32]]:
    """Reads several planes of an image in one pass over the file, with values scaled as its header says.

    `planes` are given by their `BodyGrid.places`. Raises VolumeError for a file that is damaged.
    """
    orders = [np.argsort(places, axis=None) for places in planes]
    ascending = [places.ravel()[order] for places, order in zip(planes, orders, strict=True)]
    found = [np.zeros(places.size, np.float32) for places in planes]
    start = 0
    for block in read_voxels(stored):
        for wanted, order, values in zip(ascending, orders, found, strict=True):
            first, last = np.searchsorted(wanted, (start, start + block.size))
            values[order[first:last]] = stored.scaled(block[wanted[first:last] - start])
        start += block.size
    return [values.reshape(places.shape) for values, places in zip(found, planes, strict=True)]
