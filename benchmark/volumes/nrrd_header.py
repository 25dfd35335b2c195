"""The header of an NRRD file (`.nrrd`, and `.seg.nrrd` as 3D Slicer saves segmentations), read by SimpleITK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from .simpleitk_header import header_by_simpleitk
from .stored_volume import StoredVolume, refuse
from .volume_file import VolumeFile

_MOST_HEADER_BYTES = 1 << 20
_MOST_LINE_BYTES = 1 << 16
_PACKINGS: dict[str, Literal["none", "zlib"]] = {"raw": "none", "gzip": "zlib", "gz": "zlib"}
_ELSEWHERE = ("datafile", "lineskip", "byteskip")
_SAVE_AGAIN = "Save it again as one .nrrd or .nii.gz file, for example with SimpleITK."
_EXPORT = "In 3D Slicer, export the segments to a labelmap, one class above the other, and save that as .nii.gz."
_SEGMENT = re.compile(r"Segment(\d{1,6})_(Name|LabelValue|Layer)")


def read_nrrd_header(file: VolumeFile) -> StoredVolume:
    """Reads `file` up to its voxels. Raises VolumeError for what is not an NRRD file with one 3D volume of numbers.

    The voxels of a `.seg.nrrd` are its segments' label values; one whose segments lie in several layers is refused.
    """
    content, fields, pairs = _parsed(file)
    encoding = fields.get("encoding", "")
    if encoding not in _PACKINGS:
        what = "the voxels are stored in a way that is not read"
        raise refuse(file, what, "encoding: raw or gzip", encoding, _SAVE_AGAIN)
    elsewhere = [name for name in _ELSEWHERE if name in fields]
    if elsewhere:
        raise refuse(file, "the voxels are in another file, or not right behind the header", mend=_SAVE_AGAIN)
    segments = _segments(file, pairs)
    read = header_by_simpleitk(file, content, ".nrrd")
    return StoredVolume(
        file=file,
        voxels=file,
        geometry=read.geometry,
        dtype=read.dtype.newbyteorder(">" if fields.get("endian") == "big" else "<"),
        slope=1.0,
        intercept=0.0,
        offset_bytes=len(content),
        packing=_PACKINGS[encoding],
        segments=segments,
    )


def _parsed(file: VolumeFile) -> tuple[bytes, dict[str, str], dict[str, str]]:
    """The header's bytes with the empty line that ends it, its fields (`sizes`), and its key/value pairs."""
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    with file.open("rb") as stream:
        content = line = stream.readline(_MOST_LINE_BYTES)
        while line.endswith(b"\n") and content.startswith(b"NRRD") and len(content) <= _MOST_HEADER_BYTES:
            line = stream.readline(_MOST_LINE_BYTES)
            content += line
            text = line.decode("latin-1").rstrip("\r\n")
            if line and not text:
                return content, fields, pairs
            if text.startswith("#"):
                continue
            key, assigned, value = text.partition(":=")
            if assigned:
                pairs[key] = value
            else:
                name, _, value = text.partition(":")
                fields[name.replace(" ", "").lower()] = value.strip().lower()
    raise refuse(file, "not an NRRD file, or one that is cut off within its header", mend=_SAVE_AGAIN)


def _segments(file: VolumeFile, pairs: Mapping[str, str]) -> dict[int, str]:
    """Label value -> name of each segment, of a segmentation of 3D Slicer; empty for other files."""
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
        if not value.isdecimal():
            raise refuse(file, "a segment has no valid label value", "a whole number", value, _EXPORT)
        named[int(value)] = segment.get("Name", "")
    return named
