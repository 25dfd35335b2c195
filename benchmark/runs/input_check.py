"""Reads what a run will use whole, once, before the run begins: afterwards it would come too late to save any time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.check.check_dataset import inspect_files
from mswal_bench.benchmark.data.check.findings_catalogue import DataFinding
from mswal_bench.benchmark.data.check.kept_results import KeptResults
from mswal_bench.benchmark.data.check.layout import Layout, lay_out
from mswal_bench.benchmark.data.raw_folder import TEST, TRAINING, RawCase
from mswal_bench.benchmark.volumes.stored_volume import Fault

from .run_folder import CHECKED_FILE, RunFolder

# Read sooner than processes start.
_WORTH_PROCESSES_BYTES = 20_000_000


@dataclass(frozen=True)
class _Faults:
    """Of an inspection, what ends a run, and how much there is beside it to look at."""

    fatal: tuple[DataFinding, ...]
    warnings: int


def check_input(
    raw: Path, work: Path, *, parts: Collection[str], announce: Callable[[str], None] = lambda sentence: None
) -> None:
    """Reads every image and label of the `parts` of the data set in `raw` to its end.

    What is found sound is kept in the folder `work` and read again only when it changes; processes that share the
    folder wait for one another, so that it is read once. `announce` is told what is read, and of warnings. Raises
    BenchError with everything for which the data cannot be trained on, predicted or scored, all at once.
    """
    whole = lay_out(raw)
    layout = replace(whole, cases=tuple(files for files in whole.cases if files.subset in parts))
    try:
        work.mkdir(parents=True, exist_ok=True)
        with RunFolder(work).in_turn("the check"):
            kept = KeptResults(work / CHECKED_FILE, layout)
            left = [files for files in layout.cases if kept.image(files) is None or kept.label(files) is None]
            if left:
                announce(_what_is_read(layout, left))
            jobs = 1 if sum(files.file_bytes for files in left) < _WORTH_PROCESSES_BYTES else None
            inspection = inspect_files(layout, kept=kept, jobs=jobs, progress=True, label="0/3 check")
    except OSError as error:
        what = f"the work folder cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or work))) from error
    faults = _faults(inspection.findings)
    if faults.fatal:
        raise BenchError(*_problems(raw, faults))
    if faults.warnings:
        announce(f"{_counted(faults.warnings, 'warning')} on {raw}: `mswal-bench data check {raw}` lists them")


def _what_is_read(layout: Layout, left: Collection[RawCase]) -> str:
    train, test = (sum(files.subset == part for files in layout.cases) for part in (TRAINING, TEST))
    cases = f"{train} + {test} cases" if test else _counted(train, "case")
    begun = f", {len(left)} of them not read before or changed" if len(left) < train + test else ""
    return f"checking {cases}{begun} ..."


def _faults(findings: Iterable[DataFinding]) -> _Faults:
    errors = [one for one in findings if one.severity == "error" and not _can_be_scored(one)]
    return _Faults(tuple(errors), sum(one.severity == "warning" or _can_be_scored(one) for one in findings))


def _can_be_scored(finding: DataFinding) -> bool:
    """A test label is only scored against, and scoring turns it onto its image's axes."""
    return finding.code == "axes-differ" and finding.file.startswith(f"labels{TEST}/")


def _problems(raw: Path, faults: _Faults) -> list[Problem]:
    """One a finding; what to do about a kind is said once."""
    problems, told = [], set[str]()
    for one in faults.fatal:
        mend = "" if one.code in told else one.kind.mend
        told.add(one.code)
        # What a reader refused a file for is a sentence of its own.
        what, found = (one.found, "") if one.code in get_args(Fault) else (one.kind.what, one.found)
        problems.append(Problem(what, str(raw / one.file), one.expected, found, mend))
    lists = f"`mswal-bench data check {raw}` lists them"
    if faults.warnings:
        lists += f" and {_counted(faults.warnings, 'warning')}"
    repairable = sum(one.repairable for one in faults.fatal)
    if repairable:
        lists += f", with --fix it mends {repairable}"
    what = f"nothing was begun, for the data set has {_counted(len(faults.fatal), 'error')}"
    return [*problems, Problem(what, str(raw), mend=f"{lists}. With --no-check the run begins all the same.")]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
