"""Reads stretches of an archive's bytes, also where it can only be unpacked forwards."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.volumes.stored_volume import DAMAGED

from .listing import PackageError

# Enough to read a volume's header, and then the file from its beginning, without going back in what is packed.
_REPLAYED_BYTES = 1 << 20


class ArchiveStream:
    """A file, or what unpacks one as it is read. Only one thread may use it."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._window_start = 0
        self._window = b""

    def read_at(self, offset: int, count: int) -> bytes:
        """Reads `count` bytes from `offset` on; fewer at the end. Raises PackageError for what cannot be unpacked."""
        try:
            self._stream.seek(offset)
            return self._stream.read(count)
        except EOFError as error:
            raise PackageError(SubmissionFinding("package-truncated")) from error
        except DAMAGED as error:
            raise PackageError(SubmissionFinding("package-damaged", found=str(error))) from error
        except OSError as error:
            raise PackageError(SubmissionFinding("package-unreadable", found=error.strerror or str(error))) from error

    def stretch(self, offset: int, size: int) -> Stretch:
        """Gives `size` bytes from `offset` on as a file, and keeps its beginning until another is asked for."""
        if (self._window_start, len(self._window)) != (offset, min(size, _REPLAYED_BYTES)):
            self._window_start, self._window = offset, self.read_at(offset, min(size, _REPLAYED_BYTES))
        return Stretch(self, offset, size)

    def read_replayed(self, offset: int, count: int) -> bytes:
        """Reads as `read_at` does, but what is kept where it can; may give fewer bytes before the end."""
        inside = offset - self._window_start
        if 0 <= inside < len(self._window):
            return self._window[inside : inside + count]
        return self.read_at(offset, count)


class Stretch(io.RawIOBase):
    """A file within an archive that is stored in it as it is. Ends early where the archive does."""

    def __init__(self, stream: ArchiveStream, offset: int, size: int):
        self._stream = stream
        self._next, self._end = offset, offset + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read_replayed(self._next, min(len(buffer), self._end - self._next))
        buffer[: len(piece)] = piece
        self._next += len(piece)
        return len(piece)
