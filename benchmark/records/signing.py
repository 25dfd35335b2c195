"""Signs records that the organiser has already, after they were verified."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any

from .evaluation_target import EvaluationTarget, key_in_results
from .organiser_key import SigningKey, leave_public_key
from .record_store import StoredRecord, private_folder, stored_record, stored_records
from .record_writing import sign_record
from .verify_records import verify_record, verify_records


def sign_records(results: Path, private: Path | None, key: SigningKey) -> int:
    """Signs every record of `results` that says verified and has no signature, and returns how many.

    Nothing is signed unless all records of the folder are verified without a problem; of hidden tracks their rows and
    records are in `private`, and the latter are signed too. Raises BenchError with everything that differs.
    """
    raise_if_any(key_in_results(key, results))
    raise_if_any(verify_records(results, private, key.public).problems)
    unsigned = [each for each in stored_records(results, key.public) if _lacks_signature(each)]
    if private is None:
        mend = "Give the organiser's folder with --private."
        raise_if_any(
            Problem("is of a hidden track, and cannot be verified without its rows", str(each.folder), mend=mend)
            for each in unsigned
            if each.record.hidden
        )
    for each in unsigned:
        _sign(each, results, private, key)
    return len(unsigned)


def signed_where_asked(known: StoredRecord, target: EvaluationTarget) -> tuple[StoredRecord, tuple[str, ...]]:
    """Signs a record that was there, if the target has a key and it lacks a signature; gives a note of that.

    The signature stands beside the record, which does not change. Raises BenchError for a record that is not as it was
    written, which is not signed.
    """
    if target.key is None or not _lacks_signature(known):
        return known, ()
    raise_if_any(verify_record(known, target.private, None))
    _sign(known, target.results, target.private, target.key)
    signed = stored_record(known.folder, target.results, target.key.public)
    return signed, ("the record that was there had no signature; it was verified and is signed now",)


def _lacks_signature(stored: StoredRecord) -> bool:
    return stored.record.status == "verified" and not stored.is_signed


def _sign(stored: StoredRecord, results: Path, private: Path | None, key: SigningKey) -> None:
    record = stored.record
    try:
        leave_public_key(results, key.public)
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or results))) from error
    # The private one first: of a published signature it is expected.
    if record.hidden and private is not None:
        sign_record(private_folder(private, record.track, record.id), key)
    sign_record(stored.folder, key)
