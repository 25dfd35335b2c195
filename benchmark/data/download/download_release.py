"""Brings a release into a folder: fetches what is missing or wrong, and leaves alone what is there and right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from mswal_bench.benchmark.core.claims import PARTIAL
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.core.progress import counting_bytes, say_above_bar, say_nothing

from .ask_for_release import ask_for_release
from .disk_room import require_room
from .fetch_file import WAITS_S, Fetcher
from .hub import Hub
from .hub_faults import FileError
from .release import RECORD, REVISION, Release, ReleaseFile, read_release, write_release

CONNECTIONS = 4
"""Files at a time: enough to fill a line, few enough not to be a burden to the hub."""

_LOCK = ".download.lock"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Download:
    """Describes a folder that holds what was asked for, every file with the listed digest."""

    release: Release
    files: tuple[ReleaseFile, ...]
    fetched: tuple[ReleaseFile, ...]
    """Are the files that this call brought."""
    replaced: tuple[str, ...]
    """Are the paths of those among them that replaced something else."""


def download_release(
    folder: Path,
    hub: Hub,
    *,
    revision: str = REVISION,
    labels_only: bool = False,
    progress: bool = True,
    waits_s: Sequence[float] = WAITS_S,
) -> Download:
    """Brings the files of `revision` into `folder`, which is new or that of an earlier call.

    With `labels_only`, images are left out. `waits_s` are the seconds to wait before each new try. Raises BenchError
    when the folder holds something else or another revision, when the disk is too small, when the hub cannot be asked,
    and, once all others are there, for every file that is missing or not as listed.
    """
    tell = say_above_bar if progress else say_nothing
    release = _release(folder, hub, revision, tell, waits_s)
    files = tuple(file for file in release.files if not (labels_only and file.is_image))
    if not files:
        raise BenchError(Problem("the revision holds nothing but images", hub.page))
    require_room(folder, files, "Make room, or give a folder on a larger disk.")
    with _own(folder, release):
        return _complete(folder, hub, release, files, progress, tell, waits_s)


def _release(folder: Path, hub: Hub, revision: str, tell: Callable[[str], None], waits_s: Sequence[float]) -> Release:
    """From the folder's record where that answers: a commit's files never change, so the hub need not be asked."""
    _refuse_foreign(folder)
    known = read_release(folder)
    if known is not None and known.repository == hub.repository and known.is_named_by(revision):
        return known
    release = ask_for_release(hub, revision, tell, waits_s)
    if known is not None and (known.repository, known.commit) != (release.repository, release.commit):
        raise BenchError(
            Problem(
                "the folder holds another revision",
                str(folder),
                expected=f"{release.repository} {release.commit}",
                found=f"{known.repository} {known.commit}",
                mend="Give another folder, or the revision that is in this one.",
            )
        )
    return release


def _refuse_foreign(folder: Path) -> None:
    try:
        if folder.exists() and not folder.is_dir():
            raise BenchError(Problem("this is a file, not a folder", str(folder), mend="Give a folder."))
        if not folder.is_dir() or (folder / RECORD).exists():
            return
        entries = list(folder.iterdir())
    except OSError as error:
        raise _unusable(folder, error) from error
    for entry in entries:
        if entry.name != _LOCK and not entry.name.startswith(PARTIAL) and not is_litter(entry.name):
            raise BenchError(
                Problem(
                    "the folder is not empty and is not that of a download",
                    str(folder),
                    found=entry.name,
                    mend="Give an empty or a new folder.",
                )
            )


@contextmanager
def _own(folder: Path, release: Release) -> Iterator[None]:
    """Makes the folder a download's, this call's alone while the context lasts."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, blocking=False):
            if not (folder / RECORD).exists():
                write_release(folder, release)
            yield
    except Timeout as error:
        raise BenchError(
            Problem("another call is downloading into this folder", str(folder), mend="Wait until it has ended.")
        ) from error
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> BenchError:
    return BenchError(Problem(f"the folder cannot be used ({error.strerror})", str(error.filename or folder)))


def _complete(
    folder: Path,
    hub: Hub,
    release: Release,
    files: Sequence[ReleaseFile],
    progress: bool,
    tell: Callable[[str], None],
    waits_s: Sequence[float],
) -> Download:
    stop = threading.Event()
    there = [file for file in files if file.at(folder).is_file() and file.at(folder).stat().st_size == file.size]
    with counting_bytes("check what is there", sum(file.size for file in there), 0, progress and bool(there)) as count:
        fetcher = Fetcher(hub, release, folder, count, stop, tell, waits_s)
        right = {
            file for file, is_right in zip(there, _in_threads(fetcher.is_right, there, stop), strict=True) if is_right
        }
    wanted = [file for file in files if file not in right]
    replaced = tuple(file.path for file in wanted if file.at(folder).exists())

    problems: list[Problem] = []
    begun = sum(file.part_at(folder).stat().st_size for file in wanted if file.part_at(folder).is_file())
    with counting_bytes("download", sum(file.size for file in wanted), begun, progress and bool(wanted)) as count:
        fetcher = Fetcher(hub, release, folder, count, stop, tell, waits_s)

        def fetch(file: ReleaseFile) -> None:
            try:
                fetcher.fetch(file)
            except FileError as fault:
                problems.append(fault.problem)

        try:
            _in_threads(fetch, wanted, stop)
        except BenchError as error:
            raise BenchError(*problems, *error.problems) from error
    raise_if_any(sorted(problems, key=lambda problem: problem.where))
    return Download(release, tuple(files), tuple(wanted), replaced)


def _in_threads(work: Callable[[ReleaseFile], _T], files: Sequence[ReleaseFile], stop: threading.Event) -> list[_T]:
    """The outcomes, in order. What the first thread raises, or Ctrl-C, stops the others and is raised."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        futures = [pool.submit(work, file) for file in files]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]
