"""Copies the placement of one NIfTI header into another, and tells where tools read one differently.

Only the header changes. Voxels, their type and their scaling stay as they are, byte for byte.
"""

from __future__ import annotations

from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip

from .nifti_fields import HEADER, HEADER_BYTES, read_fields
from .nifti_geometry import placed_alike, qform_placement, sform_placement
from .stored_volume import VolumeFile, is_gzip, open_gzip

_COPIED = ("qform_code", "sform_code", "quatern", "qoffset", "srow")
_LENGTH_BITS = 7
_BLOCK_BYTES = 1 << 19
_UNITS = {1: "metres", 3: "micrometres"}


def unusual_unit(file: VolumeFile) -> str | None:
    """The unit of length of a header that does not say millimetres or nothing: ITK converts it, nibabel does not."""
    fields, _ = read_fields(file)
    return _UNITS.get(int(fields["xyzt_units"]) & _LENGTH_BITS)


@np.errstate(over="ignore", invalid="ignore")
def places_twice(file: VolumeFile) -> bool:
    """Whether the header's sform and qform both count and put the volume into different places."""
    fields, _ = read_fields(file)
    if fields["sform_code"] <= 0 or fields["qform_code"] <= 0:
        return False
    return not placed_alike(sform_placement(fields), qform_placement(fields))


def copy_placement(source: Path, volume: Path, out: Path) -> dict[str, tuple[Any, Any]]:
    """Writes `volume` to `out` with spacing, origin and direction as the header of `source` has them.

    Both are NIfTI-1, gzipped or not, of either byte order; `out` is as `volume` is. Gives the header's fields that
    changed, before and after. Raises VolumeError for a header that cannot be read, and what unpacking raises.
    """
    packed = is_gzip(volume)
    wanted, _ = read_fields(source)
    _, order = read_fields(volume)
    with open_gzip(volume) if packed else volume.open("rb") as file, out.open("wb") as target:
        header = bytearray(file.read(HEADER_BYTES))
        fields = np.frombuffer(header, HEADER.newbyteorder(order))[0:1]
        before = _plain(fields[0])
        for name in _COPIED:
            fields[name][0] = wanted[name]
        # The first is the sign of the qform's third axis; from the fifth on they are not of space.
        fields["pixdim"][0, :4] = wanted["pixdim"][:4]
        units = int(fields["xyzt_units"][0])
        fields["xyzt_units"][0] = (units & ~_LENGTH_BITS) | (int(wanted["xyzt_units"]) & _LENGTH_BITS)
        after = _plain(fields[0])
        with _packing(target) if packed else target as stream:
            stream.write(header)
            copyfileobj(file, stream, _BLOCK_BYTES)
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _packing(target: BinaryIO) -> BinaryIO:
    # No name and no time in it: the same voxels give the same file.
    stream = igzip.IGzipFile(filename="", mode="wb", compresslevel=3, fileobj=target, mtime=0)  # type: ignore[no-untyped-call]
    return cast("BinaryIO", stream)


def _plain(fields: np.void) -> dict[str, Any]:
    # As text where JSON has no number for it, which NaN and infinity are.
    return {name: _finite(fields[name].tolist()) for name in (*_COPIED, "pixdim", "xyzt_units")}


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value if np.isfinite(value) else str(value)
