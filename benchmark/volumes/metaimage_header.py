"""The header of a MetaImage file (`.mha`): lines of `Key = Value`, then the voxels."""

from __future__ import annotations

import numpy as np

from .geometry import DIRECTION_TOLERANCE, Geometry, skew
from .stored_volume import StoredVolume, refuse
from .volume_file import VolumeFile

_MOST_LINES = 100
_MOST_LINE_BYTES = 4096
_MOST_AXES = 10
_DTYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
# MetaIO reads several names for one field.
_ALIASES = {
    "Rotation": "TransformMatrix",
    "Orientation": "TransformMatrix",
    "Origin": "Offset",
    "Position": "Offset",
    "ElementByteOrderMSB": "BinaryDataByteOrderMSB",
}
_SAVE_AGAIN = "Save it again as a 3D label map, for example with SimpleITK."


# What is not finite is looked for and refused: numpy need not warn of it.
@np.errstate(over="ignore", invalid="ignore")
def read_metaimage_header(file: VolumeFile) -> StoredVolume:
    """Reads `file` up to its voxels. Raises BenchError for what is not a MetaImage with one 3D volume of numbers."""
    fields, offset_bytes = _fields(file)
    if fields["ElementDataFile"].upper() != "LOCAL":
        found = fields["ElementDataFile"]
        raise refuse(file, "the voxels are in another file", "ElementDataFile = LOCAL", found, _SAVE_AGAIN)
    if fields.get("BinaryData", "True").lower() != "true":
        raise refuse(file, "the voxels are stored as text", "BinaryData = True", mend=_SAVE_AGAIN)
    kind, channels = fields.get("ElementType", "nothing"), fields.get("ElementNumberOfChannels", "1")
    if kind not in _DTYPES or channels != "1":
        found = f"{channels} channels of {kind}"
        raise refuse(file, "the voxels are neither integers nor floats", "labels", found, _SAVE_AGAIN)
    big_endian = fields.get("BinaryDataByteOrderMSB", "False").lower() == "true"
    return StoredVolume(
        file=file,
        geometry=_geometry(file, fields),
        dtype=np.dtype(_DTYPES[kind]).newbyteorder(">" if big_endian else "<"),
        slope=1.0,
        intercept=0.0,
        offset_bytes=offset_bytes,
        packing="zlib" if fields.get("CompressedData", "False").lower() == "true" else "none",
    )


def _fields(file: VolumeFile) -> tuple[dict[str, str], int]:
    """The fields of the header, and where the voxels begin: after the line of ElementDataFile, always the last."""
    fields: dict[str, str] = {}
    offset_bytes = 0
    with file.open("rb") as stream:
        for _ in range(_MOST_LINES):
            line = stream.readline(_MOST_LINE_BYTES)
            offset_bytes += len(line)
            key, equals, value = line.decode("latin-1").partition("=")
            if not equals or not line.endswith(b"\n"):
                break
            name = key.strip()
            fields[_ALIASES.get(name, name)] = value.strip()
            if name == "ElementDataFile":
                return fields, offset_bytes
    raise refuse(file, "not a MetaImage file, or one that is cut off within its header", mend=_SAVE_AGAIN)


def _geometry(file: VolumeFile, fields: dict[str, str]) -> Geometry:
    sizes = _numbers(file, fields, "DimSize")
    count = len(sizes)
    if (
        not 3 <= count <= _MOST_AXES
        or any(size != int(size) or size < 1 for size in sizes)
        or any(size > 1 for size in sizes[3:])
    ):
        expected, found = "one 3D volume with at least a voxel along each axis", fields["DimSize"]
        raise refuse(file, "not one 3D volume", expected, f"DimSize = {found}", _SAVE_AGAIN, fault="not-3d")
    spacing = _numbers(file, fields, "ElementSpacing", count, [1.0] * count)[:3]
    if min(spacing) <= 0:
        found = fields["ElementSpacing"]
        raise refuse(file, "the header has no valid spacing", "three positive numbers", found, fault="bad-geometry")
    origin = _numbers(file, fields, "Offset", count, [0.0] * count)[:3]
    matrix = _numbers(file, fields, "TransformMatrix", count * count, np.eye(count).ravel().tolist())
    # The file lists the axes' directions one after the other: the transpose of a matrix with an axis a column.
    direction = np.reshape(matrix, (count, count))[:3, :3].T
    if not skew(direction) <= DIRECTION_TOLERANCE:
        what = "the axes of the grid are not at right angles"
        mend = "Resample the image and its labels to a grid without shear."
        raise refuse(file, what, mend=mend, fault="bad-geometry")
    return Geometry(
        (int(sizes[0]), int(sizes[1]), int(sizes[2])),
        (spacing[0], spacing[1], spacing[2]),
        (origin[0], origin[1], origin[2]),
        tuple(direction.ravel().tolist()),
    )


def _numbers(
    file: VolumeFile, fields: dict[str, str], name: str, count: int | None = None, default: list[float] | None = None
) -> list[float]:
    text = fields.get(name)
    if text is None and default is not None:
        return default
    try:
        values = [float(word) for word in (text or "").split()]
    except ValueError:
        values = []
    if not values or len(values) != (count or len(values)) or not np.isfinite(values).all():
        expected = f"{count} numbers" if count else "numbers"
        raise refuse(file, f"the header has no valid {name}", expected, text or "nothing", _SAVE_AGAIN)
    return values
