"""Fetches one file: it grows beside its place, over broken connections and calls, and is moved there when right."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .hub import Hub
from .hub_faults import FileError, PassingError, PastEndError
from .release import Release, ReleaseFile

WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Are the waits before each next try, as long as nothing comes; after the last one, the call ends."""

GOES_ON = "The same command goes on where it stopped."


class StoppedError(Exception):
    """Is raised when another file's fault, or the user, has ended the call."""


@dataclass(frozen=True)
class Fetcher:
    """Fetches the files of a release. Several threads may call its methods, for different files."""

    hub: Hub
    release: Release
    folder: Path
    count: Callable[[int], None]
    """Is called with the number of bytes that came, and with a negative number where some were of no use."""
    stop: threading.Event
    """Makes the methods raise StoppedError soon, once it is set."""
    tell: Callable[[str], None]
    """Is called with a line for the user."""
    waits_s: Sequence[float] = WAITS_S

    def is_right(self, file: ReleaseFile) -> bool:
        """Reads the file that is there, and returns whether it is the listed one."""
        return file.digest_of(file.at(self.folder), self._seen) == file.digest

    def fetch(self, file: ReleaseFile) -> None:
        """Brings the file to its place, whole and right, over what may be there.

        Raises FileError when the source has another content or none, BenchError for faults that concern every file.
        """
        part = file.part_at(self.folder)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            found = self._receive_once(file, part)
            if found is not None:
                # What an earlier call left may be spoilt: once more from the beginning.
                found = self._receive_once(file, part)
            if found is not None:
                raise FileError(_not_as_listed(file, found, self.hub.place.kind.word))
            part.replace(file.at(self.folder))
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            mend = f"Make room. {GOES_ON}" if full else "Check the folder's permissions and disk."
            what = f"the file cannot be written ({error.strerror})"
            raise BenchError(Problem(what, str(file.at(self.folder)), mend=mend)) from error

    def _receive_once(self, file: ReleaseFile, part: Path) -> str | None:
        """Lets the part grow to its full size. None when it is right; else it is gone, and what it was is told."""
        try:
            self._receive(file, part)
            digest = file.digest_of(part, lambda _: self._seen(0))
            found = None if digest == file.digest else f"{file.algorithm} {digest}"
        except _OtherSizeError as other:
            found = str(other)
        except PastEndError:
            found = "fewer bytes"
        if found is not None:
            self.count(-_size(part))
            part.unlink(missing_ok=True)
        return found

    def _receive(self, file: ReleaseFile, part: Path) -> None:
        """Tries until the part has the listed size, or nothing came for as many tries as there are waits."""
        part.touch()
        waits = iter(self.waits_s)
        while (before := _size(part)) < file.size:
            try:
                self._append(file, part, before)
            except PassingError as fault:
                if _size(part) > before:
                    waits = iter(self.waits_s)
                self._wait(waits, fault)
        if _size(part) > file.size:
            raise _OtherSizeError("more bytes")

    def _append(self, file: ReleaseFile, part: Path, offset: int) -> None:
        with self.hub.stream(self.release.commit, file, offset) as stream:
            if stream.size not in {None, file.size}:
                raise _OtherSizeError(f"{stream.size} bytes")
            with part.open("ab") as content:
                # The server may start over, or further on than asked.
                if stream.start != offset:
                    self.count(-offset)
                    content.seek(0)
                    content.truncate()
                if stream.start not in {0, offset}:
                    raise PassingError(Problem("the hub sent another stretch than was asked for", file.path))
                for block in stream.blocks:
                    self._seen(0)
                    if content.tell() + len(block) > file.size:
                        raise _OtherSizeError("more bytes")
                    content.write(block)
                    self.count(len(block))
                content.flush()
                os.fsync(content.fileno())
                if content.tell() < file.size:
                    raise PassingError(Problem("the hub stopped sending before the file's end", file.path))

    def _wait(self, waits: Iterator[float], fault: PassingError) -> None:
        wait_s = next(waits, None)
        if wait_s is None:
            raise BenchError(with_way_on(fault.problem)) from fault
        if fault.wait_s:
            self.tell(fault.request)
        if self.stop.wait(max(wait_s, fault.wait_s)):
            raise StoppedError from fault

    def _seen(self, size: int) -> None:
        if self.stop.is_set():
            raise StoppedError
        if size:
            self.count(size)


class _OtherSizeError(Exception):
    """The source sends fewer or more bytes than it lists."""


def with_way_on(problem: Problem) -> Problem:
    """Returns the problem for a fault that did not pass, with what the user can do."""
    return Problem(
        f"{problem.what}, also after several tries",
        problem.where,
        found=problem.found,
        mend=f"{problem.mend} {GOES_ON}".strip(),
    )


def _not_as_listed(file: ReleaseFile, found: str, kind: str) -> Problem:
    return Problem(
        "the hub sends another content than it lists, so the file is not taken",
        file.path,
        expected=f"{file.size} bytes, {file.algorithm} {file.digest}",
        found=found,
        mend=f"Try again later; if it stays so, tell the publishers of the {kind}.",
    )


def _size(path: Path) -> int:
    """Bytes; 0 where there is no file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
