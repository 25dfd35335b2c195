"""Decides whether two evaluations are the same one, and computes the digests by which a record is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.submissions.submission_form import PublicForm

from .evaluation_target import EvaluationTarget
from .reference import reference_files
from .result_record import ResultRecord, Status


@dataclass(frozen=True)
class Identity:
    """What was evaluated against what, how, and by whom.

    The version of mswal-bench is no part of it: numbers change with the protocol alone. Where a fault of the scorer is
    mended, everything is evaluated again, into new folders.
    """

    submission_digest: str
    reference_digest: str
    manifest_digest: str
    protocol: str
    status: Status

    @property
    def id(self) -> str:
        """Of the record."""
        return _digest(
            self.submission_digest, self.reference_digest, self.manifest_digest, self.protocol, self.status
        ).removeprefix("sha256:")[:16]


@dataclass(frozen=True)
class ValidSubmission:
    """A submission without a fault, ready to be scored."""

    identity: Identity
    form: PublicForm
    predictions: Mapping[str, str]
    """Case id -> name inside the submission."""
    predictions_digest: str
    missing: tuple[str, ...]
    """Cases of the manifest without a prediction."""


def identified(
    form: PublicForm, predictions: Mapping[str, str], of_predictions: str, target: EvaluationTarget
) -> ValidSubmission:
    """Identifies a valid submission; `of_predictions` is the digest of its predictions.

    Reads the reference labels whole. Raises BenchError where one is not there or cannot be read.
    """
    cases = target.manifest.cases
    identity = Identity(
        submission_digest=submission_digest(form, of_predictions),
        reference_digest=labels_digest(reference_files(target.reference, cases)),
        manifest_digest=target.manifest.digest,
        protocol=target.protocol.id,
        status=target.status,
    )
    return ValidSubmission(
        identity, form, predictions, of_predictions, tuple(sorted(cases.keys() - predictions.keys()))
    )


def identity_of(record: ResultRecord) -> Identity:
    """Returns the identity of a record, by what it says of itself."""
    return Identity(
        submission_digest(record.form, record.predictions_digest),
        record.reference_digest,
        record.manifest_digest,
        record.protocol,
        record.status,
    )


def submission_digest(form: PublicForm, of_predictions: str) -> str:
    """Returns SHA-256, as `sha256:...`, over the form as it is published and the digest of the predictions.

    Without the address: the digest would confirm a guess of it, and another address makes no other submission.
    """
    return _digest(form.model_dump_json(), of_predictions)


def record_digest(record: ResultRecord) -> str:
    """Returns SHA-256 over everything in the record but this digest."""
    return _digest(record.model_dump_json(exclude={"digest"}))


def sealed(record: ResultRecord) -> ResultRecord:
    """Returns the record with the digest of what it says."""
    return record.model_copy(update={"digest": record_digest(record)})


def resealed(record: ResultRecord) -> ResultRecord:
    """Returns it `sealed`, if it was: what is published of a record says less, and that of version 0.1.0 has none."""
    return record if record.digest is None else sealed(record)


def _digest(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
