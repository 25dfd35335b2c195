"""Turns what a method raises into the error that a user sees."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.baselines.failures import LOG_FILE, as_method_error
from mswal_bench.baselines.method import FailedCasesError
from mswal_bench.benchmark.core.errors import BenchError, Problem


def error_of_method(error: Exception, work: Path, written: Path | None = None) -> BenchError | None:
    """The BenchError for what went wrong in a run's folder `work`; None for an error of the program, which gets a note.

    Cases that could not be predicted have a problem each, and one that says what to do. `written` is the folder that
    was written to, where that is another: not every library says that its disk was full.
    """
    known = as_method_error(error, written or work)
    if isinstance(known, FailedCasesError):
        problems = [Problem(sentence.removesuffix("."), case) for case, sentence in known.cases.items()]
        what = f"{len(problems)} of the cases could not be predicted; all others are"
        mend = "Mend what is said of them, then run the same command again."
        return BenchError(*problems, Problem(what, str(written or work), mend=mend))
    if known is not None:
        return BenchError(Problem(str(known).removesuffix("."), str(work)))
    error.add_note(f"What the method printed before is in the {LOG_FILE} below {work}.")
    return None
