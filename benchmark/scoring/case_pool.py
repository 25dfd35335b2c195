"""Scores cases in several processes, and goes on when one of them does not come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.protocol import Protocol

from .case_store import ResultStore, StoreError
from .score_files import CaseOutcome, CaseToScore, score_case_files


def score_cases(
    work: Sequence[CaseToScore], protocol: Protocol, *, details: bool, store: ResultStore | None, jobs: int
) -> Iterator[CaseOutcome]:
    """Yields the outcome of every case, in any order, as soon as it is there.

    A case that takes its process down with it costs no more than itself. Raises StoreError, and BenchError when no
    process can be started.
    """
    score = partial(_score, partial(score_case_files, protocol=protocol, details=details, store=store))
    return worked_on(work, score, lost=_ended, jobs=jobs)


def _score(score: Callable[[CaseToScore], CaseOutcome], files: CaseToScore) -> CaseOutcome:
    try:
        return score(files)
    except StoreError:
        raise
    except MemoryError:
        return _failed(files, "there is not enough memory to score it", "Score with fewer --jobs.")
    except Exception as error:  # What one case does to the scorer must not cost the others.
        what = f"scoring it failed ({type(error).__name__}: {error})"
        return _failed(files, what, "This is a fault of mswal-bench: please report it.")


def _ended(files: CaseToScore) -> CaseOutcome:
    what = "its scoring process was ended from outside, most often for lack of memory"
    return _failed(files, what, "Is a file of it far larger than the others?")


def _failed(files: CaseToScore, what: str, mend: str) -> CaseOutcome:
    return CaseOutcome(files.case, problems=[Problem(f"case {files.case}: {what}", str(files.reference), mend=mend)])
