"""Finds how far the elements of one surface are from those of another, as exactly as is asked for.

Where two outlines agree, as most do, the nearest element is a few voxels away: the places around each element are
tried, nearest first. The other elements, of lesions that one side lacks for example, would each need a search tree.
But a distance to a surface changes by no more than one moves. So the distance of the middle of a small cube of voxels
bounds those of all elements in it, and just the elements of cubes whose bounds hold the answer are searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import cbrt, pi, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .foreground import Indices
from .surface import Spacing, Surface

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

# These numbers were found by trial on the pairs of `make bench`; results do not depend on them.
# About how many places around an element are tried before the search tree, and how many at most to reach a tolerance.
_STEPS, _MOST_STEPS = 30, 400
# The voxels along each side of a cube, coarse to fine.
_CUBES = (6, 2)
_LEAF_ELEMENTS = 64
# A bound is off by rounding by far less.
_SLACK_MM = 1e-6


@dataclass(frozen=True, eq=False)
class StepsAround:
    """Holds all steps up to a length, by their lengths."""

    lengths_mm: NDArray[np.float64]
    """Has the lengths that there are, shortest first."""
    steps: list[Indices]
    """Has the steps of each length, shape (n, 3)."""
    reach: Indices
    """Is the longest step along each axis."""
    searched_mm: float
    """Is the length up to which there are all steps."""


@dataclass(frozen=True, eq=False)
class DirectedDistances:
    """Holds the distances from the elements of one surface to the nearest element of another, neither empty.

    A distance is sqrt(((i a)^2 + (j b)^2) + (k c)^2) in double precision and in this order, where i, j and k are whole
    steps along axes with the spacings a, b and c.
    """

    around: StepsAround
    """Has the steps that were tried."""
    reached_mm2: NDArray[np.float64]
    """Is the area of the elements that are at most as far as each of the lengths of steps."""
    far: Surface
    """Has the elements that are further away."""
    other: Surface
    """Is the surface to which distances are."""

    @property
    def total_mm2(self) -> float:
        """Returns the area of all elements."""
        return float(self.reached_mm2[-1] + self.far.areas_mm2.sum())

    def far_share(self) -> float:
        """Returns the share of the area that is far."""
        return 1 - float(self.reached_mm2[-1]) / self.total_mm2

    def within_mm2(self, limit_mm: float) -> float:
        """Returns the area of the elements that are at most `limit_mm` away."""
        area_mm2 = self.reached_mm2[np.searchsorted(self.around.lengths_mm, limit_mm, side="right") - 1]
        if limit_mm > self.around.searched_mm and not self.far.is_empty:
            area_mm2 += self.far.areas_mm2[self._exact_mm(self.far) <= limit_mm].sum()
        return float(area_mm2)

    def reaching_mm(self, area_mm2: float, at_least_mm: float = 0) -> float:
        """Returns the smallest distance that elements of this area do not exceed; the longest, if they have less.

        Where that is less than `at_least_mm`, `at_least_mm` is returned, often sooner.
        """
        if area_mm2 <= self.reached_mm2[-1] or self.far.is_empty:
            first = np.searchsorted(self.reached_mm2, min(area_mm2, self.reached_mm2[-1]))
            return max(at_least_mm, float(self.around.lengths_mm[first]))
        undecided, left_mm2 = self.far, area_mm2 - float(self.reached_mm2[-1])
        for side in _CUBES:
            cubes = _Cubes.of(undecided, side)
            distances_mm = np.asarray(self._tree.query(cubes.middles_mm)[0])
            middle_mm = _at_area(distances_mm, cubes.areas_mm2, left_mm2)
            # What is looked for is within a radius of this, and so is an element of its cube's middle.
            if middle_mm + cubes.radius_mm < at_least_mm:
                return at_least_mm
            below = distances_mm < middle_mm - 2 * cubes.radius_mm
            left_mm2 -= float(cubes.areas_mm2[below].sum())
            among = ~below & (distances_mm <= middle_mm + 2 * cubes.radius_mm)
            undecided = _some(undecided, among[cubes.of_element])
        return max(at_least_mm, _at_area(self._exact_mm(undecided), undecided.areas_mm2, left_mm2))

    def _exact_mm(self, surface: Surface) -> NDArray[np.float64]:
        _, nearest = self._tree.query(surface.positions_mm)
        return lengths_of(self.other.points[nearest] - surface.points, surface.spacing_mm)

    @cached_property
    def _tree(self) -> cKDTree:
        from scipy.spatial import cKDTree

        # A tree that is neither balanced nor compact is built several times faster, and hardly slower to search.
        return cKDTree(self.other.positions_mm, _LEAF_ELEMENTS, balanced_tree=False, compact_nodes=False)


@dataclass(frozen=True, eq=False)
class _Cubes:
    """Groups elements by cubes of voxels. Arrays but one have an entry for each cube that holds any."""

    of_element: Indices
    """Is for each element the place of its cube."""
    middles_mm: NDArray[np.float64]
    areas_mm2: NDArray[np.float64]
    radius_mm: float
    """Is how far an element may be from the middle of its cube."""

    @staticmethod
    def of(surface: Surface, side: int) -> _Cubes:
        """Groups the elements of a surface by cubes of `side` voxels."""
        lowest = surface.points.min(axis=0)
        index = (surface.points - lowest) // side
        shape = tuple((index.max(axis=0) + 1).tolist())
        cubes, of_element = np.unique(np.ravel_multi_index(tuple(index.T), shape), return_inverse=True)
        first = np.stack(np.unravel_index(cubes, shape), axis=1) * side + lowest
        spacing_mm = np.array(surface.spacing_mm)
        return _Cubes(
            of_element,
            (first + (side - 1) / 2 - 0.5) * spacing_mm,
            np.bincount(of_element, surface.areas_mm2).astype(np.float64),
            float(np.linalg.norm((side - 1) / 2 * spacing_mm)) + _SLACK_MM,
        )


def distances_both_ways(one: Surface, another: Surface, limit_mm: float) -> Iterator[DirectedDistances]:
    """Yields the distances from `one` to `another` and those back, neither empty and both of one spacing.

    The places around each element are tried up to `limit_mm`, unless these are very many.
    """
    around = _steps_around(one.spacing_mm, limit_mm)
    # Extremes are found column by column, for numpy is slow along the first axis of a tall array.
    columns = [np.concatenate([one.points[:, axis], another.points[:, axis]]) for axis in range(3)]
    lowest = np.array([int(column.min()) for column in columns]) - around.reach
    shape = np.array([int(column.max()) for column in columns]) + around.reach - lowest + 1
    strides = np.array([shape[1] * shape[2], shape[2], 1], np.int64)
    first, second, third = (column - low for column, low in zip(columns, lowest.tolist(), strict=True))
    places = first * strides[0] + second * strides[1] + third
    sides = ((one, places[: len(one.points)]), (another, places[len(one.points) :]))
    for (side, of_side), (other, of_other) in (sides, sides[::-1]):
        # Every place has a byte, but only the memory around elements is ever touched.
        occupied = np.zeros(int(strides[0] * shape[0]), np.bool_)
        occupied[of_other] = True
        left, at = np.arange(of_side.size), of_side
        areas_mm2 = []
        for steps in around.steps:
            hit = np.zeros(at.size, np.bool_)
            for shift in (steps @ strides).tolist():
                hit |= occupied[at + shift]
            areas_mm2.append(side.areas_mm2[left[hit]].sum())
            left, at = left[~hit], at[~hit]
        yield DirectedDistances(around, np.cumsum(areas_mm2), _some(side, left), other)


def lengths_of(steps: NDArray[np.integer[Any]], spacing_mm: Spacing) -> NDArray[np.float64]:
    """Returns the length in mm of each of some whole steps, shape (n, 3)."""
    squares = (steps * np.array(spacing_mm)) ** 2
    # This order of summing is promised; numpy's sum along an axis may choose another.
    return np.asarray(np.sqrt(squares[:, 0] + squares[:, 1] + squares[:, 2]))


@lru_cache(maxsize=64)
def _steps_around(spacing_mm: Spacing, limit_mm: float) -> StepsAround:
    """Returns the steps up to `limit_mm`, but neither few nor very many."""

    def radius_mm(places: int) -> float:
        return cbrt(places * prod(spacing_mm) / (4 / 3 * pi))

    searched_mm = limit_mm if radius_mm(_STEPS) < limit_mm < radius_mm(_MOST_STEPS) else radius_mm(_STEPS)
    # One more than fits, should the quotient have been rounded down.
    reach = [int(searched_mm / step) + 1 for step in spacing_mm]
    grid = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    steps = np.stack(grid, axis=-1).reshape(-1, 3).astype(np.int64)
    lengths_mm = lengths_of(steps, spacing_mm)
    order = np.argsort(lengths_mm, kind="stable")
    order = order[lengths_mm[order] <= searched_mm]
    distinct_mm, first = np.unique(lengths_mm[order], return_index=True)
    by_length = np.split(steps[order], first[1:])
    return StepsAround(distinct_mm, by_length, steps[order].max(axis=0), searched_mm)


def _some(surface: Surface, which: Indices | NDArray[np.bool_]) -> Surface:
    return Surface(surface.points[which], surface.areas_mm2[which], surface.spacing_mm)


def _at_area(distances_mm: NDArray[np.float64], areas_mm2: NDArray[np.float64], area_mm2: float) -> float:
    """Returns the smallest distance that elements of this area do not exceed; the longest, if they have less."""
    order = np.argsort(distances_mm)
    first = np.searchsorted(np.cumsum(areas_mm2[order]), area_mm2)
    return float(distances_mm[order[min(int(first), order.size - 1)]])
