"""Writes a list of runs as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

from .run_listing import Condition, ListedRun

_HEADS = ["Run", "Method", "Data", "Budget", "Seed", "State", "Unfinished step", "Folds", "DSC", "Time"]
_NONE = "\N{EN DASH}"


def runs_table(runs: Sequence[ListedRun], root: Path, *, width: int | None = None) -> str:
    """A row for every run, and below the table what is longer than a cell. Empty for no run.

    What does not fit into `width` characters side by side comes below.
    """
    if not runs:
        return ""
    rows = [_row(run, root) for run in runs]
    table = wrapped_table(_HEADS, rows, ["left"] * 8 + ["right"] * 2, width=width)
    notes = [note for run in runs for note in _notes(run, _name(run, root))]
    return "\n".join([table, *([""] if notes else []), *notes])


def _row(run: ListedRun, root: Path) -> list[str]:
    if run.condition is Condition.DAMAGED:
        return [_name(run, root), *[_NONE] * 4, run.condition, *[_NONE] * 4]
    return [
        _name(run, root),
        run.method or _NONE,
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
    return [*notes, f"{name}: {run.reason}"] if run.reason is not None else notes
