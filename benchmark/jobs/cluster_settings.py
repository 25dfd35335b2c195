"""Defines `cluster.yaml`: what the tasks of each kind ask of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_text
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.core.wrong_values import expected_value, field_name, found_value

from .slurm_time import minutes_of
from .tasks import Kind

# What the queue is kept by, and what the fields of a request say.
_SET_HERE = frozenset(
    (
        *("array", "dependency", "error", "job-name", "kill-on-invalid-dep", "no-requeue", "open-mode", "output"),
        *("requeue", "signal", "wrap"),
        *("account", "constraint", "cpus-per-task", "gpus-per-node", "mem", "partition", "qos", "time"),
    )
)
PATTERNS = {r"^[^\s]+$": "a name without spaces"}
"""In words, for sentences about what does not match."""


def _not_set_here(option: str) -> str:
    if option.lstrip("-").replace("_", "-") in _SET_HERE:
        raise ValueError("an option of sbatch that launch does not set itself")
    return option


Name = Annotated[str, Field(pattern=r"^[^\s]+$")]
Minutes = Annotated[int, BeforeValidator(minutes_of), Field(ge=1)]


class Request(BaseModel):
    """What a task asks for; None where another place says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partition: Name | None = None
    """SLURM's partition."""
    account: Name | None = None
    """Whom SLURM charges."""
    qos: Name | None = None
    """SLURM's quality of service."""
    constraint: Name | None = None
    """Features that nodes must have."""
    time: Minutes | None = None
    """Minutes, after which a task is stopped and put back into the queue."""
    gpus: Annotated[int, Field(ge=0, le=1)] | None = None
    """One network is trained on one GPU."""
    cpus: Annotated[int, Field(ge=1)] | None = None
    """Cores."""
    memory: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Gigabytes."""
    setup: tuple[str, ...] | None = None
    """Lines of shell that are run on the node before the task."""
    sbatch: dict[Annotated[Name, AfterValidator(_not_set_here)], str] | None = None
    """Any other options of sbatch, without dashes: `mail-type: FAIL`."""

    def over(self, other: Request) -> Request:
        """This request, and where it says nothing the other."""
        return other.model_copy(update={name: getattr(self, name) for name in _said(self)})


class ClusterSettings(Request):
    """A `cluster.yaml`. What it says at its top holds for every kind of task, unless `tasks` says otherwise of one."""

    tasks: dict[Kind, Request] = {}
    """By kind of task (check, prepare, train, predict, score, table), what it asks for instead."""
    at_once: Annotated[int, Field(ge=1)] = 10
    """How many trainings may run at the same time, and how many shards of one method's prediction."""
    stop_ahead: Minutes = 10
    """Minutes before its time limit at which a task is told to keep what it has and to stop: longer than an epoch. No
    more than a quarter of the task's time counts."""

    def request(self, kind: Kind, options: Request) -> Request:
        """What a task of this kind asks for: what `options` of the command say goes before the file, and the file
        before what fits a training of the paper's size."""
        common = Request(**{name: getattr(self, name) for name in Request.model_fields})
        asked = options.over(self.tasks.get(kind, Request()).over(common)).over(_USUAL[kind])
        return asked if kind.uses_gpu else asked.model_copy(update={"gpus": 0})

    def stop_ahead_s(self, request: Request) -> int:
        """How many seconds before its time limit a task that asks for this is told to stop: never in the first three
        quarters of its time."""
        asked_s = 60 * self.stop_ahead
        return asked_s if request.time is None else min(asked_s, 60 * request.time // 4)


# An A100 is fed by 5 to 6 cores with patches of the largest network here; 2 more cut and write volumes.
_USUAL = {
    Kind.CHECK: Request(cpus=8, memory=16, time=4 * 60),
    Kind.PREPARE: Request(cpus=8, memory=64, time=12 * 60),
    Kind.TRAIN: Request(gpus=1, cpus=8, memory=48, time=24 * 60),
    Kind.PREDICT: Request(gpus=1, cpus=8, memory=48, time=8 * 60),
    Kind.SCORE: Request(cpus=8, memory=32, time=4 * 60),
    Kind.TABLE: Request(cpus=1, memory=4, time=60),
}


def read_cluster_settings(path: Path) -> ClusterSettings:
    """The settings in a file. Raises BenchError with everything that is wrong with it."""
    try:
        # All as text: YAML 1.1 takes 24:00:00 for a number of base 60.
        content = yaml.load(read_text(path), yaml.BaseLoader)
        return ClusterSettings.model_validate(content or {})
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(Problem(f"cannot be read ({getattr(error, 'strerror', None) or error})", str(path))) from error
    except yaml.YAMLError as error:
        raise BenchError(Problem("is not YAML", str(path), found=" ".join(str(error).split()))) from error
    except ValidationError as error:
        raise BenchError(*(_problem(path, each) for each in error.errors())) from error


def _said(request: Request) -> list[str]:
    return [name for name in Request.model_fields if getattr(request, name) is not None]


def _problem(path: Path, error: Any) -> Problem:
    place = error["loc"]
    # Where a key of `tasks` is wrong, pydantic adds that it is the key.
    name = field_name([part for part in place if part != "[key]"])
    if error["type"] == "extra_forbidden":
        known = list((ClusterSettings if len(place) == 1 else Request).model_fields)
        return Problem(f"there can be no {name}", str(path), mend=did_you_mean(str(place[-1]), known))
    expected = str(error["ctx"]["error"]) if error["type"] == "value_error" else expected_value(error, PATTERNS)
    return Problem(f"{name or 'the whole'} is wrong", str(path), expected, found_value(error["input"]))
