"""Keeps the memory that a training on a CPU frees."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# glibc's numbers for what is set, and the most that it takes everywhere: blocks as large as this always go back.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_BLOCK = 32 * 2**20
_NEVER = -1


@contextmanager
def memory_kept(device: str) -> Iterator[None]:
    """What this process frees inside, it keeps until the end, where `device` is `cpu` and the C library glibc.

    An iteration frees what the next one takes again. Given back to the system in between, every page of it would be
    cleared anew. Processes that are forked inside keep theirs as well.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" and device == "cpu" else None
    if libc is None or not hasattr(libc, "malloc_trim"):
        yield
        return
    libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK)
    libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _LARGEST_BLOCK)
        libc.malloc_trim(0)
