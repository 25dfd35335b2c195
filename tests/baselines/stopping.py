"""Asks this process to stop, and takes it back, so that no other test is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mswal_bench.baselines import stop_request


@contextmanager
def not_asked_to_stop() -> Iterator[None]:
    """While inside, this process can be asked to stop; it was not before, and is not afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stop_request, "_asked", False)
        yield
