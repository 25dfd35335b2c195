"""Verifies records: computes everything in them again that follows from something else.

When, with which version and on which machine was scored follows from nothing: the record's own digest is over it, and
the organiser's signature. Who makes a claimed record anew can say what he likes of that, and whatever rows he likes;
scoring his predictions again tells the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isclose
from pathlib import Path

from pydantic import BaseModel

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.scoring.saved_scores import load_method, protocol_of_keys

from .organiser_key import PublicKey, organiser_of
from .publication import published
from .record_rows import files_differ, is_published_of
from .record_store import (
    SIGNATURE_FILE,
    StoredRecord,
    check_signature,
    private_folder,
    read_record,
    scan_records,
    signature_notes,
)
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


def verify_records(results: Path, private: Path | None = None, organiser: PublicKey | None = None) -> Verified:
    """Verifies every record of `results`; the rows of hidden tracks are in `private`. Raises nothing for a record.

    Signatures are checked by the key `organiser`, else by the folder's own. A folder without records gives none and no
    problem.
    """
    stored, problems = scan_records(results, organiser, keep_refused=True)
    key = None
    with suppress(BenchError):
        # Among the problems already.
        key = organiser_of(results, organiser)
    signing = key if any(each.is_signed for each in stored) else None
    notes = signature_notes(stored, signing, pinned=organiser is not None)
    for each in stored:
        problems += verify_record(each, private, key)
    hidden = sum(each.record.hidden for each in stored)
    if private is None and hidden:
        rows = "those of 1 record" if hidden == 1 else f"those of {hidden} records"
        notes.append(f"not all rows were looked at: {rows} of hidden tracks are in a private folder (--private)")
    if private is not None:
        problems += releases_differ(private, [each.record for each in stored if each.record.hidden])
    return Verified(len(stored), tuple(problems), tuple(notes))


def verify_record(stored: StoredRecord, private: Path | None, key: PublicKey | None) -> list[Problem]:
    """Tells what of a record that was read does not follow from its rows, of a hidden track from those in `private`."""
    if not stored.record.hidden:
        return rows_differ(stored)
    problems = list(_files_published_too_much(stored))
    return problems if private is None else [*problems, *_private_differs(stored, private, key)]


def rows_differ(stored: StoredRecord) -> list[Problem]:
    """Tells what of a record's numbers, files and cases does not follow from the rows beside it."""
    record, where = stored.record, str(stored.folder / RECORD_FILE)
    problems = files_differ(record, stored.folder)
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


def _files_published_too_much(stored: StoredRecord) -> Iterator[Problem]:
    others = sorted(path.name for path in stored.folder.iterdir() if not _may_be_published(path))
    if others:
        what = "of a hidden track, files lie here that are not to be published"
        expected = f"{RECORD_FILE} and its signature alone"
        yield Problem(what, str(stored.folder), expected, ", ".join(others), "Move them away, at once.")


def _may_be_published(path: Path) -> bool:
    """The record, its signature, and litter; but a wastebasket may have kept rows that were thrown into it."""
    has_rows = any(each.name in (CASES_FILE, LESIONS_FILE) for each in path.rglob("*"))
    return path.name in (RECORD_FILE, SIGNATURE_FILE) or (is_litter(path.name) and not has_rows)


def _private_differs(stored: StoredRecord, private: Path, key: PublicKey | None) -> list[Problem]:
    folder = private_folder(private, stored.record.track, stored.record.id)
    try:
        kept = StoredRecord(folder, read_record(folder))
        if stored.is_signed and key is not None:
            check_signature(folder, read_bytes(folder / RECORD_FILE), key, key.where)
    except BenchError as error:
        return list(error.problems)
    problems = rows_differ(kept)
    if not is_published_of(stored.record, kept.record):
        where = str(stored.folder / RECORD_FILE)
        what = "is not what is to be published of the private record"
        problems.append(Problem(what, where, str(folder / RECORD_FILE)))
        problems += numbers_differ(stored.record, published(kept.record), where)
    return problems


def _flat(part: BaseModel) -> dict[str, float | None]:
    flat: dict[str, float | None] = {}
    for name, value in part.model_dump().items():
        if isinstance(value, dict):
            flat.update({f"{name} {end}": number for end, number in value.items()})
        else:
            flat[name] = value
    return flat
