"""Finds the records of a results folder and reads them.

    RESULTS/records/TRACK/ID/record.json, cases.csv, lesions.csv

Of a hidden track the results folder has `record.json` alone; the same three files, with the record as it was before it
was published, lie in the organiser's PRIVATE/TRACK/ID.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE

from .result_record import ResultRecord

RECORDS: Final = "records"
"""The folder in a results folder that they lie in."""


@dataclass(frozen=True)
class StoredRecord:
    """A record and the folder that it lies in."""

    folder: Path
    record: ResultRecord


def read_records(results: Path) -> list[ResultRecord]:
    """Reads the records that count, by track and age: all but those claimed that the organiser has verified.

    A folder without records gives an empty list. Raises BenchError with a problem for every record that is damaged,
    lies in the wrong place or is of another version of this program, and where there is no such folder.
    """
    records = [stored.record for stored in stored_records(results)]
    verified = {_evaluated(record) for record in records if record.status == "verified"}
    return [record for record in records if record.status == "verified" or _evaluated(record) not in verified]


def stored_records(results: Path) -> list[StoredRecord]:
    """Reads every record of `results`, with its folder, by track and age. Raises BenchError as `read_records` does."""
    stored, problems = scan_records(results)
    raise_if_any(problems)
    return stored


def scan_records(results: Path) -> tuple[list[StoredRecord], list[Problem]]:
    """As `stored_records`, with the problems of those that cannot be read beside those that can."""
    if not results.is_dir():
        return [], [Problem("there is no such results folder", str(results))]
    stored: list[StoredRecord] = []
    problems: list[Problem] = []
    for track in _visible_folders(results / RECORDS, problems):
        for folder in _visible_folders(track, problems):
            try:
                stored.append(StoredRecord(folder, read_record(folder)))
            except BenchError as error:
                problems += error.problems
    return sorted(stored, key=_track_and_age), problems


def record_folder(results: Path, track: str, record_id: str) -> Path:
    """Returns the folder in which the record of that id lies, or would lie."""
    return results / RECORDS / track / record_id


def private_folder(private: Path, track: str, record_id: str) -> Path:
    """Returns the folder in which the rows of a hidden track's record lie, or would lie."""
    return private / track / record_id


def read_record(folder: Path) -> ResultRecord:
    """Reads the record in `folder`, named TRACK/ID after it. Raises BenchError where it is none."""
    path = folder / RECORD_FILE
    try:
        record = ResultRecord.model_validate_json(read_bytes(path))
    except OSError as error:
        raise BenchError(Problem(f"the record cannot be read ({error.strerror or error})", str(path))) from error
    except ValidationError as error:
        what = "is not a record of this version of mswal-bench, or was changed"
        raise BenchError(Problem(what, str(path), found=wrong_values(error))) from error
    if (record.track, record.id) != (folder.parent.name, folder.name):
        found = f"{record.track}/{record.id}"
        what = "holds the record of another track or id"
        raise BenchError(Problem(what, str(path), f"{folder.parent.name}/{folder.name}", found))
    return record


def _visible_folders(parent: Path, problems: list[Problem]) -> list[Path]:
    """Its folders by name. Hidden ones are half-written records or what an operating system leaves."""
    if not parent.exists():
        return []
    try:
        return [entry for entry in visible(parent) if entry.is_dir()]
    except OSError as error:
        problems.append(Problem(f"cannot be read ({error.strerror or error})", str(parent)))
        return []


def _track_and_age(stored: StoredRecord) -> tuple[object, ...]:
    return stored.record.track, stored.record.created_at, stored.record.id


def _evaluated(record: ResultRecord) -> tuple[str, ...]:
    """What was evaluated against what, and how."""
    return (
        record.track, record.submission_digest, record.reference_digest, record.manifest_digest, record.protocol
    )  # fmt: skip
