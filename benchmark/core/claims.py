"""Claims names for half-written files, so that what a killed process left is told from what a living one writes.

A claim is a file with a name like no other that its process holds locked (flock). The kernel lets go of the lock when
the process ends, however it ends. So whoever writes to the same folder next can take the lock of what was abandoned,
and removes it. The name says on which machine the process runs, for not every shared disk passes locks on: what was
begun on another machine is only removed when nobody touched it for a week.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

PARTIAL = ".partial-"
"""Begins the name of a half-written file: with a dot, so that no listing takes the file for a case."""
_CLAIM = re.compile(rf"({re.escape(PARTIAL)}([0-9a-f]{{8}})-([0-9a-f]{{8}})-[0-9a-f]{{8}})([.-].*)?", re.DOTALL)
_HELD = {errno.EAGAIN, errno.EACCES}
_WEEK_S = 7 * 24 * 3600.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# The folders that this process has looked through, by device and inode: a folder of thousands is not listed for each.
_looked_through: set[tuple[int, int]] = set()


class HeldError(OSError):
    """Is raised for a file that another process holds."""


@contextmanager
def claim(folder: Path, suffix: str = "") -> Iterator[Path]:
    """Yields an empty file in `folder`, of a new name that ends in `suffix`, and removes it at the end.

    What the file's `beside` names is the claim's too. What killed processes left in the folder is removed before.
    Raises OSError where no file can be made.
    """
    status = folder.stat()
    if (status.st_dev, status.st_ino) not in _looked_through:
        remove_abandoned(folder)
        _looked_through.add((status.st_dev, status.st_ino))
    path, handle = _new_file(folder, suffix)
    try:
        yield path
    finally:
        # The claim last: without it nobody would know what is left after a kill.
        _remove(beside(path))
        path.unlink(missing_ok=True)
        os.close(handle)


def beside(claimed: Path) -> Path:
    """Returns the name of what a process makes beside its claim, where it needs a folder or a link."""
    return claimed.with_name(f"{_parts(claimed.name)[0]}-new")


def is_claim(name: str) -> bool:
    """Returns whether a name is of a claim, or of what is beside one."""
    return _CLAIM.fullmatch(name) is not None


def outside(path: Path) -> Path:
    """Returns the folder in which the claim lies that `path` is or lies in; `path` itself, if it is of none."""
    return next((each.parent for each in (path, *path.parents) if is_claim(each.name)), path)


def remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left in `folder`. What cannot be listed or removed stays."""
    with suppress(OSError):
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PARTIAL)]
        for name in names:
            if is_claim(name) and not _parts(name)[3].startswith("-"):
                _remove_if_abandoned(folder / name)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the lock file `path`, which is made and goes at the end; one that a killed process left is taken over.

    Raises HeldError while another process holds it, and OSError where it cannot be made.
    """
    handle = _handle_of_held(path)
    try:
        yield
    finally:
        # While it is held, so that nobody's but this process's own file is removed.
        path.unlink(missing_ok=True)
        os.close(handle)


def _new_file(folder: Path, suffix: str) -> tuple[Path, int]:
    while True:
        path = folder / f"{PARTIAL}{'-'.join(_here())}-{secrets.token_hex(4)}{suffix}"
        with suppress(FileExistsError):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            # Until it is locked, another process may take it for abandoned.
            if _can_lock(handle) and _is_at(handle, path):
                return path, handle
            os.close(handle)


def _handle_of_held(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        if not _can_lock(handle):
            os.close(handle)
            raise HeldError(errno.EAGAIN, "another process holds it", str(path))
        # Another process may have let go of it, and removed it, since it was opened.
        if _is_at(handle, path):
            return handle
        os.close(handle)


def _remove_if_abandoned(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            is_ours = any(part in _here() for part in _parts(path.name)[1:3])
            is_old = time.time() - os.fstat(handle).st_mtime > _WEEK_S
            if _can_lock(handle, unsupported=is_old) and (is_ours or is_old) and _is_at(handle, path):
                _remove(beside(path))
                path.unlink()
        finally:
            os.close(handle)


def _can_lock(handle: int, *, unsupported: bool = True) -> bool:
    """Locks an open file, if no other process has; `unsupported` is given where the file system knows no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _HELD and unsupported
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _parts(name: str) -> tuple[str, str, str, str]:
    """The name without suffix, the machine's two marks in it, and the rest."""
    match = _CLAIM.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not the name of a claim")
    return match[1], match[2], match[3], match[4] or ""


@cache
def _here() -> tuple[str, str]:
    """This machine by its name, which it keeps when it starts anew, and by its start, which its containers share."""
    boot = ""
    with suppress(OSError):
        boot = _BOOT_ID.read_text()
    return _short(f"name {platform.node()}"), _short(f"start {boot or platform.node()}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
