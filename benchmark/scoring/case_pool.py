"""Scores cases in several processes, and goes on when one of them does not come back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

from ...baselines.processes import die_with_parent
from ..errors import BenchError, Problem
from .protocol import Protocol
from .result_store import ResultStore, StoreError
from .score_files import CaseFiles, CaseOutcome, score_case_files


def score_cases(
    work: Sequence[CaseFiles], protocol: Protocol, *, details: bool, store: ResultStore | None, jobs: int
) -> Iterator[CaseOutcome]:
    """Yields the outcome of every case, in any order, as soon as it is there.

    With several jobs, a case that takes its process down with it, for lack of memory say, costs no more than itself:
    after the first, what is left is scored in one process at a time. With one job this process does it all. Raises
    StoreError, and BenchError when no process can be started.
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
        except BrokenProcessPool as error:
            if jobs == 1:
                if len(left) == len(work):
                    raise _no_process() from error
                # Alone, a process takes the cases in order: the first without an outcome is the one that ended it.
                yield _ended(left.pop(next(iter(left))))
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
    except StoreError:
        raise
    except MemoryError:
        return _failed(files, "there is not enough memory to score it", "Score with fewer --jobs.")
    except Exception as error:  # What one case does to the scorer must not cost the others.
        what = f"scoring it failed ({type(error).__name__}: {error})"
        return _failed(files, what, "This is a fault of mswal-bench: please report it.")


def _ended(files: CaseFiles) -> CaseOutcome:
    what = "its scoring process was ended from outside, most often for lack of memory"
    return _failed(files, what, "Is a file of it far larger than the others?")


def _failed(files: CaseFiles, what: str, mend: str) -> CaseOutcome:
    return CaseOutcome(files.case, problems=[Problem(f"case {files.case}: {what}", str(files.reference), mend=mend)])


def _no_process() -> BenchError:
    what = "no scoring process comes back with a score"
    mend = "In a script, call it under `if __name__ == '__main__':`. Otherwise score with --jobs 1."
    return BenchError(Problem(what, mend=mend))
