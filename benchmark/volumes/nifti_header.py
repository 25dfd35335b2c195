"""Reads the header of a NIfTI-1 file: how its voxels are stored and scaled.

`nifti_geometry` computes where they lie. A `.hdr` is the header of the voxels in the `.img` beside it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from .geometry import Geometry
from .nifti_ambiguity import placed_by_nibabel, placement_remark
from .nifti_fields import HEADER_BYTES, SAVE_AGAIN, fields_of, header_bytes
from .nifti_geometry import geometry_of
from .stored_volume import StoredVolume, VolumeFile, is_gzip, refuse

# Bytes between header and voxels are skipped; tools leave notes of kilobytes there.
_MOST_OFFSET_BYTES = 1 << 26
_DTYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
# These intents are matrices, which SimpleITK does not read, and displacements, whose values it changes.
_NO_LABELS = (1004, 1005, 1006)
# ITK ignores a slope nearer to 0 than this.
_SMALLEST_SLOPE = float(np.finfo(np.float64).eps)


# Numbers that are not finite are refused, so numpy need not warn of them.
@np.errstate(over="ignore", invalid="ignore")
def read_nifti_header(file: VolumeFile, placed_as: Geometry | None = None) -> StoredVolume:
    """Reads `file` up to its voxels, gzipped or not, of either byte order.

    With `placed_as`, the geometry is that one, and only the shape is the header's: for a file whose own placement is
    not valid. Raises VolumeError unless it is a NIfTI-1 file with one 3D volume of real numbers.
    """
    content = header_bytes(file)
    header, order = fields_of(file, content)
    code = int(header["datatype"])
    if code not in _DTYPES:
        what = "the voxels are neither integers nor floats"
        raise refuse(file, what, "labels", f"NIfTI datatype {code}", SAVE_AGAIN)
    slope, intercept = _scaling(file, header)
    voxels = file
    if file.name.lower().endswith(".hdr"):
        if not isinstance(file, Path):
            raise refuse(file, "the voxels are in another file", "one file", mend=SAVE_AGAIN)
        voxels = nifti_voxels(file)
    offset, least = float(header["vox_offset"]), HEADER_BYTES if voxels is file else 0
    if not least <= offset <= _MOST_OFFSET_BYTES:
        raise refuse(file, "the header has no valid voxel offset", "352 or more", f"{offset:g}", SAVE_AGAIN)
    shape = _shape(file, header)
    remark = None
    if placed_as is None:
        geometry = geometry_of(file, header, content, shape)
        remark = placement_remark(geometry, placed_by_nibabel(header, shape))
    else:
        geometry = replace(placed_as, shape=shape)
    return StoredVolume(
        file=file,
        voxels=voxels,
        geometry=geometry,
        dtype=np.dtype(_DTYPES[code]).newbyteorder(order),
        slope=slope,
        intercept=intercept,
        offset_bytes=int(offset),
        packing="gzip" if is_gzip(voxels) else "none",
        remarks=(remark,) if remark else (),
    )


def nifti_voxels(header: Path) -> Path:
    """Returns the file with the voxels of a `.hdr`."""
    return header.with_suffix(".img")


def _scaling(file: VolumeFile, header: np.void) -> tuple[float, float]:
    """Returns slope and intercept of the voxels. Raises VolumeError when SimpleITK and nibabel would disagree."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    by_itk = (
        slope if np.isfinite(slope) and abs(slope) >= _SMALLEST_SLOPE else 1.0,
        intercept if np.isfinite(intercept) else 0.0,
    )
    unscaled = slope == 0 or not np.isfinite(slope)
    # nibabel does not read a slope whose intercept is not a number.
    by_nibabel = (1.0, 0.0) if unscaled else (slope, intercept)
    if by_itk != by_nibabel:
        refused = not unscaled and not np.isfinite(intercept)
        nibabel = "refuses them" if refused else f"takes {by_nibabel[0]:g} and {by_nibabel[1]:g}"
        raise refuse(
            file,
            f"readers disagree about the values of the voxels: SimpleITK takes slope {by_itk[0]:g} and intercept "
            f"{by_itk[1]:g} from the header, nibabel {nibabel}",
            "scl_slope 1 and scl_inter 0, or no scaling",
            f"scl_slope {slope:g} and scl_inter {intercept:g}",
            "Find out which values are meant, and save them unscaled.",
            fault="bad-scaling",
        )
    return by_itk


def _shape(file: VolumeFile, header: np.void) -> tuple[int, int, int]:
    if int(header["intent_code"]) in _NO_LABELS:
        expected, mend = "one number a voxel", "Save its only label map as a 3D volume."
        raise refuse(file, "is a volume of matrices or displacements", expected, mend=mend, fault="not-3d")
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        raise refuse(file, "the header has no valid number of dimensions", "1 to 7", str(count))
    shape = tuple(int(size) for size in header["dim"][1 : count + 1])
    if count < 3 or any(size < 1 for size in shape) or any(size > 1 for size in shape[3:]):
        expected = "one 3D volume with at least a voxel along each axis"
        mend = "Save its only label map as a 3D volume."
        raise refuse(file, "is not one 3D volume", expected, f"shape {shape}", mend, fault="not-3d")
    return shape[0], shape[1], shape[2]
