"""Evaluates a submission: validates it, scores it unless that was done before, and adds its record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path

from mswal_bench.benchmark.core.claims import HeldError, held, remove_abandoned
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.environment import describe_environment
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.core.whole_files import not_written
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.scoring.scores import MethodScores
from mswal_bench.benchmark.submissions.package.open_submission import Submission, opened
from mswal_bench.benchmark.submissions.package.private_copy import copied
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.benchmark.submissions.validate import is_checked, validate_opened
from mswal_bench.benchmark.submissions.validation import Validation

from .evaluation_target import EvaluationTarget
from .identity import Identity, ValidSubmission, identified
from .organiser_key import organiser_of
from .private_log import kept_private
from .record_store import StoredRecord, private_folder, record_folder, scan_records, stored_record
from .record_writing import add_record
from .reference import split_digest
from .release_ledger import Ledger, same_team, team_of
from .release_policy import ReleasePolicy
from .result_record import ResultRecord, Status
from .scored_rows import score_submission
from .signing import signed_where_asked


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
    submission: Path | Submission,
    target: EvaluationTarget,
    *,
    allow_missing: bool = False,
    jobs: int | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    progress: bool = False,
) -> Evaluation:
    """Validates the submission deeply, and scores and records it if it is right and was not recorded before.

    It is opened once and its predictions are copied, beside the records or into the private folder: what is digested is
    what is checked and scored, whatever becomes of the submission meanwhile. Interrupted, the same call goes on with
    the cases that are not scored yet. `resamples` and `seed` draw the intervals; `jobs` is the number of processes.
    Raises BenchError for a reference that does not fit the manifest or cannot be scored against, where another process
    evaluates the same, and for what cannot be written. Of a hidden track all of that is written to the private folder's
    log and raised as one sentence that tells nothing; but where the team has no submission left, that is told.
    """
    manifest = target.manifest
    with kept_private(target.private), _scratch_folder(target) as scratch:
        with opened(submission, Bounds.of(manifest)) as package:
            copy = copied(package, lambda name: is_checked(name, manifest), scratch, progress=progress)
        check = partial(validate_opened, copy, manifest, allow_missing=allow_missing)
        # The scorer reads every voxel and refuses what a deep validation does: each file is unpacked once, by it.
        validation = check(voxels="scaled" if copy.is_whole else "all")
        if not validation.ok or validation.form is None:
            return Evaluation(validation if validation.deep else check(voxels="all", progress=progress))
        of_predictions = copy.digest(validation.predictions)
        valid = identified(validation.form.published(), validation.predictions, of_predictions, target)
        of_track = [each.record for each in scan_records(target.results)[0] if each.record.track == manifest.track]
        notes = _same_predictions(valid, of_track)
        with _work_folder(valid.identity.id, target) as work:
            _remove_abandoned(valid.identity.id, target)
            known = _known(valid.identity, target)
            if known is not None:
                again = check(voxels="all", progress=progress)
                known, more = signed_where_asked(known, target)
                return Evaluation(again, known.shown, notes=(*notes, *more))
            account = _Account.of(target, validation.form.contact, of_predictions)
            if account is not None:
                account.ledger.refuse_others(of_track)
                account.charge()
            try:
                scores = score_submission(
                    copy,
                    valid.predictions,
                    valid.form.method,
                    target.reference,
                    manifest.cases,
                    target.protocol,
                    work,
                    jobs=jobs,
                    progress=progress,
                )
            except BenchError:
                validation = check(voxels="all")
                if validation.ok:
                    raise
                if account is not None:
                    account.give_back()
                return Evaluation(validation)
            record = _record(valid, target, scores, work, resamples, seed)
            if account is not None:
                record = account.released(record)
                notes = (*notes, account.ledger.used(account.team))
            record = add_record(record, work, target.results, target.private, target.key)
    return Evaluation(replace(validation, deep=True), record, is_new=True, notes=notes)


@dataclass(frozen=True)
class _Account:
    """What one submission to a hidden track costs its team."""

    ledger: Ledger
    team: str
    predictions: str
    policy: ReleasePolicy | None

    @classmethod
    def of(cls, target: EvaluationTarget, contact: str, predictions: str) -> _Account | None:
        if target.private is None:
            return None
        team = team_of(contact) if target.team is None else same_team(target.team)
        return cls(Ledger.of(target.private, target.manifest.track), team, predictions, target.policy)

    def charge(self) -> None:
        self.ledger.charge(self.team, self.predictions, self.policy, datetime.now(UTC))

    def give_back(self) -> None:
        self.ledger.give_back(self.team, self.predictions, datetime.now(UTC))

    def released(self, record: ResultRecord) -> ResultRecord:
        release = self.ledger.release(record, self.team, datetime.now(UTC))
        return record.model_copy(update={"release": release})


def _known(identity: Identity, target: EvaluationTarget) -> StoredRecord | None:
    """The record that there is of this evaluation, or of the same one verified."""
    statuses: tuple[Status, ...] = (identity.status, "verified")
    for status in statuses:
        folder = record_folder(target.results, target.manifest.track, replace(identity, status=status).id)
        if folder.exists():
            key = organiser_of(target.results, None if target.key is None else target.key.public)
            return stored_record(folder, target.results, key)
    return None


def _remove_abandoned(record_id: str, target: EvaluationTarget) -> None:
    """What was killed after its record was there is not written again, and leaves something beside it."""
    track = target.manifest.track
    remove_abandoned(record_folder(target.results, track, record_id).parent)
    if target.private is not None:
        remove_abandoned(private_folder(target.private, track, record_id).parent)


def _same_predictions(valid: ValidSubmission, of_track: Sequence[ResultRecord]) -> tuple[str, ...]:
    """A note on every record of the very same predictions under another form."""
    return tuple(
        f"the same predictions are recorded as {record.form.method!r} under another form ({record.id})"
        for record in of_track
        if record.predictions_digest == valid.predictions_digest
        and record.submission_digest != valid.identity.submission_digest
    )


def _scratch_folder(target: EvaluationTarget) -> AbstractContextManager[Path]:
    return scratch_folder(target.works, private=target.private is not None, own_parent=True)


@contextmanager
def _work_folder(record_id: str, target: EvaluationTarget) -> Iterator[Path]:
    """A folder that keeps what was scored until the record is there, for this process alone."""
    works = target.works
    work = works / record_id
    with ExitStack() as stack:
        try:
            stack.enter_context(held(works / f"{record_id}.lock"))
            # Not before: the process that has the lock removes the folder at its end, and another would be left behind.
            work.mkdir(exist_ok=True)
        except HeldError as error:
            what = "another process evaluates this very submission at the moment"
            raise BenchError(Problem(what, str(work), mend="Its record is there as soon as it is done.")) from error
        except OSError as error:
            raise BenchError(not_written(error, works)) from error
        yield work
        shutil.rmtree(work, ignore_errors=True)


def _record(
    valid: ValidSubmission, target: EvaluationTarget, scores: MethodScores, rows: Path, resamples: int, seed: int
) -> ResultRecord:
    classes, average, bootstrap = estimates(scores, resamples=resamples, seed=seed)
    return ResultRecord(
        id=valid.identity.id,
        created_at=datetime.now(UTC),
        status=target.status,
        track=target.manifest.track,
        hidden=target.manifest.hidden,
        protocol=valid.identity.protocol,
        cases=len(target.manifest.cases),
        manifest_digest=valid.identity.manifest_digest,
        split_digest=split_digest(target.reference),
        reference_digest=valid.identity.reference_digest,
        submission_digest=valid.identity.submission_digest,
        predictions_digest=valid.predictions_digest,
        form=valid.form,
        version=metadata.version("mswal-bench"),
        environment=describe_environment(),
        classes=classes,
        average=average,
        bootstrap=bootstrap,
        missing=valid.missing,
        files={CASES_FILE: file_digest(rows / CASES_FILE), LESIONS_FILE: file_digest(rows / LESIONS_FILE)},
    )
