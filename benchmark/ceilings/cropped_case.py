"""Finds what nnU-Net keeps of an image, block by block and without holding it."""

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


@dataclass(frozen=True)
class CroppedCase:
    """A training case, of whose image nnU-Net keeps the box of what is not 0."""

    case: Case
    geometry: Geometry | None = None
    """Of the whole image; None where it cannot be read."""
    crop: tuple[slice, ...] = ()
    """Along (z, y, x)."""
    has_outside: bool = False
    """Whether voxels at the border of the box are 0, so that something of the box may lie outside the body."""
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
    inner = zero[crop]
    at_border = any(inner.take([0, -1], axis=axis).any() for axis in range(3))
    return CroppedCase(case, stored.geometry, crop, at_border)


def outside_of(cropped: CroppedCase) -> NDArray[np.bool_] | None:
    """Within the box, what is 0 and connected with its border; None: nothing. Raises BenchError."""
    if not cropped.has_outside:
        return None
    return zero_from_the_border(_zero(read_header(cropped.case.image))[cropped.crop])


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
