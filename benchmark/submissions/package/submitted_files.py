"""Opens a submission, a folder or an archive, without unpacking it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO, Literal

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.volumes.stored_volume import DAMAGED, is_gzip, open_gzip

from .archive_stream import ArchiveStream
from .folder_files import list_folder
from .listing import Listing, PackageError, SubmittedFile
from .size_limits import Bounds
from .tar_files import is_tar_header, list_tar
from .zip_files import list_zip

Packing = Literal["folder", "zip", "tar", "unknown"]
_ROOM = Bounds()
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


@contextmanager
def open_submission(path: Path, bounds: Bounds = _ROOM) -> Iterator[Submission]:
    """Lists a folder, a `.zip`, a `.tar` or a `.tar.gz`, told by content; its files can be read until the end.

    What is wrong with the package is in the submission's findings, and what it is wrong with is not among its files:
    nothing is raised. One folder that everything lies in is taken off the names. Only one thread may read.
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
                packing, stream = _archive(path, stack)
                if packing == "zip":
                    list_zip(stream, status.st_size, listing)
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
        yield Submission(packing, files, tuple(listing.findings))


def _archive(path: Path, stack: ExitStack) -> tuple[Packing, ArchiveStream]:
    """What kind of archive a file is, and its bytes, unpacked of gzip. Raises PackageError for another kind of file."""
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
        return "zip", ArchiveStream(stack.enter_context(path.open("rb")))
    stream: BinaryIO = stack.enter_context(open_gzip(path) if is_gzip(path) else path.open("rb"))
    try:
        first = stream.read(512)
    except EOFError as error:
        raise PackageError(SubmissionFinding("package-truncated")) from error
    except DAMAGED as error:
        raise PackageError(SubmissionFinding("package-damaged", found=str(error))) from error
    if is_tar_header(first):
        return "tar", ArchiveStream(stream)
    other = [name for magic, name in _OTHER_ARCHIVES.items() if start.startswith(magic)]
    found = f"a {other[0]} file" if other else "another kind of file" if start else "an empty file"
    raise PackageError(SubmissionFinding("package-unknown", found=found))


def files_named(submission: Submission, names: Collection[str]) -> Iterator[SubmittedFile]:
    """Those files, in the order to read them in. Raises BenchError at once for a name it lacks or gets twice."""
    wanted = set(names)
    if len(wanted) != len(names):
        raise BenchError(Problem("one file of the submission for two cases"))
    absent = sorted(wanted - {file.name for file in submission.files})
    if absent:
        raise BenchError(Problem(f"the submission has no {listed(absent)}"))
    return (file for file in submission.files if file.name in wanted)
