"""Bounds how much work is done by counting calls, which are as many on a slow or busy machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def at_most_calls(most: int) -> Iterator[None]:
    """Counts the calls of Python functions and of C's that this thread makes while inside; more fail the test.

    What a single call of C does is not seen: that takes bytes read or allocated.
    """
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        yield
    finally:
        sys.setprofile(before)
    assert count <= most, f"{count:,} calls instead of at most {most:,}"
