"""Asks SimpleITK what a header says, for SimpleITK decides here where a voxel lies and of which type it is.

nnU-Net, MONAI's ITK reader and most participants read with SimpleITK; a harness that read otherwise would judge another
image. Callers check headers first, for ITK's parsers trust what they read.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np

from mswal_bench.benchmark.core.claims import claim
from mswal_bench.benchmark.core.errors import BenchError, Problem

from .geometry import DIRECTION_TOLERANCE, Geometry, numbers_text, skew
from .stored_volume import VolumeError, VolumeFile, refuse

_SPATIAL_AXES = 3
_DTYPES = {
    "8-bit signed integer": "i1", "8-bit unsigned integer": "u1", "16-bit signed integer": "i2",
    "16-bit unsigned integer": "u2", "32-bit signed integer": "i4", "32-bit unsigned integer": "u4",
    "64-bit signed integer": "i8", "64-bit unsigned integer": "u8", "32-bit float": "f4", "64-bit float": "f8",
}  # fmt: skip
_SAVE_AGAIN = "Save it again as one 3D volume, for example with SimpleITK."
_RESAMPLE = "Resample the image and its labels to a grid without shear."


@dataclass(frozen=True)
class ReadHeader:
    """Holds what SimpleITK reads in a header."""

    geometry: Geometry
    dtype: np.dtype[Any]
    """Is in this machine's byte order."""


def header_by_simpleitk(file: VolumeFile, content: bytes, suffix: str) -> ReadHeader:
    """Reads a header with SimpleITK: `content` are its bytes, `suffix` is the format's, and errors name `file`.

    Raises VolumeError when SimpleITK refuses it or it is not one 3D volume of numbers, and BenchError when there is no
    room for a temporary file.
    """
    with ExitStack() as stack:
        try:
            path = stack.enter_context(claim(Path(gettempdir()), suffix))
            path.write_bytes(content)
        except OSError as error:
            what = f"the folder for temporary files cannot be written to ({error.strerror or error})"
            mend = "Make room there, or name another folder in TMPDIR."
            raise BenchError(Problem(what, gettempdir(), mend=mend)) from error
        return _read(file, path)


def _read(file: VolumeFile, path: Path) -> ReadHeader:
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    # SimpleITK's warnings would name the temporary copy of the header, which the user does not know.
    shown = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _refusal(file, str(error)) from error
    finally:
        SimpleITK.ProcessObject.SetGlobalWarningDisplay(shown)
    sizes, channels = reader.GetSize(), reader.GetNumberOfComponents()
    if len(sizes) < _SPATIAL_AXES or channels != 1 or any(size != 1 for size in sizes[_SPATIAL_AXES:]):
        found = f"shape {tuple(sizes)}" + (f" of {channels} channels" if channels != 1 else "")
        expected = "one 3D volume with at least a voxel along each axis"
        raise refuse(file, "is not one 3D volume", expected, found, _SAVE_AGAIN, fault="not-3d")
    # A vector image with one component is an image of numbers.
    kind = SimpleITK.GetPixelIDValueAsString(reader.GetPixelID()).removeprefix("vector of ")
    if kind not in _DTYPES:
        raise refuse(file, "the voxels are neither integers nor floats", "labels", kind, _SAVE_AGAIN)
    axes = len(sizes)
    spacing = np.array(reader.GetSpacing()[:_SPATIAL_AXES])
    direction = np.reshape(reader.GetDirection(), (axes, axes))[:_SPATIAL_AXES, :_SPATIAL_AXES]
    # A negative step flips its axis. SimpleITK does so when it reads an image, but not when it reads its header alone.
    direction = direction * np.where(spacing < 0, -1.0, 1.0)
    geometry = Geometry(
        sizes[:_SPATIAL_AXES],
        tuple(np.abs(spacing).tolist()),
        reader.GetOrigin()[:_SPATIAL_AXES],
        tuple(direction.ravel().tolist()),
    )
    _check_geometry(file, geometry)
    return ReadHeader(geometry, np.dtype(_DTYPES[kind]))


def _check_geometry(file: VolumeFile, geometry: Geometry) -> None:
    """Raises VolumeError for steps that are not positive and finite, and for axes that are not at right angles."""
    if not all(0 < step < inf for step in geometry.spacing_mm):
        found = numbers_text(geometry.spacing_mm)
        raise refuse(file, "the header has no valid spacing", "three positive numbers", found, fault="bad-geometry")
    if not np.isfinite([*geometry.origin_mm, *geometry.direction]).all():
        raise refuse(
            file,
            "the header places the volume with numbers that are not finite",
            mend="Copy the image's header, for example with SimpleITK's CopyInformation.",
            fault="bad-geometry",
        )
    if not skew(np.reshape(geometry.direction, (3, 3))) <= DIRECTION_TOLERANCE:
        what = "the axes of the grid are not unit vectors at right angles"
        raise refuse(file, what, mend=_RESAMPLE, fault="bad-geometry")


def _refusal(file: VolumeFile, message: str) -> VolumeError:
    if "orthonormal" in message:
        what = "the axes of the grid are not at right angles; SimpleITK, and with it nnU-Net, does not read such a file"
        return refuse(file, what, mend=_RESAMPLE, fault="bad-geometry")
    reason = message.strip().splitlines()[-1].removeprefix("sitk::ERROR: ")
    return refuse(file, f"SimpleITK cannot read the header ({reason})", mend=_SAVE_AGAIN)
