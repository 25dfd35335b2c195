"""The voxels of a volume file, streamed out of it whole or refused.

Every byte is accounted for: checksums are checked to the end, and a file that holds fewer or more voxels than its
header says is refused. SimpleITK and nibabel let such files pass: SimpleITK reads a `.nii.gz` that is cut off in the
middle as if the rest were background, and nibabel does not compare the checksum.
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
    """A `Path`, or what does as much of one as readers need: a file within an archive. `str()` names it in errors."""

    @property
    def name(self) -> str:
        """Ends as the file's kind does: `.nii.gz`, `.nii` or `.mha`."""

    def stat(self) -> os.stat_result:
        """Of it `st_mode` and `st_size`. Raises OSError."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """At its first byte, each time. Raises OSError."""


# A whole-body CT at full resolution has 3e8 voxels.
MOST_VOXELS = 2**31
# Deflate cannot do better than 258 bytes for 2 bits; a header that claims more than this of its file lies, and is
# found out before any memory is asked for.
_DEFLATE_LIMIT = 1032
# Whole voxels of every dtype, and with what is made of it within a core's cache.
_BLOCK_BYTES = 1 << 19
# isal's stubs say that its exception is an instance.
_IsalError = cast("type[Exception]", isal_zlib.error)
# The last is isal's for a gzip header that its buffer does not hold.
DAMAGED: tuple[type[Exception], ...] = (gzip.BadGzipFile, _IsalError, OverflowError)
"""What unpacking raises on bytes that are not what was packed."""
_COPY_AGAIN = "The file is damaged: copy it again or make it again."
Fault = Literal["unreadable", "truncated", "corrupt", "not-3d", "bad-geometry", "bad-scaling"]
"""What kind of thing is wrong with a file: for programs, which do not read sentences."""


class VolumeError(BenchError):
    """A volume file that cannot be used."""

    def __init__(self, problem: Problem, fault: Fault = "unreadable"):
        super().__init__(problem)
        self.fault: Fault = fault


@dataclass(frozen=True)
class StoredVolume:
    """What the header of a volume file says about its voxels."""

    file: VolumeFile
    """What the user named; errors name it."""
    voxels: VolumeFile
    """Where the voxels are: the same file, or the one beside it that a `.mhd` or `.hdr` describes."""
    geometry: Geometry
    dtype: np.dtype[Any]
    """As stored, byte order included."""
    slope: float
    intercept: float
    """A voxel's value is `slope * stored + intercept`."""
    offset_bytes: int
    """Bytes before the voxels: of the unpacked stream for `gzip`, of the file itself otherwise."""
    packing: Literal["none", "gzip", "zlib"]
    """`gzip` packs the whole file, header included; `zlib` only the voxels, as one zlib or gzip stream."""
    remarks: tuple[str, ...] = ()
    """Sentences about what other readers than SimpleITK make of the header, where that differs."""
    segments: Mapping[int, str] = field(default_factory=dict)
    """Voxel value -> name, of a segmentation of 3D Slicer, which names its segments; empty for other files."""

    @property
    def is_scaled(self) -> bool:
        """Whether a voxel's value is another number than is stored."""
        return (self.slope, self.intercept) != (1.0, 0.0)

    @np.errstate(over="ignore", invalid="ignore")
    def scaled(self, stored: NDArray[Any]) -> NDArray[Any]:
        """The values of voxels of which `stored` is in the file; the same array where they are not scaled."""
        return stored * np.float64(self.slope) + self.intercept if self.is_scaled else stored

    @property
    def voxel_bytes(self) -> int:
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
    """The error for a file that cannot be used."""
    return VolumeError(Problem(what, str(file), expected, found, mend), fault)


def corrupt(file: VolumeFile, error: Exception) -> VolumeError:
    """The error for a file of which unpacking raised `error`, one of `DAMAGED`."""
    return refuse(file, f"the compressed data is corrupt ({error})", fault="corrupt")


def is_gzip(file: VolumeFile) -> bool:
    """By content, not by name: tools write plain NIfTI under `.nii.gz` and the other way round."""
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def open_gzip(file: VolumeFile) -> BinaryIO:
    """The unpacked bytes of a gzip file, all its members, checksums compared."""
    return cast("BinaryIO", _GzipReader(file.open("rb")))


def read_voxels(volume: StoredVolume) -> Iterator[NDArray[Any]]:
    """Yields the stored voxels, x fastest, as 1D arrays of the stored dtype, each valid until the next is asked for.

    Raises BenchError for a file that is cut off, too long, or whose checksum is wrong; at the latest at the end, so
    what was yielded is to be trusted only when the iteration has ended.
    """
    left = volume.voxel_bytes
    # One buffer that stays in the cache: with a new one a block, most of the time goes into fetching memory.
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    try:
        _refuse_absurd(volume)
        with _opened(volume) as stream:
            while left:
                wanted = min(left, _BLOCK_BYTES)
                _fill(stream, buffer[:wanted])
                yield np.frombuffer(buffer, volume.dtype, wanted // volume.dtype.itemsize)
                left -= wanted
            # Reading on past the last voxel also has the checksum compared.
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
    """The file, unpacked, at its first voxel."""
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
    """Closes what it reads from, which the base class only does with what it opened by name."""

    def __init__(self, packed: BinaryIO):
        self._packed = packed
        super().__init__(fileobj=packed, mode="rb")  # type: ignore[no-untyped-call]

    def close(self) -> None:
        super().close()
        self._packed.close()


class _ZlibReader(io.RawIOBase):
    """One zlib or gzip stream (MetaIO writes the first and reads both), to its checksum."""

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
