"""Copies what is read of a submission to a private folder, so that what is digested is what is checked and scored.

Whoever handed the submission in may still be able to write to it: exchange a file, rewrite it, lead a link elsewhere.
Of a copy that nobody else can enter, every reader sees the same bytes. A file that changes while it is copied gives
parts of both, as a torn upload would be, which are digested, checked and scored as what they are.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.claims import outside
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.whole_files import not_written
from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.volumes.file_names import SUBMITTED_SUFFIXES, submitted_case_id

from .listing import PackageError, SubmittedFile
from .open_submission import Submission

_BLOCK_BYTES = 1 << 19
_MIB = 1 << 20


@dataclass(frozen=True)
class CopiedFile(SubmittedFile):
    """A file of a submission, of which everything is read from a copy of it."""

    path: Path
    """Of the copy."""
    sha256: bytes
    """Over the copy's bytes."""
    fault: Exception | None
    """Why the file could not be read to its end; reading the copy to its end raises it too."""


@dataclass(frozen=True)
class SubmissionCopy(Submission):
    """A submission with copies in the place of the files that matter; what else lies in it stays where it is."""

    copies: Mapping[str, CopiedFile] = field(default_factory=dict)
    """By name inside the submission."""

    @property
    def is_whole(self) -> bool:
        """Tells whether all that was to be copied could be read."""
        return all(copy.fault is None for copy in self.copies.values())

    def digest(self, predictions: Mapping[str, str]) -> str:
        """Hashes case ids and their files' bytes: SHA-256, as `sha256:...`, the same however they are packed.

        `predictions` is case id -> name inside. Raises BenchError for a name of which there is no copy, one for two
        cases, and for a file that could not be read.
        """
        digest = hashlib.sha256()
        for case, copy in sorted(self._named(predictions).items()):
            # The second is always as long, so that nothing else gives the same bytes.
            digest.update(case.encode() + b"\0" + copy.sha256)
        return f"sha256:{digest.hexdigest()}"

    def link(self, predictions: Mapping[str, str], folder: Path) -> None:
        """Links the copies into `folder` as `CASE.nii.gz` (or `.nii`, `.mha`), for what reads folders.

        `predictions` and what is raised are as in `digest`, and a name that no prediction can have is refused too.
        """
        for case, copy in self._named(predictions).items():
            (folder / _file_name(case, copy.name)).symlink_to(copy.path.resolve())

    def _named(self, predictions: Mapping[str, str]) -> dict[str, CopiedFile]:
        if len(set(predictions.values())) != len(predictions):
            raise BenchError(Problem("one file of the submission for two cases"))
        absent = sorted(set(predictions.values()) - self.copies.keys())
        if absent:
            raise BenchError(Problem(f"the submission has no {listed(absent)}"))
        named = {case: self.copies[name] for case, name in predictions.items()}
        for copy in named.values():
            if copy.fault is not None:
                raise BenchError(Problem(f"could not be read ({copy.fault})", copy.name))
        return named


def copied(
    submission: Submission, wanted: Callable[[str], bool], folder: Path, *, progress: bool = False
) -> SubmissionCopy:
    """Copies the files of an opened submission that are `wanted` by their names into the empty folder `folder`.

    Each is read once, in the package's order, and digested as it is read. Takes memory for one block, and on disk what
    the files take, which the bounds of the submission limit. That one cannot be read is its copy's `fault` and nothing
    is raised for it. Raises BenchError where there is no room for all, before the first is copied, and for what cannot
    be written.
    """
    names = [file.name for file in submission.files if wanted(file.name)]
    _refuse_without_room(sum(file.size_bytes for file in submission.files if file.name in set(names)), folder)
    files: list[SubmittedFile] = []
    with progress_bar("copy", "file", shown=progress) as report:
        for number, file in enumerate(submission.files, start=1):
            files.append(_copy(file, folder / str(number)) if wanted(file.name) else file)
            report(number, len(submission.files), "")
    copies = {file.name: file for file in files if isinstance(file, CopiedFile)}
    as_listed: dict[str, Any] = {each.name: getattr(submission, each.name) for each in fields(Submission)}
    return SubmissionCopy(**{**as_listed, "files": tuple(files)}, copies=copies)


def _file_name(case: str, name: str) -> str:
    suffix = next((suffix for suffix in SUBMITTED_SUFFIXES if name.lower().endswith(suffix)), None)
    # A case id comes from a manifest, and one of another maker's may be a path.
    if suffix is None or submitted_case_id(Path(f"{case}{suffix}").name) != case or "\\" in case:
        expected = f"a case id and one of {', '.join(SUBMITTED_SUFFIXES)}"
        raise BenchError(Problem("not the file of a case", name, expected, case))
    return f"{case}{suffix}"


def _refuse_without_room(needed_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        what = "there is no room for a copy of the predictions"
        needed, free = (f"{count / _MIB:.0f} MiB" for count in (needed_bytes, free_bytes))
        raise BenchError(Problem(what, str(outside(folder)), needed, free, "Make room on that disk."))


def _copy(file: SubmittedFile, target: Path) -> CopiedFile:
    digest = hashlib.sha256()
    faults: list[Exception] = []
    try:
        with target.open("xb") as out:
            for block in _blocks(file, faults):
                out.write(block)
                digest.update(block)
    except OSError as error:
        # A user knows the folder of the copy's, not its name.
        raise BenchError(Problem(not_written(error, target).what, str(outside(target)))) from error
    fault = next(iter(faults), None)
    return CopiedFile(file.name, file.size_bytes, partial(_opened, target, fault), target, digest.digest(), fault)


def _blocks(file: SubmittedFile, faults: list[Exception]) -> Iterator[bytes]:
    """Its bytes, piece by piece; what reading them raises goes to `faults`, as does another length than was listed."""
    left = file.size_bytes
    try:
        # Not buffered: what comes before a fault is given before it is raised. One byte more than there may be tells a
        # file that is longer, and takes no more room than was found.
        with file.raw() as stream:
            while block := stream.read(min(_BLOCK_BYTES, left + 1)):
                left -= len(block)
                if left < 0:
                    break
                yield block
    except (OSError, PackageError) as error:
        faults.append(error)
    else:
        if left:
            found = f"{file.size_bytes - left} bytes" if left > 0 else "more"
            expected = f"{file.size_bytes} bytes"
            faults.append(PackageError(SubmissionFinding("size-differs", file.name, found, expected)))


def _opened(path: Path, fault: Exception | None) -> io.RawIOBase:
    copy = io.FileIO(path, "rb")
    return copy if fault is None else _UpToFault(copy, fault)


class _UpToFault(io.RawIOBase):
    """Gives what could be read of a file, and raises what reading on did."""

    def __init__(self, copy: io.FileIO, fault: Exception):
        self._copy, self._fault = copy, fault

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._copy.readinto(buffer)
        if not count:
            raise self._fault
        return count

    def close(self) -> None:
        self._copy.close()
        super().close()
