"""Asks SLURM, by its own commands, and reads what it answers. No accounting is needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .slurm_time import minutes_of

_TIMEOUT_S = 60
# squeue pads to these widths, and cuts at them.
_COLUMNS = {
    "ArrayJobID": 20,
    "ArrayTaskID": 20,
    "JobID": 20,
    "Name": 120,
    "State": 24,
    "Reason": 120,
    "NodeList": 120,
    "StartTime": 24,
    "RestartCnt": 12,
}
_OVER = frozenset(
    (
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED"),
        *("NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
    )
)
# Of a pending job: nothing will ever start it.
_STUCK = (
    *("DependencyNeverSatisfied", "JobHoldMaxRequeue"),
    *("launch_failed_requeued_held", "launch failed requeued held"),
)


@dataclass(frozen=True)
class SlurmJobState:
    """What SLURM says of one task of an array, or of a job alone."""

    job: str
    index: int | None
    """None of a job alone: by another name than its number SLURM does not know it."""
    name: str
    """Of the array."""
    state: str
    """As SLURM calls it: `PENDING`."""
    reason: str
    """Why it is pending, or was ended; empty where there is none."""
    nodes: str
    since: datetime | None
    """When it was started last, in the time of the cluster; None where it was not."""
    restarts: int

    @property
    def is_over(self) -> bool:
        return self.state in _OVER

    @property
    def is_stuck(self) -> bool:
        """Whether it waits for what will not come."""
        return self.state == "PENDING" and self.reason.startswith(_STUCK)

    @property
    def id(self) -> str:
        """For scancel, and for those that wait for it."""
        return self.job if self.index is None else f"{self.job}_{self.index}"


@dataclass(frozen=True)
class SlurmLimits:
    """What a cluster allows."""

    largest_array: int
    """How many tasks."""
    minutes: dict[str, int | None]
    """By partition, the most that a job may take; None is no limit."""
    default_partition: str | None


def slurm_is_here() -> bool:
    """Whether SLURM's commands are on this machine."""
    return shutil.which("sbatch") is not None and shutil.which("squeue") is not None


def slurm_jobs() -> list[SlurmJobState]:
    """This user's jobs that SLURM still knows, one for each task of an array: also some that are over, for minutes.

    Raises BenchError when SLURM does not answer.
    """
    columns = ",".join(f"{name}:{width}" for name, width in _COLUMNS.items())
    command = ["squeue", "--user", str(os.getuid()), "--noheader", "--array", "--states", "all", "--Format", columns]
    return [_read_job(line) for line in ask_slurm(command).splitlines() if line.strip()]


def slurm_limits() -> SlurmLimits:
    """Raises BenchError when SLURM does not answer."""
    told = ask_slurm(["scontrol", "show", "config"])
    largest = re.search(r"^MaxArraySize\s*=\s*(\d+)", told, re.MULTILINE)
    partitions = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in ask_slurm(_PARTITIONS).splitlines()]
    return SlurmLimits(
        # 0 is for a cluster without arrays.
        largest_array=max(1, int(largest[1])) if largest else 1000,
        minutes={one["PartitionName"]: _minutes(one["MaxTime"]) for one in partitions if "MaxTime" in one},
        default_partition=next((one["PartitionName"] for one in partitions if one.get("Default") == "YES"), None),
    )


_PARTITIONS = ["scontrol", "show", "partition", "--oneliner"]


def cancel_slurm_jobs(ids: Sequence[str]) -> None:
    """Ends jobs, or tasks of arrays; those that are over already are passed over. Raises BenchError when SLURM does not
    answer."""
    if ids:
        ask_slurm(["scancel", *ids])


def ask_slurm(command: Sequence[str]) -> str:
    """What a command of SLURM prints. Raises BenchError with its own words when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except FileNotFoundError:
        what, mend = f"there is no {command[0]} on this machine", "Call it where SLURM's jobs are submitted."
        raise BenchError(Problem(what, "--on slurm", mend=mend)) from None
    except subprocess.TimeoutExpired:
        what = f"SLURM's {command[0]} has not answered for {_TIMEOUT_S} seconds"
        raise BenchError(Problem(what, mend="Try again later; what is queued goes on.")) from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split()).removeprefix(f"{command[0]}: error: ").removesuffix(".")
        raise BenchError(Problem(f"SLURM's {command[0]} says: {said}"))
    return done.stdout


def _read_job(line: str) -> SlurmJobState:
    fields, at = {}, 0
    for name, width in _COLUMNS.items():
        fields[name] = line[at : at + width].strip()
        at += width
    # Of a job that is no array it says N/A or nothing.
    index = fields["ArrayTaskID"]
    return SlurmJobState(
        job=fields["ArrayJobID"] if index.isdigit() else fields["JobID"],
        index=int(index) if index.isdigit() else None,
        name=fields["Name"],
        state=fields["State"],
        reason="" if fields["Reason"] == "None" else fields["Reason"],
        nodes=fields["NodeList"],
        since=_time(fields["StartTime"]),
        restarts=int(fields["RestartCnt"]) if fields["RestartCnt"].isdigit() else 0,
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _minutes(limit: str) -> int | None:
    if limit in ("UNLIMITED", "NONE"):
        return None
    minutes = minutes_of(limit)
    return minutes if isinstance(minutes, int) else None
