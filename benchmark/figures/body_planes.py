"""Axial and coronal planes of a volume as they are looked at, whichever way it is stored.

The radiological convention: the patient's right is on the left of the picture, the front or the head on top. A plane
is an array (rows, columns). Of the file of an image only its planes are kept.
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
# Of the body's axes x to the left, y to the back and z to the head: along which a view's planes are stacked, and which
# of the other two its rows are. Columns are x.
_STACKED: dict[View, int] = {"axial": 2, "coronal": 1}
_ROWS: dict[View, int] = {"axial": 1, "coronal": 2}
# Axes along the body's: LPS, in which geometries are.
_ALONG_THE_BODY = Geometry((1, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class BodyGrid:
    """A volume's grid by the patient's axes. A grid that is turned against them is looked at along its own axes."""

    geometry: Geometry

    @cached_property
    def _axes(self) -> StoredAxes:
        return axes_towards(_ALONG_THE_BODY, self.geometry)

    def stored_axis(self, view: View) -> int:
        """Along which axis (0, 1, 2 for x, y, z) of the file the planes of `view` are stacked."""
        return self._axes.order[_STACKED[view]]

    def count(self, view: View) -> int:
        """How many planes of `view` there are."""
        return self.geometry.shape[self.stored_axis(view)]

    def same_plane(self, other: BodyGrid, view: View, index: int) -> int:
        """The index of a plane of this grid in the file of `other`, which is this grid, perhaps stored otherwise."""
        along = _STACKED[view]
        return self.count(view) - 1 - index if self._axes.flipped[along] != other._axes.flipped[along] else index

    def pixel_mm(self, view: View) -> tuple[float, float]:
        """Height and width of a plane's pixels."""
        row, column = self._axes.order[_ROWS[view]], self._axes.order[0]
        return self.geometry.spacing_mm[row], self.geometry.spacing_mm[column]

    def places(self, view: View, index: int) -> Indices:
        """Flat index in the file, x fastest, of each pixel (rows, columns) of a plane.

        `index` counts along the file's own axis, from 0, as viewers of the file do.
        """
        strides = self._strides
        row, column = self._ascending(_ROWS[view]), self._ascending(0)
        # On the screen the head is up, and rows are counted downwards.
        rows = row[::-1] if _ROWS[view] == 2 else row
        stacked = self.stored_axis(view)
        return np.asarray(
            index * strides[stacked]
            + rows[:, None] * strides[self._axes.order[_ROWS[view]]]
            + column[None, :] * strides[self._axes.order[0]]
        )

    def planes_at(self, view: View, voxels: Indices) -> Indices:
        """For each voxel, by its flat index in the file, the index of the plane that it is in."""
        axis = self.stored_axis(view)
        return np.asarray(voxels // self._strides[axis] % self.geometry.shape[axis])

    @property
    def _strides(self) -> tuple[int, int, int]:
        x, y, _ = self.geometry.shape
        return 1, x, x * y

    def _ascending(self, body_axis: int) -> Indices:
        """The file's indices along one of the body's axes, from right to left, front to back, or feet to head."""
        indices = np.arange(self.geometry.shape[self._axes.order[body_axis]])
        return indices[::-1] if self._axes.flipped[body_axis] else indices


def voxels_of(foreground: Foreground) -> Indices:
    """Flat index of each labelled voxel, run by run."""
    return np.repeat(foreground.starts, foreground.lengths) + numbered(foreground.lengths)


def planes_of_runs(foreground: Foreground, values: Indices, places: Indices) -> Indices:
    """A plane of a label map: at each of `places` the value of the run it is in, of `values`, one a run; else 0."""
    if not foreground.starts.size:
        return np.zeros(places.shape, np.int64)
    run = np.searchsorted(foreground.starts, places, side="right") - 1
    is_inside = (run >= 0) & (places < foreground.ends[run])
    return np.where(is_inside, values[run], 0)


def read_planes(stored: StoredVolume, planes: Sequence[Indices]) -> list[NDArray[np.float32]]:
    """Planes of an image, by their `BodyGrid.places`, scaled as its header says, in one pass over the file.

    Raises VolumeError for a file that is damaged.
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
