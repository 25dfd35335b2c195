"""Computes where the grid of a NIfTI-1 file lies, as SimpleITK does for every header.

Nearly every file has a plain header, which is read here without loading SimpleITK. Headers with a sheared or a second
placement, negative steps or extreme numbers are passed to SimpleITK itself: its rules for them depend on thresholds and
matrix decompositions that a copy would get wrong. A test compares both ways on random headers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .geometry import DIRECTION_TOLERANCE, ORIGIN_TOLERANCE_MM, Geometry, numbers_text
from .nifti_fields import SAVE_AGAIN
from .simpleitk_header import header_by_simpleitk
from .stored_volume import VolumeFile, refuse

Placement = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Is a direction of shape (3, 3) and an origin, in LPS and in the header's unit of length."""

_SCANNER = 1
_MM_PER_UNIT = {1: 1000.0, 3: 0.001}
_LENGTH_BITS = 7
_TO_LPS = np.array([-1.0, -1.0, 1.0])
# ITK reads images with these intents, vectors and matrices, in ways of its own.
_VECTOR_INTENTS = range(1004, 1008)
# ITK asks that the direction times its transpose is the identity within 1e-4, computed in 32 bits.
_SURELY_ORTHONORMAL = 5e-5
_SURELY_ALIKE = 1e-6
_EXTREME_MM = 1e4
_SMALLEST_STEP = 1e-2


def geometry_of(file: VolumeFile, header: np.void, content: bytes, shape: tuple[int, int, int]) -> Geometry:
    """Returns the geometry of a volume of `shape` (x, y, z) with this `header`, whose 348 bytes are `content`.

    Raises VolumeError where SimpleITK refuses the header, for steps of 0 and for numbers that are not finite.
    """
    placement = _plain_placement(header)
    if placement is None:
        _refuse_missing_numbers(file, header)
        return _by_simpleitk(file, header.dtype, content, shape)
    # The three low bits are the unit of length; 0, unknown, is taken for millimetres as all readers do.
    to_mm = _MM_PER_UNIT.get(int(header["xyzt_units"]) & _LENGTH_BITS, 1.0)
    direction, origin = placement
    x, y, z = (header["pixdim"][1:4].astype(float) * to_mm).tolist()
    first, second, third = (origin * to_mm).tolist()
    return Geometry(shape, (x, y, z), (first, second, third), tuple(direction.ravel().tolist()))


def _plain_placement(header: np.void) -> Placement | None:
    """Returns direction and origin of a header that leaves no doubt; None for all others."""
    steps = header["pixdim"][1:4].astype(float)
    if not ((steps >= _SMALLEST_STEP) & (steps <= _EXTREME_MM)).all() or int(header["intent_code"]) in _VECTOR_INTENTS:
        return None
    has_sform, has_qform = header["sform_code"] > 0, header["qform_code"] > 0
    if not has_sform and not has_qform:
        return np.eye(3), np.zeros(3)
    if has_sform:
        by_sform = sform_placement(header)
        lengths = np.linalg.norm(header["srow"][:, :3].astype(float), axis=0)
        plain = ((lengths >= _SMALLEST_STEP) & (lengths <= _EXTREME_MM)).all()
        if not plain or not _surely_orthonormal(by_sform[0]) or not (np.abs(by_sform[1]) <= _EXTREME_MM).all():
            return None
        if not has_qform or header["sform_code"] == _SCANNER:
            return by_sform
        by_qform = qform_placement(header)
        alike = all(np.abs(one - other).max() <= _SURELY_ALIKE for one, other in zip(by_sform, by_qform, strict=True))
        return by_sform if alike else None
    by_qform = qform_placement(header)
    finite = np.isfinite(by_qform[0]).all() and (np.abs(by_qform[1]) <= _EXTREME_MM).all()
    return by_qform if finite else None


def _surely_orthonormal(direction: NDArray[np.float64]) -> bool:
    off = np.abs(direction @ direction.T - np.eye(3)).max()
    return bool(off <= _SURELY_ORTHONORMAL)


def _refuse_missing_numbers(file: VolumeFile, header: np.void) -> None:
    """Raises VolumeError for steps of 0 and numbers that are not finite, for which ITK takes 1 and 0 in silence."""
    if not header["pixdim"][1:4].all():
        found = numbers_text(header["pixdim"][1:4])
        raise refuse(file, "the header has no valid spacing", "three steps in mm", found, fault="bad-geometry")
    counting = [header["pixdim"][1:4]]
    counting += [header["srow"]] if header["sform_code"] > 0 else []
    counting += [header["quatern"], header["qoffset"]] if header["qform_code"] > 0 else []
    if not all(np.isfinite(numbers).all() for numbers in counting):
        raise refuse(
            file,
            "the header places the volume with numbers that are not finite",
            mend="Copy the image's header, for example with SimpleITK's CopyInformation.",
            fault="bad-geometry",
        )


def _by_simpleitk(file: VolumeFile, fields: np.dtype[Any], content: bytes, shape: tuple[int, int, int]) -> Geometry:
    # SimpleITK gets the header of a pair as that of a single file too, because then it does not look for voxels.
    alone = bytearray(content)
    header = np.frombuffer(alone, fields)
    header["vox_offset"], header["magic"] = len(content) + 4, b"n+1"
    read = header_by_simpleitk(file, bytes(alone) + bytes(4), ".nii").geometry
    if read.shape != shape:
        what = f"SimpleITK reads another shape, {read.shape}, than the header gives"
        raise refuse(file, what, "one 3D volume", f"shape {shape}", SAVE_AGAIN, fault="not-3d")
    return read


def placed_alike(one: Placement, other: Placement) -> bool:
    """Returns whether two placements differ by no more than rounding; False when one is not finite."""
    return bool(
        np.abs(one[0] - other[0]).max() <= DIRECTION_TOLERANCE
        and np.abs(one[1] - other[1]).max() <= ORIGIN_TOLERANCE_MM
    )


def sform_placement(header: np.void) -> Placement:
    """Returns direction and origin of the sform in LPS; NaN for an axis without a direction."""
    affine = header["srow"].astype(float)
    steps = np.linalg.norm(affine[:, :3], axis=0)
    # A column of zeros has no direction. NaN marks it, and so the sform is not used.
    direction = np.divide(affine[:, :3], steps, out=np.full((3, 3), np.nan), where=np.broadcast_to(steps > 0, (3, 3)))
    return direction * _TO_LPS[:, None], affine[:, 3] * _TO_LPS


def qform_placement(header: np.void, half_turn_below: float = 1e-7) -> Placement:
    """Returns direction and origin of the qform in LPS, from the unit quaternion (a, b, c, d), of which it has b, c, d.

    When the square of a is below `half_turn_below`, which 32 bits hardly tell from 0, a is taken for 0: a half turn.
    The default is that of NIfTI's own library, which ITK uses.
    """
    vector = header["quatern"].astype(float)
    rest = 1.0 - float(vector @ vector)
    a, scale = (0.0, 1 / np.sqrt(vector @ vector)) if rest < half_turn_below else (np.sqrt(rest), 1.0)
    b, c, d = vector * scale
    direction = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    if header["pixdim"][0] < 0:
        direction[:, 2] *= -1
    return direction * _TO_LPS[:, None], header["qoffset"].astype(float) * _TO_LPS
