"""Measures a lesion's longest axial diameter, by which the WHO's criteria tell small lesions from large ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .components import Components
from .foreground import Indices, numbered

_DECIMALS = 3
"""Of a diameter in mm."""


def longest_axial_diameters_mm(
    components: Components, spacing_mm: Sequence[float], axial_axis: int = 0
) -> NDArray[np.float64]:
    """Returns for each component the greatest distance between two points of it within one axial slice.

    Distances are measured between the outer edges of voxels, as a radiologist sets callipers: the diameter of a single
    voxel is the diagonal of its face. `axial_axis` is the array's axis along which slices are stacked; `spacing_mm` is
    in the order of the array's axes. Without components the result is empty. (WHO handbook for reporting results of
    cancer treatment, 1979: the longest diameter, in the slice where it is longest.)

    They are rounded to the micrometre, as files have them: what is small in one place is small in every other.
    """
    if not components.count:
        return np.zeros(0)
    rows = _rows_of(components, axial_axis)
    row_mm, along_mm = (spacing_mm[axis] for axis in range(3) if axis != axial_axis)
    longest = np.zeros(rows.component.size)
    # A diameter ends in two rows of a slice that are `apart` places apart among its rows with voxels, or in one row.
    # Slices with more rows come first, so the slices with rows that far apart are at the front.
    for apart, count in enumerate(rows.reaching):
        upper, lower = slice(0, count - apart), slice(apart, count)
        # Differences are taken in whole voxels, so that a diameter does not depend on the lesion's place in the scan.
        across = np.maximum(rows.high[lower] - rows.low[upper], rows.high[upper] - rows.low[lower]) * along_mm
        down = (rows.row[lower] - rows.row[upper] + 1) * row_mm
        squared = np.where(rows.plane[lower] == rows.plane[upper], across * across + down * down, 0)
        np.maximum(longest[upper], squared, out=longest[upper])
    diameters = np.zeros(components.count)
    np.maximum.at(diameters, rows.component, longest)
    # Python's own rounding is that of printed decimals; numpy's multiplies first, which is another one near a half.
    return np.array([round(diameter, _DECIMALS) for diameter in np.sqrt(diameters).tolist()], np.float64)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Holds the rows of voxels that components have in axial slices; slices with more rows come first.

    A row is kept by its two ends, for no diameter ends between them. Arrays have one entry for each row, in 32 bits for
    speed, since every distance goes through all rows.
    """

    component: Indices
    plane: NDArray[np.int32]
    """Numbers the slices of every component: rows of one component in one slice have the same number."""
    row: NDArray[np.int32]
    low: NDArray[np.int32]
    """Is where the row's first voxel begins."""
    high: NDArray[np.int32]
    """Is where the row's last voxel ends."""
    reaching: list[int]
    """Has at place n the number of rows in slices with more than n rows."""


def _rows_of(components: Components, axial_axis: int) -> _Rows:
    component, (plane, row, low), high = _pieces(components, axial_axis)
    shape = components.foreground.shape
    row_axis = 1 if axial_axis == 0 else 0
    # Sorting by these numbers puts the pieces of a row together.
    plane = component * shape[axial_axis] + plane
    keys = plane * shape[row_axis] + row
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(_changes(keys[order]))
    first = order[starts]
    low, high = np.minimum.reduceat(low[order], starts), np.maximum.reduceat(high[order], starts)
    sizes = np.diff(np.flatnonzero(_changes(plane[first])), append=first.size)
    size = np.repeat(sizes, sizes)
    by_size = np.argsort(-size, kind="stable")
    first = first[by_size]
    return _Rows(
        component=component[first],
        plane=np.repeat(np.arange(sizes.size), sizes)[by_size].astype(np.int32),
        row=row[first].astype(np.int32),
        low=low[by_size].astype(np.int32),
        high=high[by_size].astype(np.int32),
        reaching=(size.size - np.cumsum(np.bincount(size)))[:-1].tolist(),
    )


def _pieces(components: Components, axial_axis: int) -> tuple[Indices, tuple[Indices, Indices, Indices], Indices]:
    """Returns pieces of rows: the component, the slice, the row, where the piece begins, and where it ends."""
    foreground = components.foreground
    first, second, third = foreground.coordinates()
    if axial_axis != 2:
        slice_and_row = (first, second) if axial_axis == 0 else (second, first)
        return components.of_run, (*slice_and_row, third), third + foreground.lengths
    # Runs cross the slices here, so each voxel is a piece of its own.
    lengths = foreground.lengths
    component, first, second, third = (
        np.repeat(values, lengths) for values in (components.of_run, first, second, third)
    )
    return component, (third + numbered(lengths), first, second), second + 1


def _changes(values: Indices) -> NDArray[np.bool_]:
    """Returns where a value differs from the one before it; True for the first."""
    changes = np.ones(values.size, np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes
