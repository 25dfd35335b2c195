"""Opens a submission, a folder or an archive, without unpacking it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO, Literal

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.volumes.stored_volume import DAMAGED, GZIP_MAGIC, unpacked_gzip

from .archive_stream import ArchiveStream
from .folder_files import list_folder
from .listing import Listing, PackageError, SubmittedFile, file_too_large, too_many_entries, total_too_large
from .size_limits import Bounds
from .tar_files import is_tar_header, list_tar
from .zip_files import list_zip

Packing = Literal["folder", "zip", "tar", "unknown"]
_ROOM = Bounds()
_BLOCK_BYTES = 512
# Does not wait for a pipe that has taken the file's place.
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_OTHER_ARCHIVES = {
    b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"(\xb5/\xfd": "Zstandard", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "RAR",
}  # fmt: skip


@dataclass(frozen=True)
class Submission:
    """What lies in a submission, and what is wrong with how it is packed."""

    packing: Packing
    files: tuple[SubmittedFile, ...]
    """Each name once, in the package's order, which is the one to read them in: a `.tar.gz` is slow in another. Without
    folders, and without what macOS and Windows leave behind. None when the package cannot be used at all."""
    findings: tuple[SubmissionFinding, ...]
    entries: int = 0
    """Files, folders and headers, also those that are refused."""
    total_bytes: int = 0
    """Of all that is in it, unpacked."""

    def within(self, bounds: Bounds) -> Submission:
        """Applies narrower bounds: what is beyond them goes to the findings and is no longer to be read."""
        for wrong, finding in (
            (self.entries > bounds.entries, too_many_entries(bounds)),
            (self.total_bytes > bounds.total_bytes, total_too_large(bounds)),
        ):
            if wrong and all(known.code != finding.code for known in self.findings):
                return replace(self, files=(), findings=(*self.findings, finding))
        findings = [
            file_too_large(file.name, file.size_bytes, bounds)
            for file in self.files
            if file.size_bytes > bounds.file_bytes
        ]
        files = tuple(file for file in self.files if file.size_bytes <= bounds.file_bytes)
        return replace(self, files=files, findings=(*self.findings, *findings))


@contextmanager
def open_submission(path: Path, bounds: Bounds = _ROOM) -> Iterator[Submission]:
    """Lists a folder, a `.zip`, a `.tar` or a `.tar.gz`, told by content; its files can be read until the end.

    What is wrong with the package is in the submission's findings, and what it is wrong with is not among its files:
    nothing is raised. One folder that everything lies in is taken off the names. Only one thread may read. An archive
    is opened once; a file of a folder each time that it is read, so that what is read twice may be two things: see
    `private_copy.py`.
    """
    listing = Listing(bounds)
    packing: Packing = "unknown"
    with ExitStack() as stack:
        try:
            status = path.stat()
            if S_ISDIR(status.st_mode):
                packing = "folder"
                list_folder(path, listing)
            elif S_ISREG(status.st_mode):
                file = stack.enter_context(os.fdopen(os.open(path, _AT_ONCE), "rb"))
                packing, stream = _archive(file, stack)
                if packing == "zip":
                    list_zip(stream, os.fstat(file.fileno()).st_size, listing)
                elif packing == "tar":
                    list_tar(stream, listing)
            else:
                listing.refuse("package-unknown", "", "a device, pipe or socket")
            files = listing.files()
        except PackageError as error:
            listing.findings.append(error.finding)
            files = ()
        except (FileNotFoundError, NotADirectoryError):
            listing.refuse("package-missing", "", str(path))
            files = ()
        except OSError as error:
            listing.refuse("package-unreadable", "", error.strerror or str(error))
            files = ()
        yield Submission(packing, files, tuple(listing.findings), listing.entries, listing.total_bytes)


def _archive(file: BinaryIO, stack: ExitStack) -> tuple[Packing, ArchiveStream]:
    """What kind of archive a file is, and its bytes, unpacked of gzip. Raises PackageError for another kind of file."""
    start = file.read(_BLOCK_BYTES)
    file.seek(0)
    if start.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
        return "zip", ArchiveStream(file)
    stream = stack.enter_context(unpacked_gzip(file)) if start.startswith(GZIP_MAGIC) else file
    try:
        first = stream.read(_BLOCK_BYTES)
    except EOFError as error:
        raise PackageError(SubmissionFinding("package-truncated")) from error
    except DAMAGED as error:
        raise PackageError(SubmissionFinding("package-damaged", found=str(error))) from error
    if is_tar_header(first):
        return "tar", ArchiveStream(stream)
    other = [name for magic, name in _OTHER_ARCHIVES.items() if start.startswith(magic)]
    found = f"a {other[0]} file" if other else "another kind of file" if start else "an empty file"
    raise PackageError(SubmissionFinding("package-unknown", found=found))


@contextmanager
def opened(submission: Path | Submission, bounds: Bounds) -> Iterator[Submission]:
    """Gives a submission that is open already within `bounds`, or opens the one at a path within them."""
    if isinstance(submission, Submission):
        yield submission.within(bounds)
    else:
        with open_submission(submission, bounds) as package:
            yield package
