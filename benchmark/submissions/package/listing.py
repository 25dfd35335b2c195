"""Gathers what a package says it holds, entry by entry, and lists of it what may be read."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from stat import S_IFREG
from typing import BinaryIO, Literal, cast
from unicodedata import normalize

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.core.suggestions import apart
from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding

from .entry_names import checked_name, is_nested_archive
from .size_limits import Bounds

PREDICTIONS = "predictions"
"""The folder that predictions lie in."""
_READ_ONLY = 0o444
_BUFFER_BYTES = 1 << 16


class PackageError(BenchError):
    """A submission of which nothing more can be read, or, while one of its files is read, that file."""

    def __init__(self, finding: SubmissionFinding):
        super().__init__(Problem(finding.what, finding.file, finding.expected, finding.found, finding.mend))
        self.finding = finding


@dataclass(frozen=True)
class SubmittedFile:
    """A file of a submission, wherever it lies: the readers of volumes take it as they take a `Path`."""

    name: str
    """Inside the submission, with `/`."""
    size_bytes: int
    raw: Callable[[], io.RawIOBase] = field(repr=False, compare=False)
    """Opens its bytes at the first."""
    stored_at: int | None = field(default=None, kw_only=True)
    """Where its bytes lie in the archive as they are; None where they are packed, and in a folder."""

    def stat(self) -> os.stat_result:
        return os.stat_result((S_IFREG | _READ_ONLY, 0, 0, 1, 0, 0, self.size_bytes, 0, 0, 0))

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:
        """Opens it at its first byte, each time. Raises OSError; reading raises that or PackageError."""
        return cast("BinaryIO", io.BufferedReader(self.raw(), _BUFFER_BYTES))

    def __str__(self) -> str:
        return self.name


@dataclass
class Listing:
    """What is found while a package is gone through."""

    bounds: Bounds
    findings: list[SubmissionFinding] = field(default_factory=list)
    entries: int = 0
    total_bytes: int = 0
    _files: list[SubmittedFile] = field(default_factory=list)

    def count(self) -> None:
        """Counts one entry more. Raises PackageError when it is one too many."""
        self.entries += 1
        if self.entries > self.bounds.entries:
            raise PackageError(too_many_entries(self.bounds))

    def weigh(self, size_bytes: int) -> None:
        """Adds to what is to be read. Raises PackageError when it is too much in all."""
        self.total_bytes += size_bytes
        if self.total_bytes > self.bounds.total_bytes:
            raise PackageError(total_too_large(self.bounds))

    def refuse(self, code: str, name: str, found: str = "", expected: str = "") -> None:
        self.findings.append(SubmissionFinding(code, name, found, expected))

    def name_of(self, stored: bytes) -> str | None:
        """Checks a name as an archive stores it; gives None, and adds a finding, where no file may have it."""
        name = checked_name(stored)
        if isinstance(name, SubmissionFinding):
            self.findings.append(name)
            return None
        return name

    def add(self, name: str, size_bytes: int, raw: Callable[[], io.RawIOBase], *, stored_at: int | None = None) -> None:
        """Adds a file of which only the name is known to be right, unless its kind or size is a finding."""
        if is_litter(name):
            return
        if not name:
            self.refuse("package-damaged", name, "a file without a name")
        elif is_nested_archive(name):
            self.refuse("nested-archive", name)
        elif size_bytes > self.bounds.file_bytes:
            self.findings.append(file_too_large(name, size_bytes, self.bounds))
        else:
            self._files.append(SubmittedFile(name, size_bytes, raw, stored_at=stored_at))

    def files(self) -> tuple[SubmittedFile, ...]:
        """Gives the files whose names are clear, without the one folder around them all, in the package's order."""
        clear = self._without_clashes()
        top = _top_folder(file.name for file in clear)
        return tuple(replace(file, name=file.name.removeprefix(top)) for file in clear)

    def _without_clashes(self) -> list[SubmittedFile]:
        """Of files that are one and the same on some system none can be told to be the one that is meant."""
        for name, times in Counter(file.name for file in self._files).items():
            if times > 1:
                self.refuse("duplicate-name", name, f"{times} times")
        alike: dict[str, list[str]] = {}
        for name in sorted({file.name for file in self._files}):
            alike.setdefault(_as_one(name), []).append(name)
        for first, *others in alike.values():
            if others:
                self.refuse("similar-names", first, f"also {apart([first, *others])[1]}")
            for other in others:
                self.refuse("similar-names", other, f"also {apart([first, *others])[0]}")
        # What lies in a folder comes right behind a file of the folder's name.
        for one, following in pairwise(sorted(f"{name}/" for name in alike)):
            if following.startswith(one):
                self.refuse("similar-names", alike[one.removesuffix("/")][0], "also a folder")
        refused = {finding.file for finding in self.findings if finding.code in {"duplicate-name", "similar-names"}}
        return [file for file in self._files if file.name not in refused]


def too_many_entries(bounds: Bounds, found: str = "more") -> SubmissionFinding:
    return SubmissionFinding("too-many-entries", found=found, expected=f"at most {bounds.entries}")


def total_too_large(bounds: Bounds) -> SubmissionFinding:
    return SubmissionFinding("total-too-large", found="more", expected=f"at most {bounds.total_bytes} bytes")


def file_too_large(name: str, size_bytes: int, bounds: Bounds) -> SubmissionFinding:
    return SubmissionFinding("file-too-large", name, f"{size_bytes} bytes", f"at most {bounds.file_bytes}")


def _as_one(name: str) -> str:
    """Equal for names that macOS or Windows take for one."""
    return normalize("NFC", normalize("NFC", name).casefold())


def _top_folder(names: Iterable[str]) -> str:
    """`NAME/` when everything lies in one folder that is not the one of the predictions."""
    tops = {name.partition("/") for name in names}
    firsts = {first for first, _, _ in tops}
    if len(firsts) != 1 or not all(slash for _, slash, _ in tops) or firsts == {PREDICTIONS}:
        return ""
    return f"{firsts.pop()}/"
