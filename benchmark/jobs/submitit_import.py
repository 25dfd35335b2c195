"""Lets submitit be imported without closing the logs of the program that imports it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_LOG_LEVEL = "SUBMITIT_LOG_LEVEL"


@contextmanager
def keeping_logs() -> Iterator[None]:
    """Imports of submitit belong inside.

    As it is imported, submitit configures logging, and Python then closes every handler that there is: a log file gets
    no more lines, and absl's handler closes the stderr that it began with. Jobs are not told: submitit's own log is
    theirs.
    """
    before = os.environ.get(_LOG_LEVEL)
    os.environ[_LOG_LEVEL] = "NOCONFIG"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_LOG_LEVEL]
        else:
            os.environ[_LOG_LEVEL] = before
