"""Reads the header of a MetaImage (`.mha`, or `.mhd` with its voxels in a file beside it) with SimpleITK.

MetaIO, with which SimpleITK reads this format, crashes on some texts. So the lines for shape, place and type are first
checked to hold the right count of numbers, and SimpleITK gets these lines alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path

from .simpleitk_header import header_by_simpleitk
from .stored_volume import MOST_VOXELS, StoredVolume, VolumeFile, refuse

# The header of an image made from DICOM has a hundred lines, some of them long.
_MOST_HEADER_BYTES = 1 << 20
_MOST_AXES = 10
_MOST_SHOWN_CHARACTERS = 40
_NUMBER = re.compile(r"[-+]?([0-9]{1,20}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][-+]?[0-9]{1,4})?")
_FLAG = re.compile(r"[TtFf][A-Za-z]{0,4}|[01]")
_COUNT = re.compile(r"-?[0-9]{1,9}")
_TRUE = ("T", "t", "1")
_LOCAL = ("LOCAL", "Local", "local")
# These fields have one number for each axis, or one for each pair of axes.
_OF_AXES = ("DimSize", "ElementSpacing", "ElementSize", "Offset", "Position", "Origin", "ImagePosition")
_OF_PAIRS = ("TransformMatrix", "Rotation", "Orientation")
_FLAGS = ("BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData")
_COUNTS = ("NDims", "ElementNumberOfChannels", "HeaderSize")
_NEEDED = ("NDims", "DimSize", "ElementType", "ElementDataFile")
_TYPES = frozenset(
    f"MET_{sign}{kind}" for kind in ("CHAR", "SHORT", "INT", "LONG", "LONG_LONG") for sign in ("", "U")
) | {"MET_FLOAT", "MET_DOUBLE"}
_SAVE_AGAIN = "Save it again as a 3D label map, for example with SimpleITK."


def read_metaimage_header(file: VolumeFile) -> StoredVolume:
    """Reads `file` up to its voxels. Raises VolumeError unless it is a MetaImage with one 3D volume of numbers."""
    fields, header_bytes = _fields(file)
    _refuse_wrong(file, fields)
    compressed = _is_set(fields, "CompressedData")
    # SimpleITK does not read the voxels, so it need not know where they are and how they are packed.
    shown = {name: value for name, value in fields.items() if name not in ("CompressedData", "HeaderSize")}
    text = "".join(f"{name} = {value}\n" for name, value in shown.items() if name != "ElementDataFile")
    read = header_by_simpleitk(file, f"{text}ElementDataFile = LOCAL\n".encode(), ".mha")
    # The format has two names for the byte order.
    big_endian = _is_set(fields, "BinaryDataByteOrderMSB") or _is_set(fields, "ElementByteOrderMSB")
    voxels, offset = file, header_bytes
    if fields["ElementDataFile"] not in _LOCAL:
        voxels, offset = _beside(file, fields["ElementDataFile"]), 0
    skipped = int(fields.get("HeaderSize", "0"))
    if skipped:
        if voxels is file or compressed or skipped < -1:
            what = "a HeaderSize is supported only for uncompressed voxels in another file"
            raise refuse(file, what, "0", str(skipped), _SAVE_AGAIN)
        voxel_bytes = prod(read.geometry.shape) * read.dtype.itemsize
        # -1 means that the voxels are the end of the file.
        offset = skipped if skipped > 0 else max(0, voxels.stat().st_size - voxel_bytes)
    return StoredVolume(
        file=file,
        voxels=voxels,
        geometry=read.geometry,
        dtype=read.dtype.newbyteorder(">" if big_endian else "<"),
        slope=1.0,
        intercept=0.0,
        offset_bytes=offset,
        packing="zlib" if compressed else "none",
    )


def metaimage_voxels(path: Path) -> Path:
    """Returns the file with the voxels of a `.mhd`. Raises VolumeError when it names none, or one in another folder."""
    fields, _ = _fields(path)
    name = fields["ElementDataFile"]
    return path if name in _LOCAL else _beside(path, name)


def _fields(file: VolumeFile) -> tuple[dict[str, str], int]:
    """Returns the known fields in their order and the header's length; the line ElementDataFile ends the header."""
    fields: dict[str, str] = {}
    known = {*_OF_AXES, *_OF_PAIRS, *_FLAGS, *_COUNTS, *_NEEDED}
    left = _MOST_HEADER_BYTES
    with file.open("rb") as stream:
        while line := stream.readline(left):
            left -= len(line)
            text = line.decode("latin-1")
            at = min((place for sign in "=:" if (place := text.find(sign)) >= 0), default=-1)
            if at < 0 or not line.endswith(b"\n"):
                break
            name, value = text[:at].strip(), text[at + 1 :].strip()
            if name in known:
                if name in fields:
                    raise refuse(file, f"the header has two lines of {name}", "one", mend=_SAVE_AGAIN)
                fields[name] = value
            if name == "ElementDataFile":
                return fields, _MOST_HEADER_BYTES - left
    raise refuse(file, "is not a MetaImage file, or is cut off within its header", mend=_SAVE_AGAIN)


