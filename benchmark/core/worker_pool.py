"""Works on many cases in several processes; a case that takes its process down costs only itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import TypeVar

from mswal_bench.baselines.processes import deaf_to_interrupts, die_with_parent
from mswal_bench.benchmark.tables.terminal_letters import print_on_any_terminal

from .errors import BenchError, Problem

Work = TypeVar("Work")
Result = TypeVar("Result")


def worked_on(
    work: Sequence[Work], do: Callable[[Work], Result], *, lost: Callable[[Work], Result], jobs: int
) -> Iterator[Result]:
    """Yields `do(item)` for every item of `work`, in any order, as soon as it is done.

    `jobs` is the number of processes; with one job, this process does all items in order. With several, `do` must not
    raise for the fault of a single item. An item that takes its process down, for lack of memory for example, yields
    `lost(item)`; after the first such item, the others are done by one process at a time. Raises BenchError when a new
    process cannot even start.
    """
    if min(jobs, len(work)) <= 1:
        yield from map(do, work)
        return
    left = dict(enumerate(work))
    try:
        with _processes(min(jobs, len(work))) as pool:
            with deaf_to_interrupts():
                numbers = {pool.submit(do, item): number for number, item in left.items()}
            for future in as_completed(numbers):
                result = future.result()
                del left[numbers[future]]
                yield result
    except BrokenProcessPool:
        # Harmless items that were being done are lost too. One process at a time tells which item is at fault, and
        # has all the memory for itself.
        yield from _one_by_one(list(left.values()), do, lost)


def _one_by_one(left: list[Work], do: Callable[[Work], Result], lost: Callable[[Work], Result]) -> Iterator[Result]:
    while left:
        with _processes(1) as pool:
            try:
                with deaf_to_interrupts():
                    nothing = pool.submit(_nothing)
                nothing.result()
            except BrokenProcessPool as error:
                raise _no_process() from error
            try:
                while left:
                    result = pool.submit(do, left[0]).result()
                    del left[0]
                    yield result
            except BrokenProcessPool:
                yield lost(left.pop(0))


@contextmanager
def _processes(count: int) -> Iterator[ProcessPoolExecutor]:
    # spawn: a fork copies the locks that threads of this process may hold, and can hang.
    others = set(active_children())
    try:
        pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_start_worker)
    except OSError as error:
        # Python keeps what processes wait for each other by in shared memory.
        what = f"worker processes cannot be started ({error.strerror or error})"
        mend = "Make room in /dev/shm, or use one job (--jobs 1)."
        raise BenchError(Problem(what, mend=mend)) from error
    try:
        yield pool
    except BaseException:
        # After Ctrl-C or an error nobody needs the results, and one case can take a minute.
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _nothing() -> None:
    """Does nothing, which any process can that starts at all."""


def _start_worker() -> None:
    die_with_parent()
    print_on_any_terminal()
    # Ctrl-C reaches all processes of the group; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _no_process() -> BenchError:
    what = "worker processes end before they do anything"
    mend = "In a script, call this under `if __name__ == '__main__':`. Otherwise use one job (--jobs 1)."
    return BenchError(Problem(what, mend=mend))
