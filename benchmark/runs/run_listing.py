"""Lists the runs below a folder and what became of them. It needs no torch and hinders no run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.jobs.queue_record import QUEUE_FILE
from mswal_bench.benchmark.jobs.queued_tasks import QueuedTask, TaskState, queued_tasks
from mswal_bench.benchmark.jobs.slurm import SlurmJobState, slurm_jobs
from mswal_bench.benchmark.jobs.tasks import NO_RUNS

from .finished_goals import finished_goals
from .run_folder import STATE_FILE, Owner, RunFolder
from .run_progress import Progress, read_failures, read_progress
from .run_record import RunRecord, RunState, Step, TrainingSession, read_run_record


class Condition(StrEnum):
    """How a run is now."""

    RUNNING = "running"
    QUEUED = "queued"
    """For a cluster, which will go on with it."""
    UNKNOWN = "not known"
    """A cluster was to go on with it, and does not answer."""
    STOPPED = "stopped"
    """By hand, by a kill, or by the machine: the same command goes on."""
    FAILED = "failed"
    """With a sentence that says why; the same command goes on."""
    FINISHED = "finished"
    DAMAGED = "damaged"
    """Its state cannot be read."""


class ListedRun(BaseModel):
    """One run folder."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    condition: Condition
    reason: str | None = None
    """Of a damaged run what is wrong; None for the others."""
    failures: dict[str, str] = {}
    """By goal, the sentence that the last call for it failed with; also while other calls are at work."""
    owners: list[Owner] = []
    """The processes at work on it."""
    queue: list[QueuedTask] = []
    """The tasks of it that were handed to a cluster."""
    unfinished: list[Progress] = []
    """The steps that were begun and are not finished; of a running run those that are being worked on."""
    method: str | None = None
    """Like all that follows, None where the state cannot be read."""
    dataset: str | None = None
    budget: str | None = None
    seed: int | None = None
    folds_done: list[int] = []
    """The folds that are trained to their end."""
    mean_dsc: dict[str, float | None] = {}
    """By goal (`fold-all`, `public-cv-fold-2`) the average of the classes' DSC, a fraction; None where the labels are
    not there. A goal that is not reached is not in it."""
    wall_s: float | None = None
    """The sum of what is known of the steps' times: of folds that trained side by side, longer than it took."""
    wall_is_whole: bool = True
    """False when the time of a step is missing in it that was killed or still goes on."""


@dataclass(frozen=True)
class RunListing:
    """What is below a folder."""

    runs: list[ListedRun]
    """By path."""
    others: list[QueuedTask]
    """Tasks that were handed to a cluster and are of no single run: the table of all, scores, evaluations."""
    problems: list[Problem]
    """The folders that cannot be looked into, and a cluster that does not answer."""

    @property
    def is_queued(self) -> bool:
        """Whether anything of it was handed to a cluster."""
        return bool(self.others) or any(run.queue for run in self.runs)


def list_runs(root: Path) -> RunListing:
    """Every run folder below `root`, or `root` itself, and the runs that a cluster is to begin.

    Links are not followed, and nothing below a run folder is looked at. Raises BenchError when `root` is no folder.
    """
    if not root.is_dir():
        raise BenchError(Problem("there is no such folder", str(root)))
    problems: list[Problem] = []
    folders, launches = _run_folders(root, problems)
    queued = _queued(launches, problems)
    runs = [_listed(folder, queued.pop(folder, [])) for folder in folders]
    # A folder has the name of its run.
    not_begun = {folder: tasks for folder, tasks in queued.items() if folder.name not in NO_RUNS}
    runs += [
        ListedRun(folder=folder, condition=_queue_condition(tasks) or Condition.STOPPED, queue=tasks)
        for folder, tasks in not_begun.items()
    ]
    others = [task for folder, tasks in queued.items() if folder not in not_begun for task in tasks]
    return RunListing(sorted(runs, key=lambda run: run.folder), others, problems)


def _run_folders(root: Path, problems: list[Problem]) -> tuple[list[Path], list[Path]]:
    """The folders of runs, and those with what was handed to a cluster."""

    def unreadable(error: OSError) -> None:
        problems.append(Problem(f"cannot be looked into ({error.strerror})", str(error.filename)))

    runs, launches = [], []
    for folder, subfolders, files in os.walk(root, onerror=unreadable):
        if STATE_FILE in files:
            subfolders.clear()
            runs.append(Path(folder))
        elif QUEUE_FILE in files:
            subfolders.clear()
            launches.append(Path(folder))
        subfolders[:] = sorted(name for name in subfolders if not is_litter(name))
    return runs, launches


