"""Finds the rows that a record was made with, and refuses others."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.digests import changed_files
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE

from .identity import resealed
from .publication import published
from .record_store import private_folder, read_record, record_folder
from .result_record import ResultRecord


def rows_of(record: ResultRecord, results: Path, private: Path | None) -> tuple[ResultRecord, Path]:
    """Returns the record with all of its numbers, and its `cases.csv`; of a hidden track both are in `private`.

    `record` is one as it is shown. Raises BenchError where `private` is not given or has another record, and for every
    file of rows that is not the one that the record names.
    """
    folder = record_folder(results, record.track, record.id)
    if record.hidden:
        if private is None:
            mend = "Give the organiser's folder with `--private`."
            raise BenchError(Problem("is of a hidden track, whose rows are not published", str(folder), mend=mend))
        folder = private_folder(private, record.track, record.id)
        record = _kept(record, folder)
    raise_if_any(files_differ(record, folder))
    return record, folder / CASES_FILE


def files_differ(record: ResultRecord, folder: Path) -> list[Problem]:
    """Tells which files of rows in `folder` are not those that the record was written with."""
    digests = {name: record.files.get(name, "nothing") for name in (CASES_FILE, LESIONS_FILE)}
    return changed_files(folder, digests, "the record")


def is_published_of(record: ResultRecord, kept: ResultRecord) -> bool:
    """Whether `record`, of a hidden track, is what is to be published of `kept`, the organiser's own."""
    return resealed(published(kept)) == record


def _kept(record: ResultRecord, folder: Path) -> ResultRecord:
    kept = read_record(folder)
    as_written = record.model_copy(update={"status": kept.status})
    if not is_published_of(as_written, kept):
        what = "the published record is not what is to be published of this one"
        raise BenchError(Problem(what, str(folder), mend="`mswal-bench results verify --private` says more."))
    return kept
