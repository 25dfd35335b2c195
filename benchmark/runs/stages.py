"""Names the stages of a run, for calls that each do a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .tracks import Shard


class Stage(StrEnum):
    """How far a call goes. Each stage includes those before it, and what is done is not repeated."""

    CHECK = "check"
    """Every image and label is read once."""
    PREPARE = "prepare"
    """The training cases are planned and preprocessed, which serves every fold."""
    TRAIN = "train"
    PREDICT = "predict"
    RECORD = "record"
    """All is done: what was predicted is scored, and the record is written."""


@dataclass(frozen=True)
class Part:
    """What one call does of a run that several calls do together; by itself all of it."""

    until: Stage = Stage.RECORD
    """The last stage."""
    shard: Shard | None = None
    """The share of the cases that is predicted, by folds that are trained, and nothing else then."""
    score_only: bool = False
    """Whether what is predicted is scored and recorded, and nothing trained or predicted."""
    prepared_by: Path | None = None
    """The folder of another method's run whose prepared cases are taken over."""
    patience_s: float = 0.5
    """How long to wait where another call works on the same."""

    @property
    def last(self) -> Stage:
        """The stage that it ends with."""
        return self.until if self.shard is None else Stage.PREDICT


ALL_OF_IT = Part()
"""What a call does that does a run alone."""
