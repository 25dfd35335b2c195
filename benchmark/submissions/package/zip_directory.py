"""Reads the directory at the end of a zip archive entry by entry: no more than is asked for is ever held.

Python's zipfile reads all of it when it opens an archive, a million entries too, goes by what it finds where archives
contradict themselves, and gives one undecodable name as a failure of all. Layout: PKWARE's APPNOTE, 4.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding

from .archive_stream import ArchiveStream
from .listing import PackageError

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_MOST_COMMENT_BYTES = 0xFFFF
_ELSEWHERE_16, _ELSEWHERE_32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_FIELD = 1


@dataclass(frozen=True)
class ZipEntry:
    """One file or folder, as the directory describes it."""

    stored_name: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    unix_mode: int
    """0 where the packing tool knew none."""
    header_offset: int

    @property
    def is_folder(self) -> bool:
        return self.stored_name.endswith(b"/")


@dataclass(frozen=True)
class ZipDirectory:
    """Where the directory lies and how many entries it says it has."""

    offset: int
    size: int
    entries: int


def find_directory(stream: ArchiveStream, archive_bytes: int) -> ZipDirectory:
    """Finds the directory. Raises PackageError for an archive that is cut off, in volumes, or not alone in its file."""
    tail_offset = max(0, archive_bytes - _END.size - _MOST_COMMENT_BYTES)
    tail = stream.read_at(tail_offset, _END.size + _MOST_COMMENT_BYTES)
    place = _end_place(tail)
    _, disk, first_disk, on_disk, entries, size, offset, _ = _END.unpack_from(tail, place)
    end = tail_offset + place
    # torch writes numbers of 64 bits where they need not be.
    elsewhere = _ELSEWHERE_16 in (disk, first_disk, on_disk, entries) or _ELSEWHERE_32 in (size, offset)
    if elsewhere or offset + size != end:
        wide = _wide_end(stream, end)
        if wide is not None:
            if not elsewhere and wide[1:] != (disk, first_disk, on_disk, entries, size, offset):
                raise _damaged("its two ends say different things")
            end, disk, first_disk, on_disk, entries, size, offset = wide
    if disk or first_disk or on_disk != entries:
        raise PackageError(SubmissionFinding("package-multi-volume"))
    if offset + size != end:
        raise _damaged("its directory is not where its end says")
    return ZipDirectory(offset, size, entries)


def _end_place(tail: bytes) -> int:
    """Where the end record begins: with the comment that it announces it reaches to the last byte."""
    place = tail.rfind(b"PK\5\6")
    longer = False
    while place >= 0:
        if len(tail) - place >= _END.size:
            after = len(tail) - place - _END.size - _END.unpack_from(tail, place)[-1]
            if not after:
                return place
            longer |= after > 0
        # A comment may have in it what looks like another.
        place = tail.rfind(b"PK\5\6", 0, place)
    code = "trailing-data" if longer else "package-truncated"
    raise PackageError(SubmissionFinding(code, found="no end of a .zip at its end"))


def _wide_end(stream: ArchiveStream, end: int) -> tuple[int, ...] | None:
    """Of an archive with 64-bit numbers: where its end begins, and what that says. None where there are none."""
    locator = stream.read_at(max(0, end - _LOCATOR_64.size), _LOCATOR_64.size)
    if len(locator) < _LOCATOR_64.size or not locator.startswith(b"PK\6\7"):
        return None
    _, _, offset, disks = _LOCATOR_64.unpack(locator)
    if disks != 1:
        raise PackageError(SubmissionFinding("package-multi-volume"))
    record = stream.read_at(offset, _END_64.size) if offset < end else b""
    if len(record) < _END_64.size or not record.startswith(b"PK\6\6"):
        raise _damaged("it has no end record of 64 bits")
    _, _, _, _, disk, first_disk, on_disk, entries, size, directory_offset = _END_64.unpack(record)
    return offset, disk, first_disk, on_disk, entries, size, directory_offset


def read_directory(stream: ArchiveStream, directory: ZipDirectory) -> Iterator[ZipEntry]:
    """Yields the entries. Raises PackageError at one that is none, and at the end if there were not as many as said."""
    at, end, entries = directory.offset, directory.offset + directory.size, 0
    while at < end:
        fixed = stream.read_at(at, _ENTRY.size)
        if len(fixed) < _ENTRY.size or not fixed.startswith(b"PK\1\2"):
            raise _damaged(f"entry {entries + 1} of its directory is none")
        values = _ENTRY.unpack(fixed)
        name_bytes, extra_bytes, comment_bytes = values[10:13]
        rest = stream.read_at(at + _ENTRY.size, name_bytes + extra_bytes)
        at += _ENTRY.size + name_bytes + extra_bytes + comment_bytes
        entries += 1
        yield _entry(values, rest[:name_bytes], rest[name_bytes:])
    if at != end or entries != directory.entries:
        raise _damaged(f"its directory has {entries} entries and says {directory.entries}")


def _entry(values: tuple[Any, ...], name: bytes, extra: bytes) -> ZipEntry:
    _, _, _, flags, method, _, _, crc, packed, size, _, _, _, disk, _, attributes, offset = values
    wide = _wide_fields(extra)
    # In this order, and only those for which 32 bits are too few.
    size, packed, offset = (
        next(wide, number) if number == _ELSEWHERE_32 else number for number in (size, packed, offset)
    )
    if disk not in {0, _ELSEWHERE_16}:
        raise PackageError(SubmissionFinding("package-multi-volume"))
    return ZipEntry(name, flags, method, crc, packed, size, attributes >> 16, offset)


def _wide_fields(extra: bytes) -> Iterator[int]:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64_FIELD:
            field = extra[at + 4 : at + 4 + size]
            yield from (number for (number,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8]))
            return
        at += 4 + size


def _damaged(found: str) -> PackageError:
    return PackageError(SubmissionFinding("package-damaged", found=found))
