"""Defines what a hidden track shows of a record, and how often a team may ask.

`docs/concepts/hidden-tracks.md` has the measurement that the defaults were chosen by.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.scoring.estimates import AverageResult, ClassResult, Estimate

# A value that lies on a step is on it, whatever its last digit is rounded to.
_ROUNDING = 1e-9
# Fewer would put some steps of odd policies, such as a third of a point, below themselves.
_DECIMALS = 12
_NOTHING = Estimate(value=None)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReleasePolicy(_Part):
    """What is shown of a track's submissions. A track keeps the one that it began with."""

    points: Annotated[float, Field(ge=0.1, le=20, allow_inf_nan=False)] = 1.0
    """Avg. DSC and Avg. F1 are rounded down to multiples of so many points, hundredths of the full score."""
    submissions: Annotated[int, Field(ge=1, le=1000)] = 5
    """How many a team has in all."""
    recent: Annotated[int, Field(ge=1, le=1000)] = 2
    """How many of them within `days`."""
    days: Annotated[int, Field(ge=1, le=1000)] = 30

    def steps(self, value: float | None) -> int | None:
        """How many whole steps are in a fraction; None where it is undefined."""
        return None if value is None else floor(100 * value / self.points + _ROUNDING)

    def fraction(self, steps: int | None) -> float | None:
        """The fraction that so many steps are."""
        return None if steps is None else round(steps * self.points / 100, _DECIMALS)


class Release(_Part):
    """How one record was released."""

    policy: ReleasePolicy
    shown: bool
    """Whether its averages are: one of them is at least a step above the best that the team had been shown."""


DEFAULT_POLICY = ReleasePolicy()


def released(
    classes: Mapping[str, ClassResult], average: AverageResult, release: Release
) -> tuple[dict[str, ClassResult], AverageResult]:
    """Leaves of a hidden track's numbers the two averages alone, rounded down; and none where none is to be shown.

    Of what this gives, it gives the same again.
    """
    policy = release.policy

    def of_average(estimate: Estimate) -> Estimate:
        return Estimate(value=policy.fraction(policy.steps(estimate.value))) if release.shown else _NOTHING

    return (
        {key: ClassResult(**dict.fromkeys(ClassResult.model_fields, _NOTHING)) for key in classes},
        AverageResult(
            dsc=of_average(average.dsc),
            f1=of_average(average.f1),
            f1_per_case=_NOTHING,
            dsc_classes=average.dsc_classes,
            f1_classes=average.f1_classes,
        ),
    )


def read_policy(path: Path) -> ReleasePolicy:
    """Reads a policy from JSON; what is not in it is the default. Raises BenchError where it is none."""
    try:
        return ReleasePolicy.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BenchError(Problem(f"the policy cannot be read ({error.strerror or error})", str(path))) from error
    except ValidationError as error:
        expected = f"JSON such as {DEFAULT_POLICY.model_dump_json()}"
        raise BenchError(Problem("is not a release policy", str(path), expected, wrong_values(error))) from error
