"""Measures the memory that is free for worker processes, and how many fit into it. Imports psutil on use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .processes import cores

_CONTROLLED = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
# Of version 2 and of version 1: the limit, what is held, and the part of it that the system gives back when asked.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def workers_for(bytes_each: float, most: int | None = None) -> int:
    """How many worker processes there may be of which each needs so much: one a core and no more than memory is free
    for, `most` at most, never fewer than one.
    """
    at_most = cores() if most is None else min(most, cores())
    return max(1, min(at_most, int(free_memory() // bytes_each)))


def free_memory() -> int:
    """The bytes that this process and its children may still take: what the machine has left, less where a control
    group, of a container or a cluster's job, allows less.
    """
    import psutil

    return min((int(psutil.virtual_memory().available), *allowed_memory()))


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
