"""Worker processes: how many there may be, and that none outlives its parent. Needs no torch."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def cores() -> int:
    """The cores this process may use, which on a cluster are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def die_with_parent() -> None:
    """Called in a worker: ends it when its parent ends, however that is. A killed parent could not tell it.

    On Linux only; elsewhere a killed run leaves workers that wait for ever.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
