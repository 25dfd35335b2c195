"""The voxels of a volume file, streamed out of it whole or refused.

Every byte is accounted for: checksums are checked to the end, and a file that holds fewer or more voxels than its
header says is refused. SimpleITK and nibabel let such files pass: SimpleITK reads a `.nii.gz` that is cut off in the
middle as if the rest were background, and nibabel does not compare the checksum.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import BenchError, Problem
from .geometry import Geometry

# A whole-body CT at full resolution has 3e8 voxels.
MOST_VOXELS = 2**31
# Deflate cannot do better than 258 bytes for 2 bits; a header that claims more than this of its file lies, and is
# found out before any memory is asked for.
_DEFLATE_LIMIT = 1032
_BLOCK_BYTES = 1 << 20
_COPY_AGAIN = "The file is damaged: copy it again or make it again."


@dataclass(frozen=True)
class StoredVolume:
    """What the header of a volume file says about its voxels."""

    path: Path
    geometry: Geometry
    dtype: np.dtype[Any]
    """As stored, byte order included."""
    slope: float
    intercept: float
    """A voxel's value is `slope * stored + intercept`."""
    offset_bytes: int
    """Bytes before the voxels: of the unpacked stream for `gzip`, of the file itself otherwise."""
    packing: Literal["none", "gzip", "zlib"]
    """`gzip` packs the whole file, header included; `zlib` only the voxels."""

    @property
    def voxel_bytes(self) -> int:
        return prod(self.geometry.shape) * self.dtype.itemsize


def refuse(path: Path, what: str, expected: str = "", found: str = "", mend: str = _COPY_AGAIN) -> BenchError:
    """The error for a file that cannot be used."""
    return BenchError(Problem(what, str(path), expected, found, mend))


def is_gzip(path: Path) -> bool:
    """By content, not by name: tools write plain NIfTI under `.nii.gz` and the other way round."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def read_voxels(volume: StoredVolume) -> Iterator[NDArray[Any]]:
    """Yields the stored voxels, x fastest, as 1D arrays of the stored dtype with at most a MiB each.

    Raises BenchError for a file that is cut off, too long, or whose checksum is wrong; at the latest at the end, so
    what was yielded is to be trusted only when the iteration has ended.
    """
    _refuse_absurd(volume)
    left = volume.voxel_bytes
    try:
        for block in _blocks(volume):
            if len(block) > left:
                said = f"{volume.voxel_bytes} bytes of voxels"
                raise refuse(volume.path, "the file holds more than its header says", said, "more")
            whole = len(block) - len(block) % volume.dtype.itemsize
            left -= whole
            if whole:
                yield np.frombuffer(block[:whole], volume.dtype)
    except EOFError as error:
        raise _cut_off(volume, left) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise refuse(volume.path, f"the compressed data is corrupt ({error})") from error
    except OSError as error:
        raise refuse(volume.path, f"cannot be read ({error.strerror or error})", mend="") from error
    if left:
        raise _cut_off(volume, left)


def _refuse_absurd(volume: StoredVolume) -> None:
    voxels = prod(volume.geometry.shape)
    if voxels > MOST_VOXELS:
        raise refuse(volume.path, "the header claims an absurd size", f"at most {MOST_VOXELS} voxels", f"{voxels}")
    file_bytes = volume.path.stat().st_size
    most = file_bytes if volume.packing == "none" else file_bytes * _DEFLATE_LIMIT
    if volume.offset_bytes + volume.voxel_bytes > most:
        raise _cut_off(volume, volume.voxel_bytes - max(0, most - volume.offset_bytes))


def _cut_off(volume: StoredVolume, left: int) -> BenchError:
    return refuse(
        volume.path,
        "the file is cut off",
        f"{volume.voxel_bytes} bytes of voxels",
        f"at most {volume.voxel_bytes - left}" if left else "them without the checksum that ends the file",
    )


def _blocks(volume: StoredVolume) -> Iterator[bytes]:
    """The bytes after `offset_bytes`, unpacked, in whole voxels but for the last block."""
    with volume.path.open("rb") as file:
        if volume.packing == "zlib":
            file.seek(volume.offset_bytes)
            pieces = _inflate(file)
        elif volume.packing == "gzip":
            stream = gzip.GzipFile(fileobj=file)
            _skip(stream, volume.offset_bytes)
            pieces = iter(lambda: stream.read(_BLOCK_BYTES), b"")
        else:
            file.seek(volume.offset_bytes)
            pieces = iter(lambda: file.read(_BLOCK_BYTES), b"")
        rest = b""
        for piece in pieces:
            joined = rest + piece
            whole = len(joined) - len(joined) % volume.dtype.itemsize
            rest = joined[whole:]
            yield joined[:whole]
        yield rest


def _skip(stream: gzip.GzipFile, count: int) -> None:
    while count:
        skipped = len(stream.read(min(count, _BLOCK_BYTES)))
        if not skipped:
            raise EOFError
        count -= skipped


def _inflate(file: BinaryIO) -> Iterator[bytes]:
    """One zlib or gzip stream (MetaIO writes the first and reads both), to its checksum."""
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    while not inflater.eof:
        packed = inflater.unconsumed_tail or file.read(_BLOCK_BYTES)
        piece = inflater.decompress(packed, _BLOCK_BYTES)
        if not packed and not piece:
            raise EOFError
        yield piece
    if inflater.unused_data or file.read(1):
        raise zlib.error("bytes follow the end of the compressed voxels")
