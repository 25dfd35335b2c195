"""Inspects a raw folder, several cases at a time, and finds cases with the same voxels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.findings import counts, in_order
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.raw_folder import RawCase

from .case_check import CaseResult, FileResult, failed_case, inspect_case, inspect_case_label
from .findings_catalogue import DataFinding
from .kept_results import KeptResults
from .layout import Layout, lay_out

_WRITE_EVERY_S = 10.0


@dataclass(frozen=True)
class Inspection:
    """Holds everything that was found in a raw folder."""

    layout: Layout
    results: tuple[CaseResult, ...]
    """Has the order of `layout.cases`."""

    @cached_property
    def findings(self) -> tuple[DataFinding, ...]:
        """Returns all findings, sorted by case; those about the whole data set come first."""
        of_files = [one for result in self.results for one in (*result.image.findings, *result.label.findings)]
        return in_order([*self.layout.findings, *of_files, *_duplicates(self.layout.root, self.results)])

    @property
    def files(self) -> int:
        """Counts the files that were inspected."""
        return sum(bool(result.files.image) + bool(result.files.label) for result in self.results)

    @property
    def file_bytes(self) -> int:
        """Sums the sizes of these files."""
        return sum(result.files.file_bytes for result in self.results)

    def number(self, severity: str) -> int:
        """Counts the findings of a severity: `error`, `warning` or `note`."""
        return sum(one.severity == severity for one in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Returns the counts and every finding, for programs."""
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
    """Reads every volume of a raw folder once, without holding one in memory.

    `jobs` is the number of processes, one per core by default; the findings do not depend on it. Raises BenchError only
    where there is nothing to inspect; everything else that is wrong is a finding.
    """
    return inspect_files(lay_out(root), jobs=jobs, progress=progress)


def inspect_files(
    layout: Layout,
    *,
    kept: KeptResults | None = None,
    jobs: int | None = None,
    progress: bool = False,
    label: str = "check",
) -> Inspection:
    """Inspects the cases of `layout` as `inspect_dataset` does; `label` names the progress bar.

    Files that `kept` knows are not read again, and new results are kept there, also when the call is interrupted.
    Raises OSError when `kept` cannot be written.
    """
    done: dict[RawCase, CaseResult] = {}
    left: list[_Unread] = []
    for files in layout.cases:
        image, of_label = (kept.image(files), kept.label(files)) if kept is not None else (None, None)
        if image is not None and of_label is not None:
            done[files] = CaseResult(files, image, of_label)
        else:
            left.append(_Unread(files, image))
    # In bytes, for one case can be twenty times as large as another.
    sizes = {unread.files: _bytes_to_read(unread) for unread in left}
    every, read = sum(sizes.values()), 0
    with progress_bar(label, "B", shown=progress) as report, _keeping(kept if left else None) as keep:
        for result in _results(layout, left, jobs or cores()):
            done[result.files] = result
            keep(result)
            read += sizes[result.files]
            report(read, every, f"{len(done)} of {len(layout.cases)} cases")
    return Inspection(layout, tuple(done[files] for files in layout.cases))


@dataclass(frozen=True)
class _Unread:
    """Names a case whose label map is to be read, and whose image too unless its result is known."""

    files: RawCase
    image: FileResult | None


def _bytes_to_read(unread: _Unread) -> int:
    files = unread.files if unread.image is None else replace(unread.files, image=None)
    return files.file_bytes


@contextmanager
def _keeping(kept: KeptResults | None) -> Iterator[Callable[[CaseResult], None]]:
    """Gives the function that takes a result, and writes what it took to `kept` now and then and however it ends."""
    if kept is None:
        yield lambda result: None
        return
    next_at = monotonic() + _WRITE_EVERY_S

    def keep(result: CaseResult) -> None:
        nonlocal next_at
        kept.add(result)
        if monotonic() >= next_at:
            kept.write()
            next_at = monotonic() + _WRITE_EVERY_S

    try:
        yield keep
    finally:
        kept.write()


def _results(layout: Layout, left: Sequence[_Unread], jobs: int) -> Iterator[CaseResult]:
    """In any order. With several jobs, a case that takes its process down, as one without memory, costs only itself."""
    # Sent along with every case: without the list of all of them.
    inspect = partial(_guarded, inspect_case, replace(layout, cases=(), findings=()))
    ended = partial(_ended, layout)
    return worked_on(left, inspect, lost=ended, jobs=jobs)


def _ended(layout: Layout, unread: _Unread) -> CaseResult:
    return failed_case(layout, unread.files, "its process was ended from outside, most often for lack of memory")


def _guarded(inspect: Callable[[Layout, RawCase], CaseResult], layout: Layout, unread: _Unread) -> CaseResult:
    files = unread.files
    try:
        if unread.image is not None:
            return CaseResult(files, unread.image, inspect_case_label(layout, files))
        return inspect(layout, files)
    except MemoryError:
        return failed_case(layout, files, "there is not enough memory to read it")
    except OSError as error:
        return failed_case(layout, files, f"cannot be read ({error.strerror or error})")
    except Exception as error:  # What one case does to the inspection must not cost the others.
        return failed_case(layout, files, f"a fault of mswal-bench, please report it: {type(error).__name__}: {error}")


def _duplicates(root: Path, results: Iterable[CaseResult]) -> list[DataFinding]:
    """Returns a finding for every image and label map with the voxels of an earlier case; training cases come first."""
    ordered = sorted(results, key=lambda result: (result.files.subset, result.files.case))
    return [*_alike(root, ordered, "image"), *_alike(root, ordered, "label")]


def _alike(root: Path, results: Iterable[CaseResult], part: Literal["image", "label"]) -> Iterable[DataFinding]:
    groups: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        digest = getattr(result, part).digest
        if digest is not None:
            groups[digest].append(result)
    for first, *others in groups.values():
        for other in others:
            leaks = part == "image" and first.files.subset != other.files.subset
            code = "test-in-training" if leaks else f"duplicate-{part}"
            files = [getattr(result.files, part).relative_to(root).as_posix() for result in (first, other)]
            yield DataFinding(
                code,
                case=other.files.case,
                file=files[1],
                found=f"the voxels of {files[0]}",
                expected="voxels of its own",
            )
