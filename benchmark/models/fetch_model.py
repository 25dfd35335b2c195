"""Brings a model bundle from a hub: the one `.mswal` file of a revision, checked by size and digest, into a cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from huggingface_hub.errors import OfflineModeIsEnabled

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.progress import counting_bytes
from mswal_bench.benchmark.data.download.ask_for_release import ask_for_release
from mswal_bench.benchmark.data.download.disk_room import in_bytes, require_room
from mswal_bench.benchmark.data.download.fetch_file import WAITS_S, Fetcher
from mswal_bench.benchmark.data.download.hub import Hub
from mswal_bench.benchmark.data.download.hub_faults import FileError, PassingError
from mswal_bench.benchmark.data.download.hub_repository import RepositoryKind
from mswal_bench.benchmark.data.download.release import write_release

from .hub_address import HubAddress
from .model_cache import Fetched, bundle_of, commit_folder, commits_in_cache, in_cache, model_cache, note_checked

_LOCK = ".download.lock"
_OTHER_PLACE = "Make room, or name another place in HF_HOME."


def fetch_model(
    address: HubAddress,
    *,
    cache: Path | None = None,
    endpoint: str | None = None,
    announce: Callable[[str], None] = lambda _: None,
    progress: bool = True,
    waits_s: Sequence[float] = WAITS_S,
) -> Fetched:
    """Brings the bundle that `address` names into the cache, and returns where it lies and what it is.

    Of a full commit that is in the cache already, the hub is not asked. Else it is asked which commit is meant, and
    the answer is announced. Called again after a break, the download goes on from the byte where it stopped; a second
    process waits for the first. `waits_s` are the seconds before each new try. Raises BenchError where the revision has
    no bundle or several, where the bundle is larger than MOST_BYTES, and for all that goes wrong with hub and disk.
    """
    cache = cache or model_cache()
    known = None if address.commit is None else in_cache(commit_folder(cache, address, address.commit), address)
    if known is not None:
        return known
    hub = Hub(endpoint, address.repository, RepositoryKind.MODEL)
    try:
        release = ask_for_release(hub, address.revision or "main", announce, waits_s)
    except BenchError as error:
        raise BenchError(*error.problems, *_without_hub(error, cache, address)) from error
    pinned = address.at(release.commit)
    bundle = bundle_of(release, hub.place.page_at(release.commit))
    if address.commit is None:
        announce(f"{address} is {pinned} now")
    place = commit_folder(cache, address, release.commit)
    if (there := in_cache(place, pinned)) is not None:
        return there
    with _own(place, announce):
        # Another process may have brought it meanwhile.
        if (there := in_cache(place, pinned)) is not None:
            return there
        require_room(place, [bundle], _OTHER_PLACE)
        write_release(place, release)
        announce(f"downloading {bundle.path}, {in_bytes(bundle.size)}, from {hub.place.page_at(release.commit)}")
        part = bundle.part_at(place)
        begun = part.stat().st_size if part.is_file() else 0
        try:
            with counting_bytes("download", bundle.size, begun, progress) as count:
                Fetcher(hub, release, place, count, threading.Event(), announce, waits_s).fetch(bundle)
        except FileError as fault:
            raise BenchError(fault.problem) from fault
        return note_checked(place, bundle, pinned)


def _without_hub(error: BenchError, cache: Path, address: HubAddress) -> list[Problem]:
    """What the cache has in place of what a hub that cannot be asked would give."""
    there = [str(address.at(commit)) for commit in commits_in_cache(cache, address)]
    if not there or address.commit is not None or not isinstance(error.__cause__, PassingError | OfflineModeIsEnabled):
        return []
    return [Problem("is in the cache", listed(there), mend="Name the whole commit to use it without the hub.")]


@contextmanager
def _own(place: Path, announce: Callable[[str], None]) -> Iterator[None]:
    """Makes the commit's folder this process's alone, after another that is at work on it."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            announce(f"another process downloads into {place}: waiting until it has ended")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
    except OSError as error:
        what = f"the cache cannot be used ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or place), mend=_OTHER_PLACE)) from error
