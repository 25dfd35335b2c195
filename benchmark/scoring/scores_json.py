"""Defines the aggregated scores as `scores.json`, `score --format json` and the records of runs hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.metrics.aggregation import Average, ClassScore, MetricPair
from mswal_bench.metrics.details import ClassDetails

from .cases_csv import CASES_FILE
from .lesions_csv import LESIONS_FILE

SCORES_FILE: Final = "scores.json"
SCORE_FILES: Final = (SCORES_FILE, CASES_FILE, LESIONS_FILE)
"""What `Scores.save` writes."""


class _Part(BaseModel):
    """In Python what is undefined is NaN, as everywhere in `metrics`; in JSON it is null."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    @model_validator(mode="before")
    @classmethod
    def _undefined(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {name: _null_as_nan(value) if isinstance(value, dict) else value for name, value in content.items()}


class MethodSummary(_Part):
    """One method over all cases. Fractions, not percent."""

    classes: dict[str, ClassScore]
    """By class key, in the protocol's order. `cases` is the number of those in which DSC and F1 are defined."""
    average: Average
    details: Annotated[dict[str, ClassDetails] | None, Field(exclude_if=lambda details: details is None)] = None
    """By class key, what is never ranked on; left out where NSD and HD95 were not measured, or not asked for."""


class Difficulty(BaseModel):
    """Class keys, hardest first, by each of the two ranked metrics."""

    model_config = ConfigDict(frozen=True)

    dsc: tuple[str, ...]
    f1: tuple[str, ...]


class ScoreSummary(BaseModel):
    """What follows from the scores of all cases. Fractions; NaN, and null in JSON, for what is undefined."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    protocol: str
    """Its id."""
    track: Annotated[str | None, Field(exclude_if=lambda track: track is None)] = None
    """What the cases are; left out where that is not known."""
    cases: int
    """How many were to be scored."""
    comparable: bool
    """False where a case could not be scored of a method: `failed` says which."""
    methods: Annotated[dict[str, MethodSummary], Field(min_length=1)]
    """By name, in the order given."""
    average_score: dict[str, MetricPair]
    """By class key, the mean over the methods where it is defined."""
    difficulty: Difficulty
    missing: dict[str, tuple[str, ...]] = {}
    """By method, the ids of cases that had no prediction and were counted as empty; only where there are any."""
    failed: dict[str, tuple[str, ...]] = {}
    """By method, the ids of cases that could not be scored and are left out; only where there are any."""
    left_out: Annotated[tuple[str, ...], Field(exclude_if=lambda names: not names)] = ()
    """The names of methods that could not be scored at all; left out where there are none."""

    @model_validator(mode="before")
    @classmethod
    def _undefined(cls, content: Any) -> Any:
        if isinstance(content, dict) and "average_score" in content:
            return {**content, "average_score": _null_as_nan(content["average_score"])}
        return content

    @property
    def class_keys(self) -> tuple[str, ...]:
        """The keys of the classes that were scored, in the protocol's order."""
        return tuple(next(iter(self.methods.values())).classes)


def summary_json(summary: ScoreSummary) -> str:
    """Writes the content of `scores.json`: strict JSON, indented."""
    return summary.model_dump_json(indent=2) + "\n"


def read_summary(path: Path) -> ScoreSummary:
    """Reads the numbers in a `scores.json`. Raises BenchError where it cannot be read or is none."""
    try:
        return ScoreSummary.model_validate_json(read_bytes(path))
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror or error})", str(path))) from error
    except ValidationError as error:
        what = "is not the file that `mswal-bench score --out` writes, or was changed"
        raise BenchError(Problem(what, str(path), found=wrong_values(error))) from error


def _null_as_nan(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _null_as_nan(value) for key, value in content.items()}
    return float("nan") if content is None else content
