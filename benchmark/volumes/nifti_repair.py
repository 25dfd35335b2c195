"""Repairs a NIfTI-1 header by copying the placement of another file's header into it.

Only the header changes. The voxels, their type and their scaling stay as they are, byte for byte.
"""

from __future__ import annotations

from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip

from .nifti_fields import HEADER, HEADER_BYTES, read_fields
from .stored_volume import is_gzip, open_gzip

_COPIED = ("qform_code", "sform_code", "quatern", "qoffset", "srow")
_LENGTH_BITS = 7
_BLOCK_BYTES = 1 << 19


def copy_placement(source: Path, volume: Path, out: Path) -> dict[str, tuple[Any, Any]]:
    """Writes `volume` to `out` with the spacing, origin and direction of the header of `source`.

    Both are NIfTI-1, gzipped or not, of either byte order; `out` gets the packing and byte order of `volume`. Returns
    the header's fields that changed, before and after. Raises VolumeError for a header that cannot be read, OSError,
    and the exceptions of `DAMAGED` for a file that cannot be unpacked.
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
        # pixdim[0] is the sign of the qform's third axis, the next three are steps in space; the rest is not of space.
        fields["pixdim"][0, :4] = wanted["pixdim"][:4]
        units = int(fields["xyzt_units"][0])
        fields["xyzt_units"][0] = (units & ~_LENGTH_BITS) | (int(wanted["xyzt_units"]) & _LENGTH_BITS)
        after = _plain(fields[0])
        with _packing(target) if packed else target as stream:
            stream.write(header)
            copyfileobj(file, stream, _BLOCK_BYTES)
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _packing(target: BinaryIO) -> BinaryIO:
    # Without a name and a time, equal input gives equal bytes.
    stream = igzip.IGzipFile(filename="", mode="wb", compresslevel=3, fileobj=target, mtime=0)  # type: ignore[no-untyped-call]
    return cast("BinaryIO", stream)


def _plain(fields: np.void) -> dict[str, Any]:
    # NaN and infinity become text, because JSON has no numbers for them.
    return {name: _finite(fields[name].tolist()) for name in (*_COPIED, "pixdim", "xyzt_units")}


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value if np.isfinite(value) else str(value)
