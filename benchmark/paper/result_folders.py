"""Finds the results below a folder: folders of evaluated submissions, finished runs, transfer experiments."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.records.record_store import RECORDS
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE, finished_goals
from mswal_bench.benchmark.runs.run_folder import STATE_FILE

_TRANSFERS = "transfer-fold-*.json"


@dataclass(frozen=True)
class FoundResults:
    """Lists the results that were found, sorted by path."""

    results: tuple[Path, ...]
    """Are the folders that `mswal-bench evaluate` writes to: `RESULTS` in `RESULTS/records/TRACK/ID/record.json`."""
    runs: tuple[Path, ...]
    """Are the records of finished runs, without the two runs of a finished transfer experiment."""
    transfers: tuple[Path, ...]
    """Are the records of finished transfer experiments."""


def find_results(folder: Path) -> FoundResults:
    """Looks into `folder` and every folder below it except litter; links are not followed.

    Raises BenchError when there is no such folder, and with every folder that cannot be read.
    """
    if not folder.is_dir():
        raise BenchError(Problem("there is no such folder", str(folder)))
    results: list[Path] = []
    runs: list[Path] = []
    transfers: list[Path] = []
    problems: list[Problem] = []

    def unreadable(error: OSError) -> None:
        problems.append(Problem(f"cannot be read ({error.strerror})", str(error.filename)))

    for name, subfolders, files in os.walk(folder, onerror=unreadable):
        place = Path(name)
        subfolders[:] = sorted(each for each in subfolders if not is_litter(each))
        if STATE_FILE in files:
            subfolders.clear()
            runs += finished_goals(place)
            continue
        if RECORDS in subfolders and any(place.glob(f"{RECORDS}/*/*/{RECORD_FILE}")):
            subfolders.remove(RECORDS)
            results.append(place)
        transfers += sorted(place.glob(_TRANSFERS))
    raise_if_any(problems)
    experiments = {path.parent for path in transfers}
    # A run's record is in RUN/GOAL, and the folders of an experiment's two runs are in its folder.
    runs = [path for path in runs if path.parents[2] not in experiments]
    return FoundResults(tuple(results), tuple(runs), tuple(transfers))
