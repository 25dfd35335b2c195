"""Asks for a listing, once more where a fault may pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mswal_bench.benchmark.core.errors import BenchError

from .fetch_file import with_way_on
from .hub import Hub
from .hub_faults import PassingError
from .release import Release

_LISTING_WAITS = 2
"""Is how many of the waits a listing is worth: without a network, the user should soon read so."""


def ask_for_release(hub: Hub, revision: str, tell: Callable[[str], None], waits_s: Sequence[float]) -> Release:
    """Returns what `revision` holds. `waits_s` are the seconds before each new try; `tell` hears of longer ones.

    Raises BenchError where the hub does not say.
    """
    for wait_s in waits_s[:_LISTING_WAITS]:
        try:
            return hub.release(revision)
        except PassingError as fault:
            if fault.wait_s:
                tell(fault.request)
            time.sleep(max(wait_s, fault.wait_s))
    try:
        return hub.release(revision)
    except PassingError as fault:
        raise BenchError(with_way_on(fault.problem)) from fault
