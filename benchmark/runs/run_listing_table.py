"""Writes a list of runs as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from mswal_bench.benchmark.jobs.queued_tasks import QueuedTask, TaskState
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

from .run_listing import ListedRun, RunListing

_HEADS = ["Run", "Method", "Data", "Budget", "Seed", "State", "Unfinished step", "Folds", "DSC", "Wall time"]
_QUEUE = "Queue"
_NONE = "\N{EN DASH}"
_MOST_TOLD = 5


def runs_table(listing: RunListing, root: Path, *, width: int | None = None) -> str:
    """A row for every run, and below the table what is longer than a cell, and the tasks that are of no run. Empty
    where there is neither.

    What does not fit into `width` characters side by side comes below. Where anything was handed to a cluster, a column
    tells of its queue.
    """
    if not listing.runs:
        return "\n".join(_others(listing.others))
    heads, align = list(_HEADS), ["left"] * 8 + ["right"] * 2
    rows = [_row(run, root) for run in listing.runs]
    if listing.is_queued:
        heads.insert(6, _QUEUE)
        align.insert(6, "left")
        for row, run in zip(rows, listing.runs, strict=True):
            row.insert(6, "\n".join(_queue(run.queue)) or _NONE)
    table = wrapped_table(heads, rows, align, width=width)
    notes = [note for run in listing.runs for note in _notes(run, _name(run, root))]
    notes += _others(listing.others)
    return "\n".join([table, *([""] if notes else []), *notes])


def _queue(tasks: Sequence[QueuedTask]) -> list[str]:
    """A line a task that runs, failed or trains a fold; of the others that wait, how many wait for what."""
    left = [task for task in tasks if task.state is not TaskState.DONE]
    waiting = Counter(task.why for task in left if _only_waits(task))
    lines = [f"{task.name}: {task}" for task in left if not _only_waits(task)]
    lines += [f"{count} more: pending" + (f" ({why})" if why else "") for why, count in waiting.items()]
    return lines


def _only_waits(task: QueuedTask) -> bool:
    return task.state is TaskState.PENDING and not task.requeued and not task.name.startswith("train")


def _others(tasks: Sequence[QueuedTask]) -> list[str]:
    """A line a task, but of many that are done, or wait for the same, how many they are."""
    alike = Counter(_alike(task) for task in tasks)
    lines: dict[str, None] = {}
    for task in tasks:
        of, state, why = _alike(task)
        if state in (TaskState.DONE, TaskState.PENDING) and alike[of, state, why] > _MOST_TOLD:
            lines[f"{of}: {alike[of, state, why]} {state}" + (f" ({why})" if why else "")] = None
        else:
            lines[f"{of} {task.name}: {task}{_why(task)}"] = None
    return list(lines)


def _alike(task: QueuedTask) -> tuple[str, TaskState, str]:
    return task.of, task.state, task.why


def _row(run: ListedRun, root: Path) -> list[str]:
    if run.method is None:
        return [_name(run, root), *[_NONE] * 4, run.condition, *[_NONE] * 4]
    return [
        _name(run, root),
        run.method,
        run.dataset or _NONE,
        run.budget or _NONE,
        str(run.seed),
        run.condition,
        "\n".join(f"{step.step} {step.note}".strip() for step in run.unfinished) or _NONE,
        ", ".join(map(str, run.folds_done)) or _NONE,
        "\n".join(_dsc(goal, dsc) for goal, dsc in run.mean_dsc.items()) or _NONE,
        _time(run),
    ]


def _name(run: ListedRun, root: Path) -> str:
    return str(run.folder.relative_to(root))


def _dsc(goal: str, dsc: float | None) -> str:
    value = _NONE if dsc is None else f"{100 * dsc:.2f}"
    return value if goal == "fold-all" else f"{goal} {value}"


def _time(run: ListedRun) -> str:
    time = str(timedelta(seconds=round(run.wall_s or 0)))
    return time if run.wall_is_whole else f"≥ {time}"


def _notes(run: ListedRun, name: str) -> list[str]:
    notes = [f"{name}: {owner}" for owner in run.owners]
    notes += [f"{name}, {goal}: {sentence}" for goal, sentence in run.failures.items()]
    told = set(run.failures.values())
    notes += [f"{name}, {task.name}: {task.why}" for task in run.queue if _is_lost(task) and task.why not in told]
    return [*notes, f"{name}: {run.reason}"] if run.reason is not None else notes


def _why(task: QueuedTask) -> str:
    return f": {task.why}" if _is_lost(task) else ""


def _is_lost(task: QueuedTask) -> bool:
    return task.state in (TaskState.FAILED, TaskState.LEFT_OUT)
