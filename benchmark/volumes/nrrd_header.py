"""Reads the header of an NRRD file (`.nrrd`, and `.seg.nrrd` as 3D Slicer saves segmentations) with SimpleITK.

teem, with which SimpleITK reads this format, crashes on some texts. So SimpleITK gets only short lines about shape,
place and type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from .simpleitk_header import header_by_simpleitk
from .stored_volume import StoredVolume, VolumeFile, refuse

_MOST_HEADER_BYTES = 1 << 20
_MOST_LINE_BYTES = 1 << 16
_PACKINGS: dict[str, Literal["none", "zlib"]] = {"raw": "none", "gzip": "zlib", "gz": "zlib"}
_ELSEWHERE = ("datafile", "lineskip", "byteskip")
_SHOWN = frozenset(
    {
        "type", "dimension", "space", "spacedimension", "sizes", "spacings", "spacedirections", "spaceorigin", "kinds",
        "axismins", "axismaxs", "centers", "centerings", "endian", "encoding", "measurementframe", "units",
        "spaceunits",
    }
)  # fmt: skip
# These fields are of no use here, but valid; teem refuses all others.
_PASSED_OVER = frozenset(
    {
        "content", "number", "blocksize", "thicknesses", "labels", "min", "max", "oldmin", "oldmax", "sampleunits",
    }
)  # fmt: skip
_SPACED = {
    "spacedimension": "space dimension", "spacedirections": "space directions", "spaceorigin": "space origin",
    "axismins": "axis mins", "axismaxs": "axis maxs", "measurementframe": "measurement frame",
    "spaceunits": "space units",
}  # fmt: skip
_MOST_AXES = 8
_MOST_SHOWN_CHARACTERS = 1000
_SAVE_AGAIN = "Save it again as one .nrrd or .nii.gz file, for example with SimpleITK."
_EXPORT = "In 3D Slicer, export the segments to a labelmap, one class above the other, and save that as .nii.gz."
_SEGMENT = re.compile(r"Segment(\d{1,6})_(Name|LabelValue|Layer)")


def read_nrrd_header(file: VolumeFile) -> StoredVolume:
    """Reads `file` up to its voxels. Raises VolumeError unless it is an NRRD file with one 3D volume of numbers.

    The voxels of a `.seg.nrrd` are the label values of its segments. A file whose segments lie in several layers is
    refused.
    """
    header_bytes, fields, pairs = _parsed(file)
    encoding = fields.get("encoding", "")
    if encoding not in _PACKINGS:
        what = "the voxels have an encoding that is not supported"
        raise refuse(file, what, "encoding: raw or gzip", encoding, _SAVE_AGAIN)
    elsewhere = [name for name in _ELSEWHERE if name in fields]
    if elsewhere:
        raise refuse(file, "the voxels are in another file, or not right behind the header", mend=_SAVE_AGAIN)
    axes = fields.get("dimension", "")
    if not axes.isdecimal() or len(axes) > 2 or not 0 < int(axes) <= _MOST_AXES:
        raise refuse(file, "the header has no valid dimension", "3", axes[:_MOST_SHOWN_CHARACTERS], _SAVE_AGAIN)
    shown = {name: value for name, value in fields.items() if name in _SHOWN}
    for name, value in shown.items():
        if len(value) > _MOST_SHOWN_CHARACTERS or not value.isascii():
            raise refuse(file, f"the header has no valid line of {name}", mend=_SAVE_AGAIN)
    segments = _segments(file, pairs)
    text = "".join(f"{_SPACED.get(name, name)}: {value}\n" for name, value in shown.items())
    read = header_by_simpleitk(file, f"NRRD0005\n{text}\n".encode(), ".nrrd")
    return StoredVolume(
        file=file,
        voxels=file,
        geometry=read.geometry,
        dtype=read.dtype.newbyteorder(">" if fields.get("endian") == "big" else "<"),
        slope=1.0,
        intercept=0.0,
        offset_bytes=header_bytes,
        packing=_PACKINGS[encoding],
        segments=segments,
    )


def _parsed(file: VolumeFile) -> tuple[int, dict[str, str], dict[str, str]]:
    """Returns the header's length, including the empty line that ends it, its fields, and its key/value pairs."""
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    with file.open("rb") as stream:
        content = line = stream.readline(_MOST_LINE_BYTES)
        while line.endswith(b"\n") and content.startswith(b"NRRD") and len(content) <= _MOST_HEADER_BYTES:
            line = stream.readline(_MOST_LINE_BYTES)
            content += line
            text = line.decode("latin-1").rstrip("\r\n")
            if line and not text:
                return len(content), fields, pairs
            if text.startswith("#"):
                continue
            key, assigned, value = text.partition(":=")
            if assigned:
                pairs[key] = value
            else:
                name, _, value = text.partition(":")
                field = name.replace(" ", "").lower()
                if field in fields or field not in {*_SHOWN, *_PASSED_OVER, *_ELSEWHERE}:
                    what = "has two lines of" if field in fields else "has an unknown line,"
                    raise refuse(file, f"the header {what} {name[:40]!r}", mend=_SAVE_AGAIN)
                fields[field] = value.strip().lower()
    raise refuse(file, "is not an NRRD file, or is cut off within its header", mend=_SAVE_AGAIN)


def _segments(file: VolumeFile, pairs: Mapping[str, str]) -> dict[int, str]:
    """Maps the label value of each segment of a 3D Slicer segmentation to its name; empty for other files."""
    by_number: dict[str, dict[str, str]] = {}
    for key, value in pairs.items():
        if found := _SEGMENT.fullmatch(key):
            by_number.setdefault(found[1], {})[found[2]] = value.strip()
    layers = {segment.get("Layer", "0") for segment in by_number.values()}
    if len(layers) > 1:
        what = "the segments overlap: they lie in several layers"
        raise refuse(file, what, "one layer", f"{len(layers)} layers", _EXPORT)
    named = {}
    for segment in by_number.values():
        value = segment.get("LabelValue", "1")
        if not value.isdecimal() or int(value) in named:
            what = "two segments have one label value" if value.isdecimal() else "a segment has no valid label value"
            raise refuse(file, what, "a whole number of its own for each", value, _EXPORT)
        named[int(value)] = segment.get("Name", "")
    return named
