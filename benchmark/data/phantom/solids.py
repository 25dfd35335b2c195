"""Models smooth solids as implicit functions: the distance to their surface in mm, negative inside.

Distances are exact for spheres and close to the surface of the others, which is where they are used. Points are given
as x, y and z arrays in mm that broadcast against each other, so an open grid costs no memory of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np

from .grids import Float, Vector


class Solid(Protocol):
    """Is anything that has a distance to its surface and a box that holds it."""

    def bounds_mm(self) -> tuple[Vector, Vector]:
        """Returns the lower and upper corner (x, y, z) of a box that holds the solid."""
        ...

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        """Returns how far points are from the surface, negative inside; outside of `bounds_mm` only the sign counts."""
        ...


def rotation(about_x_deg: float = 0.0, about_y_deg: float = 0.0, about_z_deg: float = 0.0) -> Float:
    """Returns the matrix (3, 3) of rotations about x, then y, then z."""
    a, b, c = np.radians([about_x_deg, about_y_deg, about_z_deg])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """Models an ellipsoid; `turn` is a rotation (3, 3) from its own axes to the patient's."""

    centre_mm: Vector
    semi_mm: Vector
    turn: Float | None = None

    def bounds_mm(self) -> tuple[Vector, Vector]:
        turn = np.eye(3) if self.turn is None else self.turn
        reach = np.sqrt(((turn * np.array(self.semi_mm)) ** 2).sum(axis=1))
        return _box(np.array(self.centre_mm) - reach, np.array(self.centre_mm) + reach)

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        x, y, z = (axis - np.float32(centre) for axis, centre in zip((x, y, z), self.centre_mm, strict=True))
        if self.turn is not None:
            x, y, z = (x * self.turn[0, own] + y * self.turn[1, own] + z * self.turn[2, own] for own in range(3))
        a, b, c = (np.float32(1 / semi) for semi in self.semi_mm)
        x, y, z = (x * a) ** 2, (y * b) ** 2, (z * c) ** 2
        level = np.sqrt(x + y + z)
        slope = np.sqrt(x * (a * a) + y * (b * b) + z * (c * c))
        # First order in the level: exact on the surface; the centre has no slope.
        return np.asarray((level - 1) * level / np.maximum(slope, 1e-6) - (slope < 1e-6) * min(self.semi_mm))


@dataclass(frozen=True, eq=False)
class Tube:
    """Models a tube of changing radius along a polyline."""

    points_mm: tuple[Vector, ...]
    radii_mm: tuple[float, ...]
    """Has one radius for each point."""
    flatten: float = 1.0
    """Divides the depth of the cross-section, from front to back, where it is above 1."""

    def bounds_mm(self) -> tuple[Vector, Vector]:
        points, radii = np.array(self.points_mm), np.array(self.radii_mm)[:, None]
        return _box((points - radii).min(axis=0), (points + radii).max(axis=0))

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        parts = zip(self.points_mm[:-1], self.points_mm[1:], self.radii_mm[:-1], self.radii_mm[1:], strict=True)
        return reduce(np.minimum, (self._segment_mm(x, y, z, *part) for part in parts))

    def _segment_mm(self, x: Float, y: Float, z: Float, start: Vector, end: Vector, first: float, last: float) -> Float:
        step = np.subtract(end, start).astype(np.float32)
        x, y, z = x - np.float32(start[0]), y - np.float32(start[1]), z - np.float32(start[2])
        along = np.clip((x * step[0] + y * step[1] + z * step[2]) / np.float32(step @ step), 0, 1)
        across = (y - along * step[1]) * np.float32(self.flatten)
        away = np.sqrt((x - along * step[0]) ** 2 + across**2 + (z - along * step[2]) ** 2)
        return np.asarray((away - (first + along * np.float32(last - first))) / np.float32(self.flatten))


@dataclass(frozen=True, eq=False)
class Union:
    """Joins solids with a fillet of about `blend_mm`."""

    parts: tuple[Solid, ...]
    blend_mm: float = 0.01

    def bounds_mm(self) -> tuple[Vector, Vector]:
        bounds = np.array([part.bounds_mm() for part in self.parts])
        return _box(bounds[:, 0].min(axis=0) - self.blend_mm / 4, bounds[:, 1].max(axis=0) + self.blend_mm / 4)

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        return reduce(self._join, (part.distance_mm(x, y, z) for part in self.parts))

    def _join(self, one: Float, other: Float) -> Float:
        near = np.maximum(np.float32(self.blend_mm) - np.abs(one - other), 0)
        return np.asarray(np.minimum(one, other) - near * near * np.float32(0.25 / self.blend_mm))


@dataclass(frozen=True, eq=False)
class Without:
    """Hollows a solid, `gap_mm` away from the `hole`."""

    solid: Solid
    hole: Solid
    gap_mm: float = 0.0

    def bounds_mm(self) -> tuple[Vector, Vector]:
        return self.solid.bounds_mm()

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        outside_hole = np.float32(self.gap_mm) - self.hole.distance_mm(x, y, z)
        return np.asarray(np.maximum(self.solid.distance_mm(x, y, z), outside_hole))


@dataclass(frozen=True, eq=False)
class Bumpy:
    """Raises and lowers the surface of a solid by a few long waves, so that no two patients' organs are alike."""

    solid: Solid
    height_mm: float
    waves: Float
    """Has shape (n, 4): wave vector in rad/mm and phase of each."""

    def bounds_mm(self) -> tuple[Vector, Vector]:
        lower, upper = self.solid.bounds_mm()
        return _box(np.array(lower) - self.height_mm, np.array(upper) + self.height_mm)

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        distance = self.solid.distance_mm(x, y, z)
        for kx, ky, kz, phase in self.waves:
            # cos of a sum as a product of one-dimensional waves: transcendental functions along the axes only.
            plane = np.exp(1j * (kx * x + phase)).astype(np.complex64) * np.exp(1j * ky * y).astype(np.complex64)
            along = np.exp(1j * kz * z).astype(np.complex64)
            height = np.float32(self.height_mm / len(self.waves))
            distance -= height * (plane.real * along.real - plane.imag * along.imag)
        return distance


def bumpy(solid: Solid, height_mm: float, rng: np.random.Generator, *, length_mm: float = 90.0) -> Bumpy:
    """Returns `solid` with three waves of about `length_mm` in random directions, at most `height_mm` high together."""
    direction = rng.normal(size=(3, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    per_mm = 2 * np.pi / (length_mm * rng.uniform(0.7, 1.4, size=(3, 1)))
    phase = rng.uniform(0, 2 * np.pi, size=(3, 1))
    return Bumpy(solid, height_mm, np.hstack([direction * per_mm, phase]).astype(np.float32))


def _box(lower: np.typing.ArrayLike, upper: np.typing.ArrayLike) -> tuple[Vector, Vector]:
    (a, b, c), (d, e, f) = np.asarray(lower).tolist(), np.asarray(upper).tolist()
    return (a, b, c), (d, e, f)
