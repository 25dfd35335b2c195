"""Streams the voxels out of a volume file, and refuses a file that is not whole.

Checksums are compared to the end, and a file with fewer or more voxels than its header says is refused. SimpleITK and
nibabel let such files pass: SimpleITK reads a `.nii.gz` that is cut off in the middle as if the rest were background,
and nibabel does not compare the checksum.
"""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, BinaryIO, Literal, Protocol, cast

import numpy as np
from isal import igzip, isal_zlib
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .geometry import Geometry


class VolumeFile(Protocol):
    """Is a `Path`, or a file within an archive, which has just these parts of one. Errors name it by its `str()`."""

    @property
    def name(self) -> str:
        """Returns the file's name, whose ending gives the format."""

    def stat(self) -> os.stat_result:
        """Returns the file's `st_mode` and `st_size`. Raises OSError."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Opens the file at its first byte. Raises OSError."""


# A whole-body CT at full resolution has 3e8 voxels.
MOST_VOXELS = 2**31
# Deflate cannot pack more than 258 bytes into 2 bits. A header that claims more for its file is wrong, which shows
# before any memory is asked for.
_DEFLATE_LIMIT = 1032
GZIP_MAGIC = b"\x1f\x8b"
# A block holds whole voxels of every type and, with the arrays made of it, fits into a core's cache.
_BLOCK_BYTES = 1 << 19
# isal's stubs say that its exception is an instance.
_IsalError = cast("type[Exception]", isal_zlib.error)
# isal raises OverflowError for a gzip header that is larger than its buffer.
DAMAGED: tuple[type[Exception], ...] = (gzip.BadGzipFile, _IsalError, OverflowError)
"""Are the exceptions that unpacking raises for damaged bytes."""
_COPY_AGAIN = "The file is damaged: copy it again or make it again."
Fault = Literal["unreadable", "truncated", "corrupt", "not-3d", "bad-geometry", "bad-scaling"]
"""Says for programs what sort of fault a file has."""


class VolumeError(BenchError):
    """Is raised for a volume file that cannot be used."""

    def __init__(self, problem: Problem, fault: Fault = "unreadable"):
        super().__init__(problem)
        self.fault: Fault = fault


