"""What a run is and what became of it: the state kept while it goes on, and the record of a finished one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from .environment import Environment


class RunIdentity(BaseModel):
    """What makes two calls the same run. A work folder belongs to one identity for good."""

    model_config = ConfigDict(frozen=True)

    method: str
    budget: str
    seed: int
    dataset: str
    split_digest: str
    files_digest: str
    """Over names and sizes of the images and the training labels: notices exchanged data without reading it."""
    settings_digest: str
    """Over what the method sets under the budget: a changed recipe is another run."""


class Step(BaseModel):
    """One stretch of work that ended well."""

    started_at: datetime
    wall_s: float


class TrainingSession(BaseModel):
    """One uninterrupted stretch of training a fold."""

    started_at: datetime
    from_epoch: int
    """Epochs that were done before; above 0 the session resumed from a checkpoint."""
    device: str
    environment: Environment
    wall_s: float | None = None
    """None when the session was cut off."""


class Prediction(Step):
    """The prediction of all test images; after an interruption, of those that were left."""

    environment: Environment


class RunState(BaseModel):
    """Kept in the work folder and rewritten after every step."""

    identity: RunIdentity
    prepared: Step | None = None
    training: dict[int, list[TrainingSession]] = {}
    """Sessions by fold, in order."""
    predicted: dict[str, Prediction] = {}
    """By fold selection: `0` to `4`, or `all`."""


class RunRecord(BaseModel):
    """A finished run of one fold selection."""

    schema_version: int = 1
    created_at: datetime
    identity: RunIdentity
    title: str
    publication: str
    settings: dict[str, Any]
    """What the method sets under this budget."""
    folds: list[int]
    """The folds whose ensemble predicted."""
    epochs: int
    """Of each fold."""
    prepared: Step
    training: dict[int, list[TrainingSession]]
    resumed_from_epochs: dict[int, list[int]]
    """By fold, the epoch each resumed session went on from; empty when nothing was interrupted."""
    predicted: Prediction
    test_cases: int
    scores: dict[str, Any] | None
    """The score table as `mswal-bench score --format json` gives it; None when the test labels are not there."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
