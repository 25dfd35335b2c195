"""Keeps what goes wrong with hidden labels out of the participants' sight."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import not_written

LOG_FILE = "evaluation.log"


class TellableError(BenchError):
    """Is raised for what rests on nothing hidden, and may be told as it is."""


@contextmanager
def kept_private(private: Path | None) -> Iterator[None]:
    """Writes what is raised inside into the log of the folder `private`, and raises a sentence that tells nothing.

    A fault of a reference file names what is in it, and a crash may. With None, of a track that is not hidden,
    everything is raised as it is; and so is a `TellableError`.
    """
    try:
        yield
    except TellableError:
        raise
    except Exception as error:
        if private is None:
            raise
        what = "the submission could not be scored, for a reason on the organiser's side"
        unwritten = log_privately(private, str(error) if isinstance(error, BenchError) else traceback.format_exc())
        if unwritten is not None:
            # Of the folder alone: the reason may have been another.
            raise BenchError(Problem(what), unwritten) from None
        # Not chained: a traceback would tell it all the same.
        raise BenchError(Problem(what, mend=f"It is in {LOG_FILE} of the private folder.")) from None


def log_privately(private: Path, text: str) -> Problem | None:
    """Adds `text` to the log, with the time, and returns None; where it cannot be written, why."""
    log = private / LOG_FILE
    try:
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nothing that has no end, such as a pipe, which nobody may read.
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%F %T} UTC\n{text.rstrip()}\n\n")
    except OSError as error:
        return not_written(error, log)
    return None