@dataclass(frozen=True)
class StoredVolume:
    """Describes the voxels of a volume file, as its header gives them."""

    file: VolumeFile
    """Is the file that the user named; errors name it."""
    voxels: VolumeFile
    """Is the file with the voxels: the same one, or the one beside it that a `.mhd` or `.hdr` describes."""
    geometry: Geometry
    dtype: np.dtype[Any]
    """Is the type of the stored numbers, byte order included."""
    slope: float
    intercept: float
    """Gives, with the slope, a voxel's value: `slope * stored + intercept`."""
    offset_bytes: int
    """Counts the bytes before the voxels: in the unpacked stream for `gzip`, else in the file."""
    packing: Literal["none", "gzip", "zlib"]
    """Is `gzip` where the whole file is packed, header included, and `zlib` where only the voxels are, as one zlib or
    gzip stream."""
    remarks: tuple[str, ...] = ()
    """Are sentences about where readers other than SimpleITK understand the header differently."""
    segments: Mapping[int, str] = field(default_factory=dict)
    """Maps voxel values to names in a segmentation of 3D Slicer; empty for other files."""

    @property
    def is_scaled(self) -> bool:
        """Returns whether values differ from the stored numbers."""
        return (self.slope, self.intercept) != (1.0, 0.0)

    @np.errstate(over="ignore", invalid="ignore")
    def scaled(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Returns the values of stored numbers; the same array where they are not scaled."""
        return stored * np.float64(self.slope) + self.intercept if self.is_scaled else stored

    @property
    def voxel_bytes(self) -> int:
        """Returns how many bytes the voxels take unpacked."""
        return prod(self.geometry.shape) * self.dtype.itemsize


def refuse(
    file: VolumeFile,
    what: str,
    expected: str = "",
    found: str = "",
    mend: str = _COPY_AGAIN,
    *,
    fault: Fault = "unreadable",
) -> VolumeError:
    """Makes the error for a file that cannot be used."""
    return VolumeError(Problem(what, str(file), expected, found, mend), fault)


def corrupt(file: VolumeFile, error: Exception) -> VolumeError:
    """Makes the error for a file whose unpacking raised `error`, one of `DAMAGED`."""
    return refuse(file, f"the compressed data is corrupt ({error})", fault="corrupt")


def is_gzip(file: VolumeFile) -> bool:
    """Returns whether a file is gzipped by its content, for tools write plain NIfTI as `.nii.gz` and vice versa."""
    with file.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def open_gzip(file: VolumeFile) -> BinaryIO:
    """Opens a gzip file for reading the unpacked bytes of all its members; reading compares their checksums."""
    return unpacked_gzip(file.open("rb"))


def unpacked_gzip(packed: BinaryIO) -> BinaryIO:
    """Reads an open gzip file as `open_gzip` does one that is closed; closing closes both."""
    return cast("BinaryIO", _GzipReader(packed))


def read_voxels(volume: StoredVolume) -> Iterator[NDArray[Any]]:
    """Yields the stored voxels, x fastest, as 1D arrays of the stored type; each is valid until the next is asked for.

    Raises BenchError for a file that is cut off or too long, or whose checksum is wrong. That may show at the end only,
    so the voxels can be trusted only after the iteration has ended.
    """
    left = volume.voxel_bytes
    # One buffer stays in the cache; with a new one for each block, most of the time would go into fetching memory.
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    try:
        _refuse_absurd(volume)
        with _opened(volume) as stream:
            while left:
                wanted = min(left, _BLOCK_BYTES)
                _fill(stream, buffer[:wanted])
                yield np.frombuffer(buffer, volume.dtype, wanted // volume.dtype.itemsize)
                left -= wanted
            # Reading past the last voxel compares the checksum too.
            if stream.read(1):
                said = f"{volume.voxel_bytes} bytes of voxels"
                raise refuse(volume.file, "the file holds more than its header says", said, "more", fault="corrupt")
    except EOFError as error:
        found = "fewer" if left else "them without the checksum that ends the file"
        raise _cut_off(volume, found) from error
    except DAMAGED as error:
        raise corrupt(volume.file, error) from error
    except OSError as error:
        raise refuse(volume.file, f"cannot be read ({error.strerror or error})", mend="") from error


def _refuse_absurd(volume: StoredVolume) -> None:
    voxels = prod(volume.geometry.shape)
    if voxels > MOST_VOXELS:
        raise refuse(volume.file, "the header claims an absurd size", f"at most {MOST_VOXELS} voxels", f"{voxels}")
    file_bytes = volume.voxels.stat().st_size
    most = file_bytes if volume.packing == "none" else file_bytes * _DEFLATE_LIMIT
    if volume.offset_bytes + volume.voxel_bytes > most:
        raise _cut_off(volume, f"at most {max(0, most - volume.offset_bytes)}")


def _cut_off(volume: StoredVolume, found: str) -> VolumeError:
    said = f"{volume.voxel_bytes} bytes of voxels"
    return refuse(volume.file, "the file is cut off", said, found, fault="truncated")


def _opened(volume: StoredVolume) -> BinaryIO:
    """Opens the file for reading its unpacked bytes from the first voxel on."""
    stream = open_gzip(volume.voxels) if volume.packing == "gzip" else volume.voxels.open("rb")
    left = volume.offset_bytes
    while left:
        skipped = len(stream.read(min(left, _BLOCK_BYTES)))
        if not skipped:
            raise EOFError
        left -= skipped
    return cast("BinaryIO", _ZlibReader(stream)) if volume.packing == "zlib" else stream


def _fill(stream: BinaryIO, buffer: memoryview) -> None:
    while buffer:
        count = stream.readinto(buffer)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        buffer = buffer[count:]


class _GzipReader(igzip.IGzipFile):
    """Closes the file that it reads from, which the base class does only when it opened the file by name."""

    def __init__(self, packed: BinaryIO):
        self._packed = packed
        super().__init__(fileobj=packed, mode="rb")  # type: ignore[no-untyped-call]

    def close(self) -> None:
        super().close()
        self._packed.close()


class _ZlibReader(io.RawIOBase):
    """Reads one zlib or gzip stream to its checksum; MetaIO writes zlib and reads both."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._inflater = isal_zlib.decompressobj(wbits=isal_zlib.MAX_WBITS | 32)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(_BLOCK_BYTES)
            piece = self._inflater.decompress(packed, len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            if not packed:
                raise EOFError
        if self._inflater.unused_data or self._file.read(1):
            raise _IsalError("bytes follow the end of the compressed voxels")
        return 0

    def close(self) -> None:
        self._file.close()
        super().close()
