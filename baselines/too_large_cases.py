"""Refuses to prepare cases that cannot fit into memory, before anything begins."""

from __future__ import annotations

from collections.abc import Mapping

from .method import MethodError
from .worker_memory import gb, room_for_workers

_MOST_NAMED = 3
MORE_MEMORY = (
    "Use a machine or a job with more memory, or give `--memory` (in Python `memory_gb`) where it is known to be enough"
)


def refuse_too_large(needs: Mapping[str, float], memory_bytes: int | None) -> None:
    """Raises MethodError with all cases that alone need more memory than there is room for.

    `needs` has by case the bytes of a worker that prepares it; `memory_bytes` is as of `Job`.
    """
    room = room_for_workers(memory_bytes)
    too_large = {case: need for case, need in needs.items() if need > room.bytes}
    if not too_large:
        return
    largest = sorted(too_large, key=lambda case: (-too_large[case], case))[:_MOST_NAMED]
    named = ", ".join(f"{case} about {gb(too_large[case])}" for case in largest)
    if len(too_large) > _MOST_NAMED:
        named = f"the largest are {named}"
    verb = "needs" if len(too_large) == 1 else "need"
    raise MethodError(
        f"By estimate, {len(too_large)} of {len(needs)} cases {verb} more memory to be prepared than there is "
        f"({named}): {room.reason}. {MORE_MEMORY}."
    )
