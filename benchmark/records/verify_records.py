"""Verifies records: computes everything in them again that follows from something else.

What follows from nothing, when, with which version and on which machine was scored, is only seen to be changed where
the private folder of a hidden track has the record too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from pathlib import Path

from pydantic import BaseModel

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.scoring.saved_scores import load_method, protocol_of_keys

from .identity import identity_of, submission_digest
from .publication import published
from .record_store import StoredRecord, private_folder, read_record, scan_records
from .result_record import ResultRecord
from .verify_releases import releases_differ

# Of the ends of intervals: drawn sums, which another machine may add up in another order. Values are exact.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Verified:
    """What came of verifying a results folder."""

    records: int
    problems: tuple[Problem, ...]
    """Everything that differs."""
    notes: tuple[str, ...]
    """What could not be looked at."""

    @property
    def verdict(self) -> str:
        count = "1 record" if self.records == 1 else f"{self.records} records"
        return f"{count}: nothing differs."


def verify_records(results: Path, private: Path | None = None) -> Verified:
    """Verifies every record of `results`; the rows of hidden tracks are in `private`. Raises nothing for a record.

    A folder without records gives none and no problem.
    """
    stored, problems = scan_records(results)
    notes = []
    for each in stored:
        problems += _own_claims(each)
        if not each.record.hidden:
            problems += rows_differ(each)
            continue
        problems += _published_too_much(each)
        if private is None:
            notes.append(f"{each.folder}: its rows are not looked at, for they are in a private folder (--private)")
        else:
            problems += _private_differs(each, private)
    if private is not None:
        problems += releases_differ(private, [each.record for each in stored if each.record.hidden])
    return Verified(len(stored), tuple(problems), tuple(notes))


def rows_differ(stored: StoredRecord) -> list[Problem]:
    """Tells what of a record's numbers, files and cases does not follow from the rows beside it."""
    record, where = stored.record, str(stored.folder / RECORD_FILE)
    problems = list(_files_differ(stored))
    try:
        protocol = protocol_of_record(record, where)
        scores = load_method(stored.folder, protocol)
    except BenchError as error:
        return [*problems, *error.problems]
    for what, told, found in (
        ("method", record.form.method, scores.name),
        ("number of cases", record.cases, len(scores.by_case)),
        ("cases without a prediction", record.missing, scores.missing),
    ):
        if told != found:
            problems.append(Problem(f"the {what} is not that of {CASES_FILE}", where, str(found), str(told)))
    drawn = record.bootstrap
    classes, average, bootstrap = estimates(scores, resamples=drawn.resamples, seed=drawn.seed)
    if drawn != bootstrap:
        what = "the confidence is not that of its intervals"
        problems.append(Problem(what, where, str(bootstrap.confidence), str(drawn.confidence)))
    again = record.model_copy(update={"classes": classes, "average": average})
    return [*problems, *numbers_differ(record, again, where)]


def numbers_differ(record: ResultRecord, again: ResultRecord, where: str) -> Iterator[Problem]:
    """Yields a problem for every number of the classes and the average that is another one in `again`."""
    parts = {"average": (record.average, again.average)}
    for key in dict.fromkeys([*again.classes, *record.classes]):
        if key not in record.classes or key not in again.classes:
            yield Problem(f"{key} is a class of one and not of the other", where)
        else:
            parts[key] = (record.classes[key], again.classes[key])  # type: ignore[assignment]
    for part, (told, found) in parts.items():
        mine, theirs = _flat(told), _flat(found)
        for name, number in mine.items():
            other = theirs[name]
            if number is None or other is None or not name.endswith((" low", " high")):
                same = number == other
            else:
                same = isclose(number, other, abs_tol=_TOLERANCE)
            if not same:
                yield Problem(f"{part} {name} does not follow from the rows", where, str(other), str(number))


def protocol_of_record(record: ResultRecord, where: str) -> Protocol:
    """Raises BenchError for a protocol that this version does not know."""
    return protocol_of_keys(record.classes, record.protocol, where)


def _own_claims(stored: StoredRecord) -> Iterator[Problem]:
    record, where = stored.record, str(stored.folder / RECORD_FILE)
    for what, told, found in (
        ("submission_digest", record.submission_digest, submission_digest(record.form, record.predictions_digest)),
        ("id", record.id, identity_of(record).id),
    ):
        if told != found:
            yield Problem(f"the {what} does not follow from what the record says", where, found, told)
    if record.form.track != record.track:
        yield Problem("the form is of another track", where, record.track, record.form.track)


def _files_differ(stored: StoredRecord) -> Iterator[Problem]:
    for name in (CASES_FILE, LESIONS_FILE):
        told = stored.record.files.get(name, "nothing")
        try:
            found = file_digest(stored.folder / name)
        except OSError as error:
            yield Problem(f"cannot be read ({error.strerror or error})", str(stored.folder / name))
            continue
        if told != found:
            yield Problem("is not the file that the record was written with", str(stored.folder / name), told, found)


def _published_too_much(stored: StoredRecord) -> Iterator[Problem]:
    where = str(stored.folder)
    if stored.record != published(stored.record):
        what = "says more than may be published of a hidden track"
        yield Problem(what, str(stored.folder / RECORD_FILE), mend="Remove it from what is published, at once.")
    others = sorted(path.name for path in stored.folder.iterdir() if not _may_be_published(path))
    if others:
        what = "of a hidden track, files lie here that are not to be published"
        yield Problem(what, where, f"{RECORD_FILE} alone", ", ".join(others), "Move them away, at once.")


def _may_be_published(path: Path) -> bool:
    """The record, and litter; but a wastebasket may have kept rows that were thrown into it."""
    has_rows = any(each.name in (CASES_FILE, LESIONS_FILE) for each in path.rglob("*"))
    return path.name == RECORD_FILE or (is_litter(path.name) and not has_rows)


def _private_differs(stored: StoredRecord, private: Path) -> list[Problem]:
    folder = private_folder(private, stored.record.track, stored.record.id)
    try:
        kept = StoredRecord(folder, read_record(folder))
    except BenchError as error:
        return list(error.problems)
    problems = rows_differ(kept)
    if published(kept.record) != stored.record:
        what = "is not what is to be published of the private record"
        problems.append(Problem(what, str(stored.folder / RECORD_FILE), str(folder / RECORD_FILE)))
    return problems


def _flat(part: BaseModel) -> dict[str, float | None]:
    flat: dict[str, float | None] = {}
    for name, value in part.model_dump().items():
        if isinstance(value, dict):
            flat.update({f"{name} {end}": number for end, number in value.items()})
        else:
            flat[name] = value
    return flat
