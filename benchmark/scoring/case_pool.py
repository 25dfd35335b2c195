"""Scores cases in several processes, and goes on when one of them does not come back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

from ...baselines.processes import die_with_parent
from ..errors import Problem
from .protocol import Protocol
from .result_store import ResultStore
from .score_files import CaseFiles, CaseOutcome, score_case_files


def score_cases(
    work: Sequence[CaseFiles], protocol: Protocol, *, details: bool, store: ResultStore | None, jobs: int
) -> Iterator[CaseOutcome]:
    """Yields the outcome of every case, in any order, as soon as it is there.

    A case that takes its process down with it, for lack of memory say, is an outcome with a problem. Raises OSError
    when the store cannot be written.
    """
    score = partial(_score, partial(score_case_files, protocol=protocol, details=details, store=store))
    if min(jobs, len(work)) == 1:
        yield from map(score, work)
        return
    left = {files.case: files for files in work}
    while left:
        # spawn: a fork of a process that has threads, as one that trained with torch has, can hang.
        pool = ProcessPoolExecutor(min(jobs, len(left)), mp_context=get_context("spawn"), initializer=_start_worker)
        try:
            for future in as_completed([pool.submit(score, files) for files in left.values()]):
                outcome = future.result()
                del left[outcome.case]
                yield outcome
        except BrokenProcessPool:
            if jobs == 1:
                # Alone, a process takes the cases in order: the first without an outcome is the one that ended it.
                culprit = next(iter(left))
                del left[culprit]
                yield _gone(culprit, "its scoring process was ended from outside, most often for lack of memory")
            # All that was being scored is lost, also what did no harm: one process at a time tells them apart, and
            # has all the memory for itself.
            jobs = 1
        finally:
            pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    die_with_parent()
    # Ctrl-C reaches the whole group of processes; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _score(score: Callable[[CaseFiles], CaseOutcome], files: CaseFiles) -> CaseOutcome:
    try:
        return score(files)
    except MemoryError:
        return _gone(files.case, "there is not enough memory to score it")


def _gone(case: str, what: str) -> CaseOutcome:
    return CaseOutcome(case, problems=[Problem(what, case, mend="Is a label map far larger than the others?")])
