"""Finds the records of a results folder and reads them.

    RESULTS/records/TRACK/ID/record.json, cases.csv, lesions.csv
    RESULTS/organiser.pub

Of a hidden track the results folder has `record.json` alone; the same three files, with the record as it was before it
was published, lie in the organiser's PRIVATE/TRACK/ID. Beside each record that the organiser vouches for lies his
signature, `record.json.sig`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE

from .organiser_key import PUBLIC_FILE, PublicKey, organiser_of, read_signature
from .record_claims import contradictions, published_too_much
from .result_record import ResultRecord

RECORDS: Final = "records"
"""The folder in a results folder that they lie in."""
SIGNATURE_FILE: Final = f"{RECORD_FILE}.sig"


@dataclass(frozen=True)
class StoredRecord:
    """A record and the folder that it lies in."""

    folder: Path
    record: ResultRecord
    """As its file has it."""
    is_signed: bool = False
    """Whether the organiser's signature lies beside it; another's is a problem."""

    @property
    def shown(self) -> ResultRecord:
        """The record as it is ranked and shown: claimed, unless the organiser's signature says that it is verified."""
        if self.is_signed or self.record.status == "claimed":
            return self.record
        return self.record.model_copy(update={"status": "claimed"})


@dataclass(frozen=True)
class Results:
    """The records of a results folder that count."""

    records: tuple[ResultRecord, ...]
    """By track and age, as they are shown: all but those claimed that the organiser has verified."""
    notes: tuple[str, ...] = ()
    """Sentences about the signatures."""
    organiser: PublicKey | None = None
    """The key that has signed; None where nothing is signed."""
    unsigned: frozenset[str] = frozenset()
    """The ids of those that say that they are verified, without a signature."""


def read_results(results: Path, organiser: PublicKey | None = None) -> Results:
    """Reads the records that count; their signatures are checked by the key `organiser`, else by the folder's own.

    A folder without records gives none. Raises BenchError with a problem for every record that is damaged, contradicts
    itself, lies in the wrong place or behind a link, has a signature that is not the organiser's, or is of another
    version of this program, and where there is no such folder.
    """
    stored = stored_records(results, organiser)
    verified = {_evaluated(each.record) for each in stored if each.record.status == "verified"}
    counting = [each for each in stored if each.record.status == "verified" or _evaluated(each.record) not in verified]
    key = organiser_of(results, organiser) if any(each.is_signed for each in stored) else None
    return Results(
        tuple(each.shown for each in counting),
        tuple(signature_notes(stored, key, pinned=organiser is not None)),
        key,
        frozenset(each.record.id for each in counting if each.shown is not each.record),
    )


def read_records(results: Path, organiser: PublicKey | None = None) -> list[ResultRecord]:
    """Reads the records of `read_results` alone."""
    return list(read_results(results, organiser).records)


def signature_notes(stored: Sequence[StoredRecord], key: PublicKey | None, *, pinned: bool) -> list[str]:
    """Says which key has signed, unless the caller has named it, and which records lack a signature."""
    notes = []
    if key is not None and not pinned:
        notes.append(
            f"Signatures are by the key {key.fingerprint}, of {key.where}: compare it with the one that the organiser "
            "has published, or give that with --organiser."
        )
    unsigned = [each.record.id for each in stored if each.shown is not each.record]
    if unsigned:
        one = len(unsigned) == 1
        which = "1 record that says verified has" if one else f"{len(unsigned)} records that say verified have"
        notes.append(
            f"{which} no signature of the organiser and {'counts' if one else 'count'} as claimed: {listed(unsigned)}; "
            "`mswal-bench results sign` signs what he has verified."
        )
    return notes


def stored_records(results: Path, organiser: PublicKey | None = None) -> list[StoredRecord]:
    """Reads every record of `results`, with its folder, by track and age. Raises BenchError as `read_results` does."""
    stored, problems = scan_records(results, organiser)
    raise_if_any(problems)
    return stored


def scan_records(
    results: Path, organiser: PublicKey | None = None, *, keep_refused: bool = False
) -> tuple[list[StoredRecord], list[Problem]]:
    """As `stored_records`, with the problems of those that are refused beside the others.

    With `keep_refused` those that contradict themselves or their signature are among the others too, for whoever looks
    for more that is wrong with them.
    """
    if not results.is_dir():
        return [], [Problem("there is no such results folder", str(results))]
    stored: list[StoredRecord] = []
    problems: list[Problem] = []
    key, is_key_right = None, True
    try:
        key = organiser_of(results, organiser)
    except BenchError as error:
        problems += error.problems
        # By a key that is none, or not the organiser's, nothing can be said of any signature.
        is_key_right = False
    for track in _visible_folders(results / RECORDS, problems):
        for folder in _visible_folders(track, problems):
            try:
                each, found = _stored(folder, results, key, check=is_key_right)
            except BenchError as error:
                problems += error.problems
                continue
            problems += found
            if keep_refused or not found:
                stored.append(each)
    return sorted(stored, key=_track_and_age), problems


