"""Says how many threads and processes there may be, and lets none outlive its parent. Imports torch on use."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process, spawn
from multiprocessing.process import BaseProcess
from threading import Lock, Thread
from typing import Any

_PR_SET_PDEATHSIG = 1
_SHARE = "MSWAL_BENCH_CORES"


def cores() -> int:
    """The cores this process may use: on a cluster fewer than the machine has, beside others its share of them."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, int(os.environ.get(_SHARE, allowed)))


def environment_of_cores(count: int) -> dict[str, str]:
    """What lets a process that is started with it, and those that it starts, use no more than `count` cores."""
    return {_SHARE: str(count)}


def use_threads(device: str) -> None:
    """Lets torch use every core where it computes on a CPU."""
    import torch

    # OMP_NUM_THREADS holds for all that is not training: small networks crawl when every library takes every core.
    if device == "cpu":
        torch.set_num_threads(cores())


def share_cores(processes: int) -> None:
    """Called in a worker: it and those that it starts use the cores as one of so many processes, at least one core.

    Not by pinning it: another program on its cores would then hold it up while others lie idle.
    """
    os.environ.update(environment_of_cores(max(1, cores() // processes)))


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started inside never hear Ctrl-C, which reaches a whole group: their parent ends them.

    What they do themselves comes too late: they would be interrupted while they import what they need. This process
    hears of an interrupt when it is outside again.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def script_left_alone() -> Iterator[None]:
    """Processes that are started inside do not run the script again from which this one was started.

    `multiprocessing` has each new process import it, for what it defines. Ours need nothing of it; a script that calls
    us outside of `if __name__ == "__main__":` would begin anew in every one of them.
    """
    global _leaving_alone  # noqa: PLW0603
    with _LEAVING:
        if _leaving_alone == 0:
            spawn.get_preparation_data = _without_script
        _leaving_alone += 1
    try:
        yield
    finally:
        with _LEAVING:
            _leaving_alone -= 1
            if _leaving_alone == 0:
                spawn.get_preparation_data = _prepared


_LEAVING, _leaving_alone = Lock(), 0
_prepared = spawn.get_preparation_data


def _without_script(name: str) -> dict[str, Any]:
    return {key: value for key, value in _prepared(name).items() if not key.startswith("init_main_from_")}


def die_with_parent() -> None:
    """Called in a worker: ends it when its parent ends, however that is. A killed parent could not tell it.

    Linux does so by itself. Elsewhere a thread waits for the parent, in a worker that `multiprocessing` started.
    """
    parent = parent_process()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if parent is not None and os.getppid() != parent.pid:
            # It ended before it could be followed.
            os._exit(1)
    elif parent is not None:
        Thread(target=_end_after, args=(parent,), name="die-with-parent", daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
