"""Scores a recorded submission again and compares the result with its record."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import gettempdir

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.package.private_copy import SubmissionCopy, copied
from mswal_bench.benchmark.submissions.validate import is_checked, validate_opened
from mswal_bench.benchmark.submissions.validation import Validation

from .evaluation_target import WORK, open_for_track
from .private_log import kept_private
from .publication import published
from .record_store import StoredRecord, private_folder, read_record, scan_records
from .reference import reference_files, split_digest
from .result_record import ResultRecord
from .scored_rows import score_submission
from .verify_records import numbers_differ, protocol_of_record


def differences_to_rescored(
    results: Path,
    private: Path | None,
    submission: Path,
    reference: Path,
    manifest: Path | None = None,
    *,
    jobs: int | None = None,
    progress: bool = False,
) -> list[Problem]:
    """Tells everything in which the records of these predictions differ from what scoring them again gives.

    A submission that is not valid, and one without a record, are problems too. Of a hidden track what is wrong with the
    labels is told in the private folder's log alone.
    """
    # Killed half-way, the rows of a hidden track are left where only the organiser sees them.
    place = private / WORK if private is not None else Path(gettempdir())
    with (
        open_for_track(submission, reference, manifest, None, private=private is not None, form_names_hidden=True) as (
            package,
            expected,
        ),
        scratch_folder(place, private=True, own_parent=private is not None) as scratch,
    ):
        of_submission = scratch / "submission"
        of_submission.mkdir()
        copy = copied(package, lambda name: is_checked(name, expected), of_submission, progress=progress)
        check = partial(validate_opened, copy, expected, allow_missing=True)
        # As in an evaluation, the scorer reads every voxel and refuses what a deep validation does.
        validation = check(voxels="scaled" if copy.is_whole else "all", progress=progress)
        if not validation.ok:
            return [_not_valid(submission, validation if validation.deep else check(voxels="all", progress=progress))]
        of_predictions = copy.digest(validation.predictions)
        stored, _ = scan_records(results, keep_refused=True)
        matching = [
            each
            for each in stored
            if each.record.track == expected.track and each.record.predictions_digest == of_predictions
        ]
        if not matching:
            # Nothing will be scored.
            validation = check(voxels="all", progress=progress)
            if not validation.ok:
                return [_not_valid(submission, validation)]
            return [Problem(f"no record of {expected.track} is of these predictions", str(submission))]
        problems: list[Problem] = []
        for each in matching:
            with kept_private(private if each.record.hidden else None):
                rows = scratch / each.record.id
                rows.mkdir()
                try:
                    again = _scored_again(each, copy, validation.predictions, reference, expected, rows, jobs, progress)
                except BenchError:
                    validation = check(voxels="all", progress=progress)
                    if validation.ok:
                        raise
                    return [_not_valid(submission, validation)]
                problems += _differences(each, private, again)
        return problems


def _not_valid(submission: Path, validation: Validation) -> Problem:
    found = f"{validation.number('error')} errors"
    return Problem(
        "is not a valid submission", str(submission), found=found, mend="`mswal-bench validate --deep` lists them."
    )


def _scored_again(
    stored: StoredRecord,
    submission: SubmissionCopy,
    predictions: Mapping[str, str],
    reference: Path,
    manifest: Manifest,
    rows: Path,
    jobs: int | None,
    progress: bool,
) -> ResultRecord:
    record, cases = stored.record, manifest.cases
    protocol = protocol_of_record(record, str(stored.folder / RECORD_FILE))
    scores = score_submission(
        submission,
        predictions,
        record.form.method,
        reference,
        cases,
        protocol,
        rows,
        jobs=jobs,
        progress=progress,
    )
    drawn = record.bootstrap
    classes, average, _ = estimates(scores, resamples=drawn.resamples, seed=drawn.seed)
    return record.model_copy(
        update={
            "classes": classes,
            "average": average,
            "cases": len(scores.by_case),
            "manifest_digest": manifest.model_copy(update={"hidden": record.hidden}).digest,
            # Of labels that lie elsewhere now there may be none.
            "split_digest": split_digest(reference) or record.split_digest,
            "reference_digest": labels_digest(reference_files(reference, cases)),
            "missing": tuple(sorted(cases.keys() - predictions.keys())),
            "files": {name: file_digest(rows / name) for name in (CASES_FILE, LESIONS_FILE)},
        }
    )


def _differences(stored: StoredRecord, private: Path | None, again: ResultRecord) -> list[Problem]:
    record, where = stored.record, str(stored.folder / RECORD_FILE)
    if record.hidden and private is not None:
        # The rows of which the record says nothing.
        try:
            record = read_record(private_folder(private, record.track, record.id))
        except BenchError as error:
            return list(error.problems)
    else:
        again = published(again)
    problems = [
        Problem(f"{name}, scored again, is another", where, str(getattr(again, name)), str(getattr(record, name)))
        for name in ("cases", "manifest_digest", "split_digest", "reference_digest", "missing", "files")
        if getattr(record, name) != getattr(again, name)
    ]
    return [*problems, *numbers_differ(record, again, where)]