def stored_record(folder: Path, results: Path, key: PublicKey | None) -> StoredRecord:
    """Reads the record in a `folder` of `results`, and checks its signature by `key`. Raises as `read_results` does."""
    stored, problems = _stored(folder, results, key, check=True)
    raise_if_any(problems)
    return stored


def _stored(folder: Path, results: Path, key: PublicKey | None, *, check: bool) -> tuple[StoredRecord, list[Problem]]:
    """A record, and in what it contradicts itself or its signature. Raises BenchError where there is none to read."""
    raise_if_any(_leads_out(folder, results))
    record, content = _read(folder)
    where = str(folder / RECORD_FILE)
    problems = [*contradictions(record, where), *published_too_much(record, where)]
    is_signed = os.path.lexists(folder / SIGNATURE_FILE)
    if is_signed and check:
        try:
            check_signature(folder, content, key, results / PUBLIC_FILE)
        except BenchError as error:
            problems += error.problems
    return StoredRecord(folder, record, is_signed), problems


def record_folder(results: Path, track: str, record_id: str) -> Path:
    """Returns the folder in which the record of that id lies, or would lie."""
    return results / RECORDS / track / record_id


def private_folder(private: Path, track: str, record_id: str) -> Path:
    """Returns the folder in which the rows of a hidden track's record lie, or would lie."""
    return private / track / record_id


def read_record(folder: Path) -> ResultRecord:
    """Reads the record in `folder`, named TRACK/ID after it. Raises BenchError where it is none or contradicts itself.

    Its signature is not looked at.
    """
    record, _ = _read(folder)
    raise_if_any(contradictions(record, str(folder / RECORD_FILE)))
    return record


def check_signature(folder: Path, content: bytes, key: PublicKey | None, expected: Path | str) -> None:
    """Raises BenchError unless the signature of the record in `folder` is of these bytes and by `key`.

    Without a key it names the place `expected` of one.
    """
    path = folder / SIGNATURE_FILE
    signature = read_signature(path)
    if key is None:
        what = "is a signature, but there is no key of the organiser to check it by"
        raise BenchError(Problem(what, str(path), str(expected), mend="Give it with --organiser."))
    if signature.key != key.fingerprint:
        what = "is a signature by another key than the organiser's"
        raise BenchError(Problem(what, str(path), key.fingerprint, signature.key))
    if not key.has_signed(content, signature):
        what = "is not the signature of this record, which was changed after it was signed"
        raise BenchError(Problem(what, str(path)))


def _read(folder: Path) -> tuple[ResultRecord, bytes]:
    """The record and the bytes of its file."""
    path = folder / RECORD_FILE
    try:
        content = read_bytes(path)
        record = ResultRecord.model_validate_json(content)
    except OSError as error:
        raise BenchError(Problem(f"the record cannot be read ({error.strerror or error})", str(path))) from error
    except ValidationError as error:
        what = "is not a record of this version of mswal-bench, or was changed"
        raise BenchError(Problem(what, str(path), found=wrong_values(error))) from error
    if (record.track, record.id) != (folder.parent.name, folder.name):
        found = f"{record.track}/{record.id}"
        what = "holds the record of another track or id"
        raise BenchError(Problem(what, str(path), f"{folder.parent.name}/{folder.name}", found))
    return record, content


def _leads_out(folder: Path, results: Path) -> list[Problem]:
    """What of a record is a link to a place outside of the results: its files are published with it."""
    paths = (
        folder.parent,
        folder,
        *(folder / name for name in (RECORD_FILE, SIGNATURE_FILE, CASES_FILE, LESIONS_FILE)),
    )
    what, mend = "is a link that leads out of the results folder", "Put a copy in its place."
    # Of a link to itself `Path.resolve` raises.
    led = {path: Path(os.path.realpath(path)) for path in paths if path.is_symlink()}
    return [
        Problem(what, str(path), found=str(leads_to), mend=mend)
        for path, leads_to in led.items()
        if not leads_to.is_relative_to(results.resolve())
    ]


def refuse_in_results(path: Path) -> None:
    """Raises BenchError for a file that would lie in a results folder, which is published."""
    for folder in path.resolve().parents:
        if any(folder.glob(f"{RECORDS}/*/*/{RECORD_FILE}")):
            what = f"would lie in the results folder {folder}, which is published"
            raise BenchError(Problem(what, str(path), mend="Take a place outside of it."))


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
