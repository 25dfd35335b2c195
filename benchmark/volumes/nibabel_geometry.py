"""Computes where nibabel places a NIfTI-1 file, to tell where it differs from SimpleITK.

nibabel takes the sform whenever it has a code, never converts the unit of length, and centres a volume without any
placement; SimpleITK does none of these always.
"""

from __future__ import annotations

import numpy as np

from .geometry import Geometry, differing, numbers_text
from .nifti_geometry import qform_placement, sform_placement

_TO_LPS = np.array([-1.0, -1.0, 1.0])
_HALF_TURN_BELOW = 3 * float(np.finfo(np.float32).eps)


def placed_by_nibabel(header: np.void, shape: tuple[int, int, int]) -> Geometry | None:
    """The grid of a volume of `shape` (x, y, z) as nibabel's `affine` has it, in LPS; sheared where that is.

    None where nibabel refuses the header, for a quaternion that is longer than 1.
    """
    # A step of 0 becomes 1 and a negative one positive when nibabel loads a file.
    steps = np.abs(header["pixdim"][1:4].astype(float))
    steps = np.where(steps == 0, 1.0, steps)
    if header["sform_code"] > 0:
        direction, origin = sform_placement(header)
        steps = np.linalg.norm(header["srow"][:, :3].astype(float), axis=0)
    elif header["qform_code"] > 0:
        vector = header["quatern"].astype(float)
        if vector @ vector > 1 + _HALF_TURN_BELOW:
            return None
        direction, origin = qform_placement(header, _HALF_TURN_BELOW)
    else:
        # RAS with x running to the left, and the volume's middle at 0.
        direction = np.diag([-1.0, 1.0, 1.0]) * _TO_LPS[:, None]
        origin = -direction @ ((np.array(shape) - 1) / 2 * steps)
    x, y, z = steps.tolist()
    first, second, third = origin.tolist()
    return Geometry(shape, (x, y, z), (first, second, third), tuple(direction.ravel().tolist()))


def placement_remark(by_simpleitk: Geometry, by_nibabel: Geometry | None) -> str | None:
    """A sentence with both placements where the readers differ by more than rounding; None where they agree."""
    if by_nibabel is None:
        return "nibabel does not read it (its quaternion is longer than 1); it is taken as SimpleITK reads it"
    names = list(differing(by_simpleitk, by_nibabel))
    if not np.isfinite(by_nibabel.direction).all():
        names.append("direction")
    if not names:
        return None
    both = "; ".join(
        f"{reader}: " + ", ".join(f"{name.removesuffix('_mm')} {numbers_text(getattr(one, name))}" for name in names)
        for reader, one in (("SimpleITK", by_simpleitk), ("nibabel", by_nibabel))
    )
    return f"readers place it differently ({both}); it is taken as SimpleITK reads it, and with it nnU-Net"
