"""Lists the files of a `.tar` or a `.tar.gz`: goes through its headers, each bounded before it is read.

It is gone through once to list it, which also compares the checksum that a `.gz` ends with, and again as its files are
read: fast in the order that they lie in, for what lies before is unpacked anew.

Python's tarfile takes a header's payload into memory whole, whatever size it claims, and follows sparse maps. Here it
only tells what one block says (`TarInfo.frombuf`). Layout: POSIX pax, and GNU tar's manual.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding

from .archive_stream import ArchiveStream
from .listing import Listing, PackageError

_BLOCK_BYTES = 512
# Of names and of what macOS notes of a file: for one, and for all of an archive.
_MOST_PAYLOAD_BYTES = 1 << 20
_MOST_PAYLOADS_BYTES = 1 << 24
# The largest unit that tar pads an archive to.
_MOST_PADDING_BYTES = 1 << 20
_MOST_LENGTH_DIGITS = 7
EntryKind = Literal["file", "folder", "symbolic-link", "hard-link", "special-file", "sparse-file", "unsupported-entry"]
_KINDS: dict[bytes, EntryKind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "symbolic-link",
    tarfile.LNKTYPE: "hard-link",
    tarfile.CHRTYPE: "special-file",
    tarfile.BLKTYPE: "special-file",
    tarfile.FIFOTYPE: "special-file",
    tarfile.GNUTYPE_SPARSE: "sparse-file",
}
_OF_THE_NEXT = frozenset({tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_LONGER_HEADERS = _OF_THE_NEXT | {tarfile.XGLTYPE}


@dataclass(frozen=True)
class _Entry:
    """One entry, with what longer headers before it say of it."""

    stored_name: bytes
    kind: EntryKind
    size_bytes: int
    offset: int
    """Of its content."""


def is_tar_header(block: bytes) -> bool:
    """Tells whether a file that begins so is a tar archive: its block has the checksum of a header, or ends it all."""
    try:
        _header(block)
    except tarfile.HeaderError:
        return False
    return len(block) == _BLOCK_BYTES


def list_tar(stream: ArchiveStream, listing: Listing) -> None:
    """Lists the archive's files. Raises PackageError for one that is damaged or made to do harm."""
    for entry in _read_entries(stream, listing):
        name = listing.name_of(entry.stored_name)
        if name is None or entry.kind == "folder":
            continue
        if entry.kind == "file":
            listing.add(name, entry.size_bytes, partial(stream.stretch, entry.offset, entry.size_bytes))
        else:
            listing.refuse(entry.kind, name)


def _read_entries(stream: ArchiveStream, listing: Listing) -> Iterator[_Entry]:
    """Goes through the archive to its end and counts in `listing` what there is. Raises PackageError."""
    at = 0
    records: dict[bytes, bytes] = {}
    payloads_bytes = 0
    while True:
        block = stream.read_at(at, _BLOCK_BYTES)
        if len(block) < _BLOCK_BYTES:
            raise PackageError(SubmissionFinding("package-truncated", found=f"{at + len(block)} bytes"))
        try:
            header = _header(block)
        except tarfile.HeaderError as error:
            raise PackageError(SubmissionFinding("package-damaged", found=f"no header at byte {at}")) from error
        at += _BLOCK_BYTES
        if header is None:
            break
        size = header.size if header.type in _LONGER_HEADERS else _size(records, header.size)
        listing.count()
        if size < 0:
            raise PackageError(SubmissionFinding("package-damaged", _shown(header), "a size below 0"))
        if header.type in _LONGER_HEADERS:
            payloads_bytes += size
            if size > _MOST_PAYLOAD_BYTES or payloads_bytes > _MOST_PAYLOADS_BYTES:
                expected = f"at most {_MOST_PAYLOAD_BYTES}, {_MOST_PAYLOADS_BYTES} of all together"
                raise PackageError(SubmissionFinding("header-too-large", _shown(header), f"{size} bytes", expected))
        listing.weigh(size)
        if header.type in _OF_THE_NEXT:
            records |= _read_records(stream, header, at)
        elif header.type == tarfile.XGLTYPE:
            _refuse_global(_read_records(stream, header, at))
        else:
            yield _entry(header, records, size, at)
            records = {}
        at += -(-size // _BLOCK_BYTES) * _BLOCK_BYTES
    padding = stream.read_at(at, _MOST_PADDING_BYTES + 1)
    if padding.strip(b"\0") or len(padding) > _MOST_PADDING_BYTES:
        listing.refuse("trailing-data", "")


def _header(block: bytes) -> tarfile.TarInfo | None:
    """None for the block that ends the archive. Raises tarfile.HeaderError for one that is no header."""
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape") if block.strip(b"\0") else None


def _shown(header: tarfile.TarInfo) -> str:
    return header.name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _entry(header: tarfile.TarInfo, records: dict[bytes, bytes], size: int, offset: int) -> _Entry:
    name = records.get(b"path", header.name.encode(errors="surrogateescape"))
    kind = _KINDS.get(header.type, "unsupported-entry")
    if any(key.startswith(b"GNU.sparse.") for key in records):
        kind = "sparse-file"
    elif size and kind not in {"file", "sparse-file", "unsupported-entry"}:
        raise PackageError(SubmissionFinding("package-damaged", _shown(header), "content where only files have some"))
    return _Entry(name, kind, size, offset)


def _size(records: dict[bytes, bytes], size: int) -> int:
    stated = records.get(b"size")
    if stated is None:
        return size
    if not stated.isdigit() or len(stated) > 20:
        raise PackageError(SubmissionFinding("package-damaged", found=f"a size of {stated[:40]!r}"))
    return int(stated)


def _read_records(stream: ArchiveStream, header: tarfile.TarInfo, at: int) -> dict[bytes, bytes]:
    """What a header says of the entry that follows, or of all: pax records; GNU's long name as one of them."""
    payload = stream.read_at(at, header.size)
    if len(payload) < header.size:
        raise PackageError(SubmissionFinding("package-truncated", _shown(header)))
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {b"path": payload.partition(b"\0")[0]}
    if header.type == tarfile.GNUTYPE_LONGLINK:
        return {b"linkpath": payload.partition(b"\0")[0]}
    return _pax_records(payload, _shown(header))


def _pax_records(payload: bytes, name: str) -> dict[bytes, bytes]:
    """Records of `LENGTH KEY=VALUE` and a line's end; the length is that of the whole record."""
    records = {}
    at = 0
    while at < len(payload):
        space = payload.find(b" ", at, at + _MOST_LENGTH_DIGITS + 1)
        digits = payload[at:space]
        end = at + int(digits) if space > at and digits.isdigit() else 0
        record = payload[space + 1 : end]
        key, equals, value = record[:-1].partition(b"=")
        if end <= space or end > len(payload) or not record.endswith(b"\n") or not equals:
            raise PackageError(SubmissionFinding("package-damaged", name, "pax records that are none"))
        records[key] = value
        at = end
    return records


def _refuse_global(records: dict[bytes, bytes]) -> None:
    """A comment of git's does no harm; a name or size for all entries is nothing that a tool would write."""
    wrong = [key for key in records if key in {b"path", b"size", b"linkpath"} or key.startswith(b"GNU.sparse.")]
    if wrong:
        found = f"a {wrong[0].decode(errors='backslashreplace')} for all files"
        raise PackageError(SubmissionFinding("package-damaged", found=found))
