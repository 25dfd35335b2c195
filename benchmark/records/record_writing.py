"""Adds records to a results folder, whole or not at all and never over one that is there, with their signatures.

Summaries are added to those that are there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from math import prod
from pathlib import Path

from mswal_bench.benchmark.core.claims import beside, claim
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import naming, not_written, whole_file, write_text
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.scoring.nnunet_summary import SUMMARY_FILE, SummarisedCase, summary_json
from mswal_bench.benchmark.scoring.saved_scores import load_method

from .evaluation_target import EvaluationTarget
from .identity import resealed, sealed
from .organiser_key import SigningKey, leave_public_key
from .private_log import kept_private
from .publication import published
from .record_store import SIGNATURE_FILE, private_folder, read_record, record_folder
from .result_record import ResultRecord


def add_record(
    record: ResultRecord, rows: Path, results: Path, private: Path | None, key: SigningKey | None = None
) -> ResultRecord:
    """Adds a record and its rows, the CSV files in `rows`, and gives what was published of it.

    Of a hidden track the rows and the record as it is go into `private`, which must be given, and what is published of
    it into `results`, by its `release`, which it must have. What an interrupted call left there is taken up where its
    rows are the same. With `key` each record is signed in the same step, and the public key left in `results`. Raises
    BenchError where there is a record of that id already, where `private` has other rows under it, and what cannot be
    written.
    """
    record = sealed(record)
    target = record_folder(results, record.track, record.id)
    if target.exists():
        raise BenchError(Problem("there is a record of this id already, which is never changed", str(target)))
    try:
        if key is not None:
            leave_public_key(results, key.public)
        if record.hidden:
            assert private is not None
            assert record.release is not None
            private.mkdir(mode=0o700, parents=True, exist_ok=True)
            record = _kept_private(record, rows, private_folder(private, record.track, record.id), key)
            record = resealed(published(record))
        _add_folder(target, lambda folder: _fill(folder, record, None if record.hidden else rows, key))
    except OSError as error:
        raise BenchError(not_written(error, target)) from error
    return record


def sign_record(folder: Path, key: SigningKey) -> None:
    """Puts the signature beside the record that lies in `folder`. Raises BenchError where it cannot be written."""
    path = folder / SIGNATURE_FILE
    try:
        with whole_file(path) as temporary:
            temporary.write_bytes(key.signed(read_bytes(folder / RECORD_FILE)))
    except OSError as error:
        raise BenchError(Problem(f"cannot be written ({error.strerror or error})", str(path))) from error


def write_summary(record: ResultRecord, target: EvaluationTarget) -> None:
    """Writes nnU-Net's `summary.json` beside the rows, of which it is made: of a hidden track into the private folder.

    Files are called `CASE.nii.gz`, whatever folder they lay in. Raises BenchError where the rows are damaged and
    where it cannot be written.
    """
    with kept_private(target.private):
        if record.hidden and target.private is not None:
            folder = private_folder(target.private, record.track, record.id)
        else:
            folder = record_folder(target.results, record.track, record.id)
        scores = load_method(folder, target.protocol)
        cases = [
            SummarisedCase(
                reference_file=f"{case}.nii.gz",
                prediction_file=None if scored.is_missing else f"{case}.nii.gz",
                voxels=prod(target.manifest.cases[case].shape),
                score=scored.score,
            )
            for case, scored in scores.by_case.items()
        ]
        try:
            write_text(folder / SUMMARY_FILE, summary_json(cases, target.protocol.class_ids))
        except OSError as error:
            raise BenchError(not_written(error, folder / SUMMARY_FILE)) from error


def record_json(record: ResultRecord) -> str:
    """Writes the content of `record.json`."""
    return record.model_dump_json(indent=1) + "\n"


def _kept_private(record: ResultRecord, rows: Path, target: Path, key: SigningKey | None) -> ResultRecord:
    """The record that `target` has now: this one, or that of an earlier call which did not come to publish it."""
    if not target.exists():
        _add_folder(target, lambda folder: _fill(folder, record, rows, key))
        return record
    kept = read_record(target)
    if kept.files != record.files:
        what = "has other rows under this id, of another version of mswal-bench perhaps"
        raise BenchError(Problem(what, str(target), mend="Take new folders for --results and --private."))
    if kept.release is None:
        # Kept by a version that knew no policies, and never published.
        kept = resealed(kept.model_copy(update={"release": record.release}))
        write_text(target / RECORD_FILE, record_json(kept))
    if key is not None:
        sign_record(target, key)
    return kept


def _fill(folder: Path, record: ResultRecord, rows: Path | None, key: SigningKey | None) -> None:
    if rows is not None:
        for name in (CASES_FILE, LESIONS_FILE):
            shutil.copyfile(rows / name, folder / name)
    content = record_json(record).encode()
    (folder / RECORD_FILE).write_bytes(content)
    if key is not None:
        (folder / SIGNATURE_FILE).write_bytes(key.signed(content))


def _add_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Makes the folder `target`, whole or not at all. Raises OSError, also where there is one with something in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with naming(target), claim(target.parent) as claimed:
        partial = beside(claimed)
        partial.mkdir()
        fill(partial)
        for path in (*partial.iterdir(), partial):
            _sync(path)
        partial.rename(target)
        _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
