"""Draws one case of the phantom from its seed, slot and size alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .attenuation import LesionAttenuation, tissues_hu
from .body import build_of, paint_body, paint_chest, paint_skeleton
from .canvas import Canvas
from .cohort import PATIENTS, Patient, cohort
from .grids import SIZES, Vector, grid_for
from .lesions import place_lesions
from .organs import paint_organs
from .seeds import Purpose, stream

# Sigma of the point spread in mm and of the noise in HU. A coarse voxel has the noise that is left of the `full` size's
# in a mean over its cube, on average over the cohort's grids. That edges are a voxel wide is most of its blur.
_SPREAD_MM: Mapping[str, Vector] = {"tiny": (1.0, 1.0, 1.0), "small": (1.0, 1.0, 1.0), "full": (0.7, 0.7, 0.6)}
_NOISE_HU = {"tiny": 4.1, "small": 5.5, "full": 12.0}
_LOWEST_HU, _HIGHEST_HU = -1024, 3071
_SLAB_VOXELS = 6_000_000


@dataclass(frozen=True, eq=False)
class PhantomCase:
    """Holds a finished case: arrays (z, y, x), `spacing_mm` and `origin_mm` (x, y, z), the identity as direction."""

    patient: Patient
    image: npt.NDArray[np.int16]
    """Holds HU."""
    label: npt.NDArray[np.uint8]
    """Holds ids of lesion classes, 0 for background."""
    tissues: npt.NDArray[np.uint8]
    """Holds the `Tissue` of every voxel before the lesions were painted: where the organs are."""
    spacing_mm: Vector
    origin_mm: Vector


def make_case(seed: int, slot: int, size: str) -> PhantomCase:
    """Draws patient `slot` (1 to 694) of the cohort `seed` at `size` (`tiny`, `small` or `full`).

    Raises BenchError for another slot or size.
    """
    if size not in SIZES:
        raise BenchError(Problem("no such phantom size", expected=" or ".join(SIZES), found=size))
    if not 1 <= slot <= PATIENTS:
        raise BenchError(Problem("no such phantom patient", expected=f"a slot from 1 to {PATIENTS}", found=str(slot)))
    patient = cohort(seed)[slot - 1]
    canvas = Canvas(grid_for(patient, size))
    hu_stream, anatomy = stream(seed, slot, Purpose.ATTENUATION), stream(seed, slot, Purpose.ANATOMY)
    hu = tissues_hu(patient.phase, hu_stream)
    build = build_of(patient, anatomy)
    paint_body(canvas, build, hu)
    paint_skeleton(canvas, build, hu)
    hosts = paint_organs(canvas, patient, build, hu, anatomy)
    paint_chest(canvas, build, hu)
    label = place_lesions(
        canvas,
        patient,
        hosts,
        LesionAttenuation(patient.phase, hu_stream),
        stream(seed, slot, Purpose.SHAPES),
        stream(seed, slot, Purpose.PLACES),
    )
    image = scanned(canvas, size, stream(seed, slot, Purpose.NOISE))
    return PhantomCase(patient, image, label, canvas.owner, canvas.grid.spacing_mm, canvas.grid.origin_mm)


def scanned(canvas: Canvas, size: str, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Returns the canvas as a scanner gives it, in HU: the kernel that blurs the tissues has smoothed the noise.

    The noise is added to `canvas.hu` itself, for want of memory for a second volume.
    """
    sigma = [spread / spacing for spread, spacing in zip(_SPREAD_MM[size], canvas.grid.spacing_mm, strict=True)][::-1]
    # White noise loses this share of its sigma in the kernel.
    kept = float(np.prod([_noise_kept(one) for one in sigma]))
    image: npt.NDArray[np.int16] = np.empty(canvas.grid.shape, np.int16)
    margin = int(4 * sigma[0] + 0.5)
    depth = max(1, _SLAB_VOXELS // (image.shape[1] * image.shape[2]))
    canvas_noise = _NOISE_HU[size] / kept
    for z in range(len(image)):
        # By slice, so that the noise does not depend on how the volume is cut into slabs.
        canvas.hu[z] += canvas_noise * rng.standard_normal(image.shape[1:], dtype=np.float32)
    for start in range(0, len(image), depth):
        low, stop = max(start - margin, 0), min(start + depth, len(image))
        part = canvas.hu[low : stop + margin]
        blurred = ndimage.gaussian_filter(part, sigma, mode="nearest")[start - low : stop - low]
        image[start:stop] = np.clip(np.rint(blurred), _LOWEST_HU, _HIGHEST_HU).astype(np.int16)
    return image


def _noise_kept(sigma: float) -> float:
    impulse = np.zeros(65)
    impulse[32] = 1
    return float(np.sqrt((ndimage.gaussian_filter1d(impulse, sigma) ** 2).sum()))
