"""Defines what a job of SLURM does: a task in a process of its own, which it stops in time and has queued again.

submitit calls it on the node, catches the signal that SLURM sends ahead of the time limit, and asks for the requeueing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from mswal_bench.baselines.processes import environment_of_cores
from mswal_bench.baselines.worker_memory import GB, MEMORY_VARIABLE, allowed_memory
from mswal_bench.benchmark.core.errors import BenchError

from .attempts import Attempt, Outcome
from .slurm import ask_slurm
from .submitit_import import submitit_module
from .task_process import TaskProcess
from .tasks import Kind, Task

_LOOK_EVERY_S = 0.2
_END_IS_NEAR_S = 120.0
_MOST_IN_VAIN = 3
# A training keeps checkpoints as it goes on, also one that does not end an epoch when it is asked to stop.
_MOST_TRAINED_IN_VAIN = 20


class TaskFailedError(Exception):
    """A task failed; its attempts say why. The job is then one that failed for SLURM too."""


@dataclass
class SlurmTask:
    """To be called in the job."""

    folder: Path
    task: Task
    kind: Kind
    stop_within_s: float
    """How long the task has for keeping what it did, once it is told to stop."""
    process: TaskProcess | None = None

    def __call__(self) -> None:
        """Does the task. Raises TaskFailedError when it fails."""
        told_to_end = False

        def hear(number: int, frame: object) -> None:
            nonlocal told_to_end
            told_to_end = True

        # By scancel, or ahead of being pre-empted. Every process of the job gets it, and the task's will end.
        signal.signal(signal.SIGTERM, hear)
        while True:
            self.process = TaskProcess(self.folder, self.task, _job_id(), _environment())
            while not self.process.is_over():
                sleep(_LOOK_EVERY_S)
            if not self.process.is_done:
                # What ended it may reach this process a moment later.
                sleep(_LOOK_EVERY_S)
            if not told_to_end or self.process.is_done:
                attempt = self.process.conclude()
                if attempt.outcome is Outcome.FAILED:
                    raise TaskFailedError(attempt.sentence)
                if attempt.outcome is Outcome.DONE:
                    return
            else:
                self.process.conclude_stopped()
                _wait_for_the_end()
                told_to_end = False

    def checkpoint(self) -> Any:
        """Called by submitit when the time limit comes near: gives what is to be done when the job is started again.

        None where stopping has led nowhere too often: the job then fails.
        """
        if self.process is not None and self._stopped(self.process).outcome is Outcome.FAILED:
            return None
        return submitit_module("submitit.helpers").DelayedSubmission(replace(self, process=None))

    def _stopped(self, process: TaskProcess) -> Attempt:
        if self.kind.uses_gpu:
            process.ask_to_stop()
            give_up_at = monotonic() + self.stop_within_s
            while not process.is_over() and monotonic() < give_up_at:
                sleep(_LOOK_EVERY_S)
        if not process.is_over():
            process.kill()
        attempt = process.conclude_stopped(in_vain=not process.stopped_as_asked)
        times = process.attempts.stops_in_vain
        if times < (_MOST_TRAINED_IN_VAIN if self.kind is Kind.TRAIN else _MOST_IN_VAIN):
            return attempt
        return process.conclude_failed(
            f"{times} times in a row it was stopped at its time limit and had not kept what it had done. Give it more "
            "time, with --time or in cluster.yaml, and launch it again."
        )


def _job_id() -> str:
    array, index = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return os.environ.get("SLURM_JOB_ID", "") if array is None else f"{array}_{index}"


def _environment() -> Mapping[str, str]:
    """What the job was given: SLURM need not hold it to that by itself."""
    environment: dict[str, str] = {}
    if (cpus := os.environ.get("SLURM_CPUS_PER_TASK", "")).isdigit():
        environment |= environment_of_cores(int(cpus))
    if (mib := os.environ.get("SLURM_MEM_PER_NODE", "")).isdigit() and int(mib) > 0 and not any(allowed_memory()):
        environment[MEMORY_VARIABLE] = f"{int(mib) * (1 << 20) / GB:.2f}"
    return environment


def _wait_for_the_end() -> None:
    """SLURM, which has announced the end, kills the job soon: a job that ended by itself before would not be queued
    again when it is pre-empted. Of a job that was cancelled it ends this process. It returns where nothing came."""
    give_up_at = monotonic() + _END_IS_NEAR_S
    while monotonic() < give_up_at:
        try:
            state = ask_slurm(["squeue", "--noheader", "--job", os.environ["SLURM_JOB_ID"], "--Format", "State:24"])
        except (BenchError, KeyError):
            state = "RUNNING"
        # Of one that is pre-empted it says that it runs, until the last moment.
        if state.strip() not in ("RUNNING", "SIGNALING", ""):
            raise SystemExit(1)
        sleep(2.0)