def _refuse_wrong(file: VolumeFile, fields: Mapping[str, str]) -> None:
    """Raises VolumeError for headers on which MetaIO would crash, and for those that are no volume of numbers."""
    for name in _NEEDED:
        if name not in fields:
            raise refuse(file, f"the header has no {name}", mend=_SAVE_AGAIN)
    for name in _FLAGS:
        if not _FLAG.fullmatch(fields.get(name, "False")):
            raise refuse(file, f"the header has no valid {name}", "True or False", fields[name], _SAVE_AGAIN)
    for name in _COUNTS:
        if not _COUNT.fullmatch(fields.get(name, "1")):
            raise refuse(file, f"the header has no valid {name}", "a whole number", fields[name], _SAVE_AGAIN)
    if not _is_set(fields, "BinaryData", "True"):
        raise refuse(file, "the voxels are stored as text", "BinaryData = True", mend=_SAVE_AGAIN)
    _refuse_wrong_type(file, fields)
    _refuse_wrong_numbers(file, fields)


def _refuse_wrong_type(file: VolumeFile, fields: Mapping[str, str]) -> None:
    kind, channels = fields["ElementType"], fields.get("ElementNumberOfChannels", "1")
    if kind not in _TYPES or channels != "1":
        found = f"{channels} channels of {kind}"
        raise refuse(file, "the voxels are neither integers nor floats", "labels", found, _SAVE_AGAIN)


def _refuse_wrong_numbers(file: VolumeFile, fields: Mapping[str, str]) -> None:
    names = list(fields)
    early = [name for name in names[: names.index("NDims")] if name in (*_OF_AXES, *_OF_PAIRS)]
    if early:
        raise refuse(file, f"the header has {early[0]} before NDims", "NDims first", mend=_SAVE_AGAIN)
    axes = int(fields["NDims"])
    shape = _numbers(file, fields, "DimSize", axes) if 3 <= axes <= _MOST_AXES else []
    if not shape or any(size < 1 or size != int(size) for size in shape) or any(size > 1 for size in shape[3:]):
        expected = "one 3D volume with at least a voxel along each axis"
        found = f"NDims = {axes}, DimSize = {fields['DimSize'][:_MOST_SHOWN_CHARACTERS]}"
        raise refuse(file, "is not one 3D volume", expected, found, _SAVE_AGAIN, fault="not-3d")
    if prod(shape) > MOST_VOXELS:
        # ITK computes with the size before anybody can check it.
        found = fields["DimSize"]
        raise refuse(file, "the header claims an absurd size", f"at most {MOST_VOXELS} voxels", found)
    for name in fields.keys() & {*_OF_AXES, *_OF_PAIRS}:
        numbers = _numbers(file, fields, name, axes if name in _OF_AXES else axes * axes)
        if name in ("ElementSpacing", "ElementSize") and not all(numbers):
            found = fields[name]
            raise refuse(file, "the header has no valid spacing", "positive numbers", found, fault="bad-geometry")


def _numbers(file: VolumeFile, fields: Mapping[str, str], name: str, count: int) -> list[float]:
    words = fields[name].split()
    numbers = [float(word) for word in words if _NUMBER.fullmatch(word)]
    if not len(numbers) == len(words) == count or not all(isfinite(number) for number in numbers):
        found = fields[name][:_MOST_SHOWN_CHARACTERS] or "nothing"
        raise refuse(file, f"the header has no valid {name}", f"{count} numbers", found, _SAVE_AGAIN)
    return numbers


def _is_set(fields: Mapping[str, str], name: str, default: str = "False") -> bool:
    return fields.get(name, default).startswith(_TRUE)


def _beside(file: VolumeFile, name: str) -> Path:
    """Returns the file with the voxels, which must lie in the same folder; a header may name no other place."""
    if not isinstance(file, Path):
        raise refuse(file, "the voxels are in another file", "ElementDataFile = LOCAL", name, _SAVE_AGAIN)
    if name != Path(name).name or "\0" in name or name in ("", ".", ".."):
        what = "the voxels are not in one file beside the header"
        raise refuse(file, what, "the name of a file in the same folder", name, _SAVE_AGAIN)
    return file.with_name(name)
