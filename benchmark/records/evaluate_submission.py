"""Evaluates a submission: validates it, scores it unless that was done before, and adds its record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.environment import describe_environment
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.scoring.case_rows import CASES_FILE
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.lesion_rows import LESIONS_FILE
from mswal_bench.benchmark.scoring.scores import MethodScores
from mswal_bench.benchmark.submissions.package.digest import predictions_digest
from mswal_bench.benchmark.submissions.package.submitted_files import open_submission
from mswal_bench.benchmark.submissions.validate import Validation, validate

from .evaluation_target import Setting
from .identity import Entry, Identity, entry_of
from .private_log import kept_private
from .record_store import read_record, record_folder, scan_records
from .record_writing import add_record
from .reference import split_digest
from .result_record import ResultRecord, Status
from .scored_rows import score_submission

_WORK = ".evaluating"


@dataclass(frozen=True)
class Evaluation:
    """What became of a submission."""

    validation: Validation
    record: ResultRecord | None = None
    """As published; None when the submission was refused."""
    is_new: bool = False
    """Whether this evaluation added the record; else it was there."""
    notes: tuple[str, ...] = ()


def evaluate(
    submission: Path,
    setting: Setting,
    *,
    allow_missing: bool = False,
    jobs: int | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    progress: bool = False,
) -> Evaluation:
    """Validates the submission deeply, and scores and records it if it is right and was not recorded before.

    Interrupted, the same call goes on with the cases that are not scored yet. `resamples` and `seed` draw the
    intervals; `jobs` is the number of processes. Raises BenchError for a reference that does not fit the manifest or
    cannot be scored against, where another process evaluates the same, and for what cannot be written. Of a hidden
    track all of that is written to the private folder's log and raised as one sentence that tells nothing.
    """
    validation = validate(submission, setting.manifest, deep=True, allow_missing=allow_missing, progress=progress)
    if not validation.ok or validation.form is None:
        return Evaluation(validation)
    with open_submission(submission) as package:
        of_predictions = predictions_digest(package, validation.predictions)
    with kept_private(setting.private):
        entry = entry_of(validation.form.published(), validation.predictions, of_predictions, setting)
        notes = _same_predictions(entry, setting)
        known = _known(entry.identity, setting)
        if known is not None:
            return Evaluation(validation, known, notes=notes)
        with _work_folder(entry.identity.id, setting) as work:
            # Another process may have added it before this one had the folder.
            known = _known(entry.identity, setting)
            if known is not None:
                return Evaluation(validation, known, notes=notes)
            scores = score_submission(
                submission,
                entry.predictions,
                entry.form.method,
                setting.reference,
                setting.manifest.cases,
                setting.protocol,
                work,
                jobs=jobs,
                progress=progress,
            )
            record = _record(entry, setting, scores, work, resamples, seed)
            record = add_record(record, work, setting.results, setting.private)
    return Evaluation(validation, record, is_new=True, notes=notes)


def _known(identity: Identity, setting: Setting) -> ResultRecord | None:
    """The record that there is of this evaluation, or of the same one verified."""
    statuses: tuple[Status, ...] = (identity.status, "verified")
    for status in statuses:
        folder = record_folder(setting.results, setting.manifest.track, replace(identity, status=status).id)
        if folder.exists():
            return read_record(folder)
    return None


def _same_predictions(entry: Entry, setting: Setting) -> tuple[str, ...]:
    """A note on every record of the very same predictions under another form."""
    stored, _ = scan_records(setting.results)
    return tuple(
        f"the same predictions are recorded as {each.record.form.method!r} under another form ({each.record.id})"
        for each in stored
        if each.record.track == setting.manifest.track
        and each.record.predictions_digest == entry.predictions_digest
        and each.record.submission_digest != entry.identity.submission_digest
    )


@contextmanager
def _work_folder(record_id: str, setting: Setting) -> Iterator[Path]:
    """A folder that keeps what was scored until the record is there, for this process alone."""
    works = (setting.private or setting.results) / _WORK
    work = works / record_id
    try:
        if setting.private is not None:
            setting.private.mkdir(mode=0o700, parents=True, exist_ok=True)
        work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(works / f"{record_id}.lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        what = "another process evaluates this very submission at the moment"
        raise BenchError(Problem(what, str(work), mend="Its record is there as soon as it is done.")) from error
    except OSError as error:
        raise BenchError(Problem(f"cannot be written ({error.strerror or error})", str(works))) from error
    with lock:
        yield work
        shutil.rmtree(work, ignore_errors=True)
    (works / f"{record_id}.lock").unlink(missing_ok=True)
    with suppress(OSError):
        works.rmdir()


def _record(
    entry: Entry, setting: Setting, scores: MethodScores, rows: Path, resamples: int, seed: int
) -> ResultRecord:
    classes, average, bootstrap = estimates(scores, resamples=resamples, seed=seed)
    return ResultRecord(
        id=entry.identity.id,
        created_at=datetime.now(UTC),
        status=setting.status,
        track=setting.manifest.track,
        hidden=setting.manifest.hidden,
        protocol=entry.identity.protocol,
        cases=len(setting.manifest.cases),
        manifest_digest=entry.identity.manifest_digest,
        split_digest=split_digest(setting.reference),
        reference_digest=entry.identity.reference_digest,
        submission_digest=entry.identity.submission_digest,
        predictions_digest=entry.predictions_digest,
        form=entry.form,
        version=metadata.version("mswal-bench"),
        environment=describe_environment(),
        classes=classes,
        average=average,
        bootstrap=bootstrap,
        missing=entry.missing,
        files={CASES_FILE: file_digest(rows / CASES_FILE), LESIONS_FILE: file_digest(rows / LESIONS_FILE)},
    )
