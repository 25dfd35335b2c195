"""Lists the files of a submission that is a `.zip`."""

from __future__ import annotations

import io
import stat
import struct
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from isal import isal_zlib

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.volumes.stored_volume import DAMAGED

from .archive_stream import ArchiveStream
from .listing import Listing, PackageError, too_many_entries
from .zip_directory import ZipEntry, find_directory, read_directory

_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_METHODS = {
    1: "shrink", 6: "implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd",
}  # fmt: skip
# Bits of the flags: encrypted, with strong encryption, with a masked directory; and the method that stands for AES.
_ENCRYPTED_FLAGS = 1 | 1 << 6 | 1 << 13
_ENCRYPTED_METHOD = 99
_PATCHED_FLAG = 1 << 5
_PACKED_BYTES = 1 << 16


def list_zip(stream: ArchiveStream, archive_bytes: int, listing: Listing) -> None:
    """Lists the archive's files. Raises PackageError for one that is damaged or made to do harm."""
    directory = find_directory(stream, archive_bytes)
    # Told before the first of them is read.
    if directory.entries > listing.bounds.entries:
        raise PackageError(too_many_entries(listing.bounds, str(directory.entries)))
    entries = []
    for entry in read_directory(stream, directory):
        listing.count()
        listing.weigh(entry.size_bytes)
        entries.append(entry)
    starts = _data_starts(stream, entries, directory.offset)
    for entry, start in zip(_with_slashes(entries), starts, strict=True):
        name = listing.name_of(entry.stored_name)
        if name is None:
            continue
        fault = _fault(entry)
        if fault is not None:
            code, found, expected = fault
            listing.refuse(code, name, found, expected)
        elif not entry.is_folder:
            stored_at = start if entry.method == _STORED else None
            listing.add(name, entry.size_bytes, partial(_open, stream, entry, start, name), stored_at=stored_at)


def _with_slashes(entries: Sequence[ZipEntry]) -> Sequence[ZipEntry]:
    """Old Windows tools write `a\\b` for `a/b`. Only where no name has a `/` can nothing else be meant."""
    if any(b"/" in entry.stored_name for entry in entries):
        return entries
    return [replace(entry, stored_name=entry.stored_name.replace(b"\\", b"/")) for entry in entries]


def _data_starts(stream: ArchiveStream, entries: Sequence[ZipEntry], directory_offset: int) -> list[int]:
    """Where the data of each entry begins, after its local header, which must agree with the directory.

    Raises PackageError where two entries share bytes: so a small archive can hold as much as none could by itself.
    """
    starts = {}
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = entry.stored_name.decode(errors="backslashreplace")
        if entry.header_offset < end:
            raise PackageError(SubmissionFinding("overlapping-entries", name))
        header = stream.read_at(entry.header_offset, _LOCAL.size + len(entry.stored_name))
        if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
            raise PackageError(SubmissionFinding("package-damaged", name, "no local header"))
        _, _, flags, method, _, _, _, _, _, name_bytes, extra_bytes = _LOCAL.unpack_from(header)
        if (
            header[_LOCAL.size :] != entry.stored_name
            or name_bytes != len(entry.stored_name)
            or method != entry.method
            or (flags ^ entry.flags) & _ENCRYPTED_FLAGS
        ):
            raise PackageError(
                SubmissionFinding("package-damaged", name, "the local header says otherwise than the directory")
            )
        starts[entry.header_offset] = entry.header_offset + _LOCAL.size + name_bytes + extra_bytes
        end = starts[entry.header_offset] + entry.packed_bytes
    if end > directory_offset:
        raise PackageError(SubmissionFinding("overlapping-entries", found="a file and the archive's directory"))
    return [starts[entry.header_offset] for entry in entries]


def _fault(entry: ZipEntry) -> tuple[str, str, str] | None:
    """The code, what was found and what was expected, of an entry that is not read."""
    kind = stat.S_IFMT(entry.unix_mode)
    is_folder = kind == stat.S_IFDIR or (not kind and entry.is_folder)
    method = _METHODS.get(entry.method, f"method {entry.method}")
    sizes = f"{entry.packed_bytes} bytes", f"{entry.size_bytes}"
    faults = (
        (kind == stat.S_IFLNK, ("symbolic-link", "", "")),
        (kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}, ("special-file", "", "")),
        (is_folder != entry.is_folder, ("package-damaged", "a folder's name for a file, or a file's for a folder", "")),
        (is_folder and entry.size_bytes > 0, ("package-damaged", "a folder with content", "")),
        (entry.flags & _ENCRYPTED_FLAGS or entry.method == _ENCRYPTED_METHOD, ("encrypted", "", "")),
        (entry.method not in {_STORED, _DEFLATED}, ("unsupported-compression", method, "deflate or none")),
        (entry.flags & _PATCHED_FLAG, ("unsupported-compression", "a patch of another file", "deflate or none")),
        (entry.method == _STORED and entry.packed_bytes != entry.size_bytes, ("size-differs", *sizes)),
    )
    return next((fault for wrong, fault in faults if wrong), None)


def _open(stream: ArchiveStream, entry: ZipEntry, start: int, name: str) -> io.RawIOBase:
    return _ZipMember(stream.stretch(start, entry.packed_bytes), entry, name)


class _ZipMember(io.RawIOBase):
    """A file of the archive, unpacked; at its end it is what the directory says it is, or PackageError was raised."""

    def __init__(self, packed: io.RawIOBase, entry: ZipEntry, name: str):
        self._packed, self._entry, self._name = packed, entry, name
        self._inflater = isal_zlib.decompressobj(wbits=-isal_zlib.MAX_WBITS) if entry.method == _DEFLATED else None
        self._left, self._crc = entry.size_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # One byte more than there may be tells a file that is longer.
        piece = self._next_piece(min(len(buffer), self._left + 1))
        self._left -= len(piece)
        self._crc = isal_zlib.crc32(piece, self._crc)
        if self._left < 0 or (self._left and not piece):
            found = "more" if self._left < 0 else f"{self._entry.size_bytes - self._left}"
            raise PackageError(SubmissionFinding("size-differs", self._name, found, f"{self._entry.size_bytes} bytes"))
        if not piece and self._crc != self._entry.crc:
            raise PackageError(SubmissionFinding("checksum-differs", self._name))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next_piece(self, most: int) -> bytes:
        if self._inflater is None:
            return self._packed.read(most) or b""
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._packed.read(_PACKED_BYTES) or b""
            try:
                piece = self._inflater.decompress(packed, most)
            except DAMAGED as error:
                raise PackageError(SubmissionFinding("package-damaged", self._name, str(error))) from error
            if piece or not packed:
                return piece
        if self._inflater.unused_data or self._packed.read(1):
            raise PackageError(SubmissionFinding("size-differs", self._name, "bytes after its end", "none"))
        return b""
