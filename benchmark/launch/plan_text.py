"""Writes what a launch is about to do, and what it would take, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

from mswal_bench.benchmark.core.counted import counted
from mswal_bench.benchmark.data.download.disk_room import in_bytes
from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request
from mswal_bench.benchmark.jobs.tasks import Kind, TaskPlan
from mswal_bench.benchmark.tables.terminal import terminal_width
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

from .estimate import Estimate, Source
from .plan_launch import Launch, PlannedRun

_NONE = "\N{EN DASH}"
_LEAST_HOURS = 0.1


def plan_text(
    launch: Launch,
    runs: Sequence[PlannedRun],
    plan: TaskPlan,
    settings: ClusterSettings | None,
    request: Request,
    estimates: Mapping[str, Estimate],
) -> str:
    """A row for each kind of step with its tasks and what each asks for, and a row for each method with its estimate,
    which is looked up by the method's name.

    `settings` are None where the tasks are done on this machine and so ask for nothing. Of a plan without tasks it is
    one sentence.
    """
    width = terminal_width()
    if not plan.tasks:
        return _filled([_all_done(launch)], width)
    return "\n\n".join(
        [
            _filled([_title(launch, runs, plan)], width),
            _steps(launch, runs, plan, settings, request, width),
            *([] if settings is None else [_filled(_asked_beside(plan, settings, request), width)]),
            _methods(launch, runs, estimates, width),
            _filled(_totals(launch, estimates), width),
        ]
    )


def _all_done(launch: Launch) -> str:
    if launch.goal.labels is None:
        return f"Nothing is left to do. All label maps are in {launch.root}; without labels there is no table."
    return f"Nothing is left to do. The table of all methods is in {launch.table}."


def _title(launch: Launch, runs: Sequence[PlannedRun], plan: TaskPlan) -> str:
    of = f"{launch.goal.dataset.name}, {launch.goal.title}, budget {launch.budget}"
    return f"{counted(len(runs), 'method')} on {of}: {counted(len(plan.tasks), 'task')} left"


def _steps(
    launch: Launch,
    runs: Sequence[PlannedRun],
    plan: TaskPlan,
    settings: ClusterSettings | None,
    request: Request,
    width: int | None,
) -> str:
    heads, align = ["Step", "Tasks left", "Done before"], ["left", "right", "right"]
    if settings is not None:
        heads += ["At once", "Partition", "Time", "GPUs", "Cores", "Memory"]
        align += ["right", "left", *["right"] * 4]
    rows = []
    for kind, of in _tasks_of_all(launch, runs).items():
        if not of:
            continue
        arrays = [len(array.tasks) for array in plan.arrays if array.kind is kind]
        rows.append([kind.value, str(sum(arrays)), str(of - sum(arrays))])
        if settings is not None:
            # Each array is held to it by itself, and each method's prediction is one.
            rows[-1] += _asked(kind, sum(min(tasks, settings.at_once) for tasks in arrays), settings, request)
    return wrapped_table(heads, rows, align, width=width)


def _tasks_of_all(launch: Launch, runs: Sequence[PlannedRun]) -> dict[Kind, int]:
    """By kind, how many tasks there are when nothing is done yet."""
    return {
        Kind.CHECK: int(launch.check),
        Kind.PREPARE: sum(run.prepared_by is None for run in runs),
        Kind.TRAIN: len(runs) * len(launch.goal.folds),
        Kind.PREDICT: len(runs) * len(launch.shards),
        Kind.SCORE: len(runs),
        Kind.TABLE: int(launch.goal.labels is not None),
    }


def _asked(kind: Kind, at_once: int, settings: ClusterSettings, request: Request) -> list[str]:
    if not at_once:
        return [_NONE] * 6
    asked = settings.request(kind, request)
    return [
        str(at_once),
        asked.partition or "default",
        _NONE if asked.time is None else _time(asked.time),
        str(asked.gpus or 0),
        _NONE if asked.cpus is None else str(asked.cpus),
        _NONE if asked.memory is None else f"{asked.memory:g} GB",
    ]


def _asked_beside(plan: TaskPlan, settings: ClusterSettings, request: Request) -> list[str]:
    """What the rows of the steps have no column for."""
    asked = {kind: settings.request(kind, request) for kind in dict.fromkeys(array.kind for array in plan.arrays)}
    kinds_of: dict[str, list[str]] = {}
    for kind, of in asked.items():
        kinds_of.setdefault(_sbatch_options(of), []).append(kind)
    lines = [
        f"Options of sbatch, {'all tasks' if len(kinds) == len(asked) else ', '.join(kinds)}: {options}"
        for options, kinds in kinds_of.items()
        if options
    ]
    lines.append(f"Tasks are told to stop {settings.stop_ahead} min before their time limit (stop_ahead).")
    ahead_s = {kind: settings.stop_ahead_s(of) for kind, of in asked.items()}
    if cut := [f"{kind} {s / 60:g} min" for kind, s in ahead_s.items() if s < 60 * settings.stop_ahead]:
        lines.append(f"note: stop_ahead is at most a quarter of a task's time: {', '.join(cut)}.")
    return lines


def _sbatch_options(asked: Request) -> str:
    named = {"account": asked.account, "qos": asked.qos, "constraint": asked.constraint, **(asked.sbatch or {})}
    return " ".join(f"--{name.lstrip('-')}={value}" for name, value in named.items() if value is not None)


def _methods(launch: Launch, runs: Sequence[PlannedRun], estimates: Mapping[str, Estimate], width: int | None) -> str:
    heads = ["Method", "Folds left", "Prepared by", _hours_head(launch), "Source", "Disk, at most"]
    rows = [_method(run, estimates[run.method.name]) for run in runs]
    return wrapped_table(heads, rows, ["left", "left", "left", "right", "left", "right"], width=width)


def _method(run: PlannedRun, estimate: Estimate) -> list[str]:
    prepared_by = "done" if run.is_prepared else "itself" if run.prepared_by is None else run.prepared_by.name
    return [
        run.method.name,
        ", ".join(map(str, estimate.folds_left)) or "none",
        prepared_by,
        _NONE if estimate.gpu_hours is None else _hours(estimate.gpu_hours),
        estimate.source,
        "not known" if estimate.disk_bytes is None else in_bytes(estimate.disk_bytes),
    ]


def _totals(launch: Launch, estimates: Mapping[str, Estimate]) -> list[str]:
    """What all methods come to; what is not known of some is named and never counted as nothing."""
    what = _hours_head(launch)
    known = [each.gpu_hours for each in estimates.values() if each.gpu_hours is not None]
    unknown = [name for name, each in estimates.items() if each.gpu_hours is None]
    if not unknown:
        lines = [f"Training: about {_hours(sum(known))} {what}."]
    elif sum(known):
        lines = [f"Training: at least {_hours(sum(known))} {what}; not known: {', '.join(unknown)}."]
    else:
        lines = [f"Training: how many {what} is not known."]
    bounds = [each.disk_bytes for each in estimates.values() if each.disk_bytes is not None]
    unknown = [name for name, each in estimates.items() if each.disk_bytes is None]
    if not unknown:
        lines.append(f"Disk: at most {in_bytes(sum(bounds))} more, and a little for label maps and logs.")
    elif sum(bounds):
        lines.append(f"Disk: at most {in_bytes(sum(bounds))} more, without what is not known: {', '.join(unknown)}.")
    else:
        lines.append("Disk: how much will be added is not known.")
    if any(each.source is Source.PUBLISHED for each in estimates.values()):
        lines.append("Published hours were measured on an A100 with 40 GB; another GPU takes more or less.")
    return [*lines, "The time of preparation, prediction and scores is not counted."]


def _hours_head(launch: Launch) -> str:
    return "GPU-hours" if launch.device.startswith("cuda") else "CPU-hours"


def _hours(hours: float) -> str:
    if 0 < hours < _LEAST_HOURS:
        return f"< {_LEAST_HOURS}"
    return f"{hours:,.0f}" if hours >= 10 or not hours else f"{hours:.1f}"


def _time(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])])


def _filled(lines: Sequence[str], width: int | None) -> str:
    # Paths are not broken at hyphens.
    return "\n".join(lines if width is None else [fill(line, width, break_on_hyphens=False) for line in lines])
