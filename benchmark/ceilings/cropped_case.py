"""Finds what nnU-Net keeps of an image: its box, and what in it lies outside the body. Read in blocks, never held."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from mswal_bench.baselines.nnunet.nonzero_crop import ends_of, zero_from_the_border
from mswal_bench.baselines.stored_cases import StoredCase
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, read_voxels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.foreground import Indices, numbered

_NONE: Indices = np.zeros(0, np.int64)
_PADDED_SHARE = 0.05
"""Of the border that is 0: from here on an image is taken for one that is padded with 0."""


@dataclass(frozen=True, eq=False)
class CroppedCase:
    """A training case, of whose image nnU-Net keeps the box of what is not 0."""

    case: Case
    geometry: Geometry | None = None
    """Of the whole image; None where it cannot be read."""
    crop: tuple[slice, ...] = ()
    """Along (z, y, x)."""
    outside: tuple[Indices, Indices] = (_NONE, _NONE)
    """Voxels of the box that are 0 and connected, by faces, with its border through nothing but 0: the first of each
    run of them, as its place in the flat box, and its length. Tissue of 0 HU at a border is among them."""
    problems: tuple[Problem, ...] = ()

    @property
    def spacing_mm(self) -> tuple[float, ...]:
        """Along (z, y, x)."""
        assert self.geometry is not None
        return self.geometry.spacing_mm[::-1]

    @property
    def as_planned(self) -> StoredCase:
        """What planning looks at."""
        return StoredCase(self.case.id, tuple(axis.stop - axis.start for axis in self.crop), self.spacing_mm)


def crop_case(case: Case) -> CroppedCase:
    """Reads the image to its end. What is wrong with it is in the result."""
    try:
        stored = read_header(case.image)
        zero = _zero(stored)
    except BenchError as error:
        return CroppedCase(case, problems=tuple(error.problems))
    along = [np.asarray(~zero.all(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    crop = tuple(slice(*ends) for ends in ends_of(*along))
    places = _from_the_border(np.ascontiguousarray(zero[crop]))
    return CroppedCase(case, stored.geometry, crop, _as_runs(places))


def outside_of(cropped: CroppedCase) -> NDArray[np.bool_] | None:
    """Where in the box, (z, y, x), it is outside; None: nowhere."""
    starts, lengths = cropped.outside
    if not starts.size:
        return None
    outside = np.zeros([axis.stop - axis.start for axis in cropped.crop], bool)
    outside.reshape(-1)[np.repeat(starts, lengths) + numbered(lengths)] = True
    return outside


def _from_the_border(zero: NDArray[np.bool_]) -> Indices:
    """The flat places of what is connected with the border, in order. `zero` is changed."""
    border = np.ones(zero.shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    found = np.flatnonzero(border & zero)
    if found.size > _PADDED_SHARE * np.count_nonzero(border):
        outside = zero_from_the_border(zero)
        return _NONE if outside is None else np.flatnonzero(outside)
    # Elsewhere few voxels of tissue have 0 HU, and reach no further than their neighbours.
    flat = zero.reshape(-1)
    flat[found] = False
    every, latest = [found], found
    while latest.size:
        places = np.unravel_index(latest, zero.shape)
        around = []
        for axis, step in enumerate((zero.shape[1] * zero.shape[2], zero.shape[2], 1)):
            around += [latest[places[axis] > 0] - step, latest[places[axis] < zero.shape[axis] - 1] + step]
        next_to = np.concatenate(around)
        latest = np.unique(next_to[flat[next_to]])
        flat[latest] = False
        every.append(latest)
    return np.sort(np.concatenate(every))


def _as_runs(places: Indices) -> tuple[Indices, Indices]:
    """The first of each run of places that follow one another, and its length."""
    if not places.size:
        return _NONE, _NONE
    (gaps,) = np.nonzero(np.diff(places) != 1)
    first = np.concatenate([[0], gaps + 1])
    return places[first], np.diff(np.append(first, places.size))


def _zero(stored: StoredVolume) -> NDArray[np.bool_]:
    """Where the image is 0, (z, y, x), as float32, in which nnU-Net looks."""
    zero = np.empty(prod(stored.geometry.shape), bool)
    done = 0
    for block in read_voxels(stored):
        values = stored.scaled(block)
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        np.equal(values, 0, out=zero[done : done + len(values)])
        done += len(values)
    return zero.reshape(stored.geometry.shape[::-1])
