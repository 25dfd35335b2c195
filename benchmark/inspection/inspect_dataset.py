"""Inspects a raw folder, several cases at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ...baselines.processes import cores
from ..progress import progress_bar
from ..worker_pool import worked_on
from .case_check import CaseResult, failed_case, inspect_case
from .duplicates import duplicates
from .findings import Finding, counts, in_order
from .layout import CaseFiles, Layout, file_bytes, lay_out


@dataclass(frozen=True)
class Inspection:
    """A raw folder and everything that was found in it."""

    layout: Layout
    results: tuple[CaseResult, ...]
    """In the order of `layout.cases`."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Sorted by case; what is about the whole data set first."""
        of_files = [one for result in self.results for one in (*result.image.findings, *result.label.findings)]
        return in_order([*self.layout.findings, *of_files, *duplicates(self.layout.root, self.results)])

    @property
    def files(self) -> int:
        return sum(bool(result.files.image) + bool(result.files.label) for result in self.results)

    @property
    def file_bytes(self) -> int:
        return sum(file_bytes(result.files) for result in self.results)

    def number(self, severity: str) -> int:
        """How many errors, or how many warnings."""
        return sum(one.severity == severity for one in self.findings)

    def to_json(self) -> dict[str, Any]:
        return {
            "root": str(self.layout.root),
            "cases": len(self.results),
            "files": self.files,
            "bytes": self.file_bytes,
            "errors": self.number("error"),
            "warnings": self.number("warning"),
            "counts": {kind.code: count for kind, count in counts(self.findings).items()},
            "findings": [one.to_json() for one in self.findings],
        }


def inspect_dataset(root: Path, *, jobs: int | None = None, progress: bool = False) -> Inspection:
    """Reads every volume of a raw folder once, without holding one.

    `jobs` is the number of processes, by default one a core; what is found does not depend on it. Raises BenchError
    only where there is nothing to inspect; all else that is wrong is a finding.
    """
    layout = lay_out(root)
    done: dict[CaseFiles, CaseResult] = {}
    # In bytes, for one case can be twenty times as large as another.
    every, read = sum(map(file_bytes, layout.cases)), 0
    with progress_bar("check", "B", shown=progress) as report:
        for result in _results(layout, jobs or cores()):
            done[result.files] = result
            read += file_bytes(result.files)
            report(read, every, f"{len(done)} of {len(layout.cases)} cases")
    return Inspection(layout, tuple(done[files] for files in layout.cases))


def _results(layout: Layout, jobs: int) -> Iterator[CaseResult]:
    """In any order. With several jobs, a case that takes its process down, as one without memory, costs only itself."""
    # Sent along with every case: without the list of all of them.
    inspect = partial(_guarded, inspect_case, replace(layout, cases=(), findings=()))
    ended = partial(_ended, layout)
    return worked_on(layout.cases, inspect, lost=ended, jobs=jobs)


def _ended(layout: Layout, files: CaseFiles) -> CaseResult:
    return failed_case(layout, files, "its process was ended from outside, most often for lack of memory")


def _guarded(inspect: Callable[[Layout, CaseFiles], CaseResult], layout: Layout, files: CaseFiles) -> CaseResult:
    try:
        return inspect(layout, files)
    except MemoryError:
        return failed_case(layout, files, "there is not enough memory to read it")
    except OSError as error:
        return failed_case(layout, files, f"cannot be read ({error.strerror or error})")
    except Exception as error:  # What one case does to the inspection must not cost the others.
        return failed_case(layout, files, f"a fault of mswal-bench, please report it: {type(error).__name__}: {error}")
