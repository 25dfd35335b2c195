"""Finds the reference labels that a submission is scored against, and the split that they are of."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.volumes.file_names import case_id
from mswal_bench.splits import SPLIT_FILE, SplitError, read_split


def reference_files(folder: Path, cases: Collection[str]) -> dict[str, Path]:
    """Returns case id -> label map, sorted, for `cases` alone. Raises BenchError where a case has none."""
    if not folder.is_dir():
        raise BenchError(Problem("there is no such folder of reference labels", str(folder)))
    wanted = set(cases)
    found = {case: path for path in visible(folder) if (case := case_id(path.name)) in wanted and case is not None}
    absent = sorted(wanted - found.keys())
    if absent:
        raise BenchError(Problem(f"no label map of {len(absent)} cases: {listed(absent)}", str(folder)))
    return dict(sorted(found.items()))


def split_digest(folder: Path) -> str | None:
    """Returns the digest of the `split.json` beside the labels, or None. Raises BenchError for a damaged one."""
    path = folder.resolve().parent / SPLIT_FILE
    if not path.is_file():
        return None
    try:
        return read_split(path).digest
    except SplitError as error:
        raise BenchError(Problem(str(error), mend="Prepare the data set again.")) from error
