"""The longest axial diameter of a lesion, by which the WHO's criteria tell small from large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .components import Components
from .foreground import Indices


def longest_axial_diameters_mm(
    components: Components, spacing_mm: Sequence[float], axial_axis: int = 0
) -> NDArray[np.float64]:
    """For each component, the greatest distance between two points of one of its axial slices.

    Points are those of the voxels as bodies, corners included, as callipers are set to the outer edges: a single
    voxel's diameter is the diagonal of its face. `axial_axis` is the array's axis along which slices are stacked;
    `spacing_mm` is in the order of the array's axes. (WHO handbook for reporting results of cancer treatment, 1979:
    the longest diameter in the slice where it is longest.)
    """
    if not components.count:
        return np.zeros(0)
    rows = _Rows.of(components, axial_axis)
    row_mm, along_mm = (spacing_mm[axis] for axis in _plane_axes(axial_axis))
    longest = np.zeros(rows.row.size)
    # The two ends of a diameter lie in two rows of a slice, `apart` rows with voxels apart, or in one.
    upper = np.arange(rows.row.size)
    apart = 0
    while upper.size:
        lower = upper + apart
        across = np.maximum(rows.high[lower] - rows.low[upper], rows.high[upper] - rows.low[lower]) * along_mm
        down = (rows.row[lower] - rows.row[upper] + 1) * row_mm
        longest[upper] = np.maximum(longest[upper], across * across + down * down)
        apart += 1
        upper = upper[upper + apart < rows.slice_end[upper]]
    diameters = np.zeros(components.count)
    np.maximum.at(diameters, rows.component, longest)
    return np.sqrt(diameters)


class _Rows:
    """The rows of voxels that the components have in axial slices, component by component, slice by slice."""

    def __init__(self, component: Indices, number: Indices, row: Indices, low: Indices, high: Indices):
        order = np.lexsort((row, number, component))
        component, number, row, low, high = (values[order] for values in (component, number, row, low, high))
        new_slice = np.diff(component, prepend=-1).astype(bool) | np.diff(number, prepend=-1).astype(bool)
        starts = np.flatnonzero(new_slice | np.diff(row, prepend=-1).astype(bool))
        self.component = component[starts]
        self.row = row[starts]
        # What lies between the ends of a row is not the end of any diameter.
        self.low = np.minimum.reduceat(low, starts)
        self.high = np.maximum.reduceat(high, starts)
        slice_starts = np.flatnonzero(new_slice[starts])
        rows_of_slice = np.diff(slice_starts, append=starts.size)
        self.slice_end = np.repeat(slice_starts + rows_of_slice, rows_of_slice)

    @classmethod
    def of(cls, components: Components, axial_axis: int) -> _Rows:
        foreground = components.foreground
        index = list(foreground.coordinates())
        component, lengths = components.of_run, foreground.lengths
        if axial_axis == 2:
            # Runs go through the slices: each voxel is a row's piece of its own.
            component = np.repeat(component, lengths)
            offsets = np.arange(component.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            index = [np.repeat(axis, lengths) for axis in index]
            index[2] += offsets
            lengths = np.ones_like(component)
        row_axis, along_axis = _plane_axes(axial_axis)
        low = index[along_axis]
        return cls(component, index[axial_axis], index[row_axis], low, low + lengths)


def _plane_axes(axial_axis: int) -> tuple[int, int]:
    """The two other axes, that of the rows first; runs lie along the second of them unless they go through slices."""
    first, second = (axis for axis in range(3) if axis != axial_axis)
    return first, second