def _queued(launches: Sequence[Path], problems: list[Problem]) -> dict[Path, list[QueuedTask]]:
    """By the folder of a run, the tasks of it that were handed over."""
    jobs: list[SlurmJobState] | None = None
    if launches:
        try:
            jobs = slurm_jobs()
        except BenchError as error:
            problems += error.problems
    found: dict[Path, list[QueuedTask]] = {}
    for launch in launches:
        try:
            tasks = queued_tasks(launch, jobs)
        except BenchError as error:
            problems += error.problems
            continue
        for task in tasks:
            found.setdefault(launch.parent / task.of, []).append(task)
    return found


def _queue_condition(tasks: Sequence[QueuedTask]) -> Condition | None:
    """What they say of their run; None where nothing of it is in the queue."""
    states = {task.state for task in tasks}
    if TaskState.RUNNING in states:
        return Condition.RUNNING
    if TaskState.PENDING in states:
        return Condition.QUEUED
    return Condition.UNKNOWN if TaskState.UNKNOWN in states else None


def _listed(root: Path, queue: list[QueuedTask]) -> ListedRun:
    try:
        # Anything may bear the name; a pipe would wait for ever.
        if not (root / STATE_FILE).is_file():
            raise BenchError(Problem("is not a file", str(root / STATE_FILE)))
        state = RunFolder(root).state()
        owners = RunFolder(root).owners()
        records = _records(root)
    except BenchError as error:
        return ListedRun(folder=root, condition=Condition.DAMAGED, reason=_what_is_wrong(error, root), queue=queue)
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        return ListedRun(folder=root, condition=Condition.DAMAGED, reason=reason, queue=queue)
    unfinished = _unfinished(root, owners, records)
    failures = {goal: failure.sentence for goal, failure in read_failures(root).items()}
    if owners:
        condition = Condition.RUNNING
    elif (in_queue := _queue_condition(queue)) is not None:
        condition = in_queue
    elif failures:
        condition = Condition.FAILED
    else:
        condition = Condition.FINISHED if records and not unfinished else Condition.STOPPED
    if condition is Condition.FINISHED:
        # What failed on the way was done by another call since.
        queue = [task for task in queue if task.state is TaskState.DONE]
    walls = _walls(state)
    return ListedRun(
        folder=root,
        condition=condition,
        failures=failures,
        owners=owners,
        queue=queue,
        unfinished=unfinished,
        method=state.identity.method,
        dataset=state.identity.dataset,
        budget=state.identity.budget,
        seed=state.identity.seed,
        folds_done=sorted(fold for fold, sessions in state.training.items() if _is_trained(sessions)),
        mean_dsc={goal: _mean_dsc(record) for goal, record in records.items()},
        wall_s=sum(wall for wall in walls if wall is not None),
        wall_is_whole=None not in walls,
    )


def _records(root: Path) -> dict[str, RunRecord]:
    """The records of the goals that were reached, by the goal's folder."""
    return {path.parent.name: read_run_record(path) for path in finished_goals(root)}


def _unfinished(root: Path, owners: Sequence[Owner], records: Mapping[str, RunRecord]) -> list[Progress]:
    """Less what is past: steps of an earlier call than the one that runs, and shares of a goal that was reached."""
    progress = read_progress(root)
    if owners:
        return [step for step in progress if step.at >= min(owner.since for owner in owners)]
    return [
        step
        for step in progress
        if step.goal is None or step.goal not in records or step.at > records[step.goal].created_at
    ]


def _is_trained(sessions: Sequence[TrainingSession]) -> bool:
    return any(session.to_epoch == session.of_epochs for session in sessions)


def _mean_dsc(record: RunRecord) -> float | None:
    scores = record.method_scores
    return None if scores is None or isnan(scores.average.dsc) else scores.average.dsc


def _walls(state: RunState) -> list[float | None]:
    steps: list[Step | TrainingSession | None] = [state.prepared, *state.predicted.values()]
    steps += [session for sessions in state.training.values() for session in sessions]
    return [step.resources.wall_s for step in steps if step is not None]


def _what_is_wrong(error: BenchError, root: Path) -> str:
    return " ".join(f"{Path(problem.where).relative_to(root)} {problem.what}" for problem in error.problems)
