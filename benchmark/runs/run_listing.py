"""Lists the runs below a folder and what became of them. It needs no torch and hinders no run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from math import isnan
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter

from .finished_goals import finished_goals
from .run_folder import STATE_FILE, Owner, RunFolder
from .run_progress import Progress, read_failures, read_progress
from .run_record import RunRecord, RunState, Step, TrainingSession, read_run_record


class Condition(StrEnum):
    """How a run is now."""

    RUNNING = "running"
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


def list_runs(root: Path) -> tuple[list[ListedRun], list[Problem]]:
    """Every run folder below `root`, or `root` itself, by path; and the folders that cannot be looked into.

    Links are not followed, and nothing below a run folder is looked at. Raises BenchError when `root` is no folder.
    """
    if not root.is_dir():
        raise BenchError(Problem("there is no such folder", str(root)))
    problems: list[Problem] = []
    return [_listed(folder) for folder in _run_folders(root, problems)], problems


def _run_folders(root: Path, problems: list[Problem]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(Problem(f"cannot be looked into ({error.strerror})", str(error.filename)))

    for folder, subfolders, files in os.walk(root, onerror=unreadable):
        if STATE_FILE in files:
            subfolders.clear()
            yield Path(folder)
        subfolders[:] = sorted(name for name in subfolders if not is_litter(name))


def _listed(root: Path) -> ListedRun:
    try:
        # Anything may bear the name; a pipe would wait for ever.
        if not (root / STATE_FILE).is_file():
            raise BenchError(Problem("is not a file", str(root / STATE_FILE)))
        state = RunFolder(root).state()
        owners = RunFolder(root).owners()
        records = _records(root)
    except BenchError as error:
        return ListedRun(folder=root, condition=Condition.DAMAGED, reason=_what_is_wrong(error, root))
    except OSError as error:
        return ListedRun(folder=root, condition=Condition.DAMAGED, reason=f"cannot be read ({error.strerror})")
    unfinished = _unfinished(root, owners, records)
    failures = {goal: failure.sentence for goal, failure in read_failures(root).items()}
    if owners:
        condition = Condition.RUNNING
    elif failures:
        condition = Condition.FAILED
    else:
        condition = Condition.FINISHED if records and not unfinished else Condition.STOPPED
    walls = _walls(state)
    return ListedRun(
        folder=root,
        condition=condition,
        failures=failures,
        owners=owners,
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
