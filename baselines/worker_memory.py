"""Measures the memory that is free for worker processes, and how many fit into it. Imports psutil on use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .processes import cores

GB = 1_000_000_000
MEMORY_VARIABLE = "MSWAL_BENCH_MEMORY"
"""In the environment: the gigabytes that a command and its processes may take, as by its option --memory."""

_CONTROLLED = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
# Of version 2 and of version 1: the limit, what is held, and the part of it that the system gives back when asked.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


@dataclass(frozen=True)
class Room:
    """What processes that are to be started may take, all of them together."""

    bytes: int
    reason: str
    """Of a sentence, what makes it so much: `3.9 GB are free`."""


def room_for_workers(memory_bytes: int | None = None) -> Room:
    """What is free, of the machine or in the tightest control group, of a container or a cluster's job.

    Where `memory_bytes` are given for this process and those it starts, it is those less what this process holds.
    """
    if memory_bytes is not None:
        held = held_memory()
        left = max(0, memory_bytes - held)
        return Room(left, f"of the {gb(memory_bytes)} that were given this process holds {gb(held)}")
    free = free_memory()
    if any(allowed <= free for allowed in allowed_memory()):
        return Room(free, f"{gb(free)} are left by the control group of this container or job")
    return Room(free, f"{gb(free)} are free")


def workers_for(bytes_each: float, most: int | None = None, memory_bytes: int | None = None) -> int:
    """How many worker processes there may be of which each needs so much: one a core and no more than there is room
    for, `most` at most, never fewer than one. `memory_bytes` is as of `room_for_workers`.
    """
    at_most = cores() if most is None else min(most, cores())
    return max(1, min(at_most, int(room_for_workers(memory_bytes).bytes // bytes_each)))


def gb(amount: float) -> str:
    """Of bytes, as text: `3.9 GB`; below a tenth `0.04 GB`."""
    return f"{amount / GB:.1f} GB" if amount >= GB / 10 or amount == 0 else f"{amount / GB:.1g} GB"


def free_memory() -> int:
    """The bytes that this process and its children may still take: what the machine has left, less where a control
    group, of a container or a cluster's job, allows less.
    """
    import psutil

    return min((int(psutil.virtual_memory().available), *allowed_memory()))


def held_memory() -> int:
    """The bytes that this process holds."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def allowed_memory(controlled: Path = _CONTROLLED, own: Path = _OWN) -> Iterator[int]:
    """What each control group that this process is in, and each above them, has left, in bytes; nothing where none has
    a limit. `controlled` is where the system mounts them, `own` lists those of this process.
    """
    for group in _groups(controlled, own):
        for limit_file, used_file, cache_name in _FILES:
            limit, used = _number(group / limit_file), _number(group / used_file)
            if limit is not None and used is not None:
                yield max(0, limit - used + _cache(group / "memory.stat", cache_name))


def _groups(controlled: Path, own: Path) -> Iterator[Path]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    seen = set()
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = controlled / "memory" if controllers else controlled
        group = root / path.lstrip("/")
        # A container sees its own group at the root, under whichever name it has outside.
        for one in (group, *(parent for parent in group.parents if parent.is_relative_to(root))):
            if one not in seen:
                seen.add(one)
                yield one


def _number(file: Path) -> int | None:
    """None where there is no such file, and for `max`."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _cache(file: Path, name: str) -> int:
    """Files that are kept in memory count as used, and make room when it is asked for."""
    try:
        counts = dict(line.split() for line in file.read_text().splitlines())
        return int(counts[name])
    except (OSError, ValueError, KeyError):
        return 0
