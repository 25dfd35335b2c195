"""Tells where a NIfTI-1 header is ambiguous: where readers place the same file differently.

nibabel uses the sform whenever it has a code, never converts the unit of length, and centres a volume whose header
gives no placement. SimpleITK has other rules.
"""

from __future__ import annotations

import numpy as np

from .geometry import Geometry, differing, numbers_text
from .nifti_fields import read_fields
from .nifti_geometry import placed_alike, qform_placement, sform_placement
from .stored_volume import VolumeFile

_TO_LPS = np.array([-1.0, -1.0, 1.0])
_LENGTH_BITS = 7
_UNITS = {1: "metres", 3: "micrometres"}
# nibabel takes a quaternion for a half turn when the square of its first number is below this.
_HALF_TURN_BELOW = 3 * float(np.finfo(np.float32).eps)


def placed_by_nibabel(header: np.void, shape: tuple[int, int, int]) -> Geometry | None:
    """Returns the grid that nibabel's `affine` gives a volume of `shape` (x, y, z), in LPS; it may be sheared.

    None where nibabel refuses the header, which it does for a quaternion longer than 1.
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
        # nibabel lets x run to the left and puts the volume's middle at 0.
        direction = np.diag([-1.0, 1.0, 1.0]) * _TO_LPS[:, None]
        origin = -direction @ ((np.array(shape) - 1) / 2 * steps)
    x, y, z = steps.tolist()
    first, second, third = origin.tolist()
    return Geometry(shape, (x, y, z), (first, second, third), tuple(direction.ravel().tolist()))


def placement_remark(by_simpleitk: Geometry, by_nibabel: Geometry | None) -> str | None:
    """Returns a sentence with both placements when they differ by more than rounding; None when they agree."""
    if by_nibabel is None:
        return "nibabel does not read it (its quaternion is longer than 1); SimpleITK's placement is used"
    names = list(differing(by_simpleitk, by_nibabel))
    if not np.isfinite(by_nibabel.direction).all():
        names.append("direction")
    if not names:
        return None
    both = "; ".join(
        f"{reader}: " + ", ".join(f"{name.removesuffix('_mm')} {numbers_text(getattr(one, name))}" for name in names)
        for reader, one in (("SimpleITK", by_simpleitk), ("nibabel", by_nibabel))
    )
    return f"readers place it differently ({both}); SimpleITK's placement, which nnU-Net has too, is used"


def unusual_unit(file: VolumeFile) -> str | None:
    """Returns a unit of length other than millimetres, which ITK converts and nibabel does not.

    None for millimetres and unknown units. Raises VolumeError for a header that cannot be read.
    """
    fields, _ = read_fields(file)
    return _UNITS.get(int(fields["xyzt_units"]) & _LENGTH_BITS)


@np.errstate(over="ignore", invalid="ignore")
def places_twice(file: VolumeFile) -> bool:
    """Returns whether the header has both an sform and a qform, and they put the volume into different places.

    Raises VolumeError for a header that cannot be read.
    """
    fields, _ = read_fields(file)
    if fields["sform_code"] <= 0 or fields["qform_code"] <= 0:
        return False
    return not placed_alike(sform_placement(fields), qform_placement(fields))
