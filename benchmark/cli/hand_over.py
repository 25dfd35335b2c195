"""Holds the options that say where tasks are done, and hands tasks over to there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mswal_bench.benchmark.core.counted import counted
from mswal_bench.benchmark.core.errors import Problem

from .choices import Choice
from .cluster_options import CLUSTER_OPTIONS, asked_of_cluster, cluster_options, given_cluster_options
from .runs.training_options import stoppable

if TYPE_CHECKING:
    from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request
    from mswal_bench.benchmark.jobs.local_queue import Slot, WorkedOff
    from mswal_bench.benchmark.jobs.tasks import Task, TaskPlan

_THEN = "the same command goes on from what is done"


@dataclass(frozen=True)
class Place:
    """Where tasks are done, and what is asked of it."""

    where: str
    """`slurm` or `local`."""
    devices: tuple[str, ...]
    """Of this machine, as named; empty where none is."""
    cancel: bool
    """Whether what is queued is to be taken out of SLURM's queue, and nothing else."""
    settings: ClusterSettings
    request: Request

    @property
    def is_local(self) -> bool:
        return self.where == "local"

    def slots(self, otherwise: Sequence[str] = ()) -> list[Slot]:
        """What tasks compute on here: the devices that are named, or `otherwise`, or all GPUs. None on a cluster."""
        from mswal_bench.benchmark.launch.local_slots import local_slots

        return local_slots(self.devices or otherwise) if self.is_local else []


def place_options(*, required: bool, tasks: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a command `place`, which is None without --on. `tasks` says in help what is one."""

    def with_place(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def placed(*arguments: Any, where: str | None, devices: str | None, cancel: bool, **others: Any) -> Any:
            if devices is not None and where != "local":
                raise click.UsageError("--devices is of --on local; on a cluster --gpus says whether a task gets one.")
            if cancel and where != "slurm":
                raise click.UsageError("--cancel is of --on slurm; what --on local does ends with Ctrl-C.")
            # The environment may say what it will of a cluster.
            if where != "slurm" and (given := given_cluster_options()):
                here = where == "local" and "--gpus" in given
                mend = "Of this machine use --devices, as in --devices cpu." if here else "Leave that out, or use it."
                raise click.UsageError(f"Only --on slurm takes {', '.join(given)}. {mend}")
            named = () if devices is None else tuple(devices.split(","))
            of_cluster = {name: others.pop(name) for name in CLUSTER_OPTIONS}
            place = None if where is None else Place(where, named, cancel, *_asked(where, of_cluster))
            return command(*arguments, place=place, **others)

        wrapped: Callable[..., Any] = cluster_options(placed)
        for option in reversed(_options(required, tasks)):
            wrapped = option(wrapped)
        return wrapped

    return with_place


def _asked(where: str, options: Mapping[str, Any]) -> tuple[ClusterSettings, Request]:
    if where == "slurm":
        return asked_of_cluster(**options)
    from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request

    return ClusterSettings(), Request()


def submit(plan: TaskPlan, place: Place, show: Path) -> None:
    """Queues what of a plan is not queued, and says so; `show` is the folder for `mswal-bench runs`."""
    from mswal_bench.benchmark.jobs.slurm_queue import submit_to_slurm

    with stoppable(_THEN):
        submitted = submit_to_slurm(
            plan, place.settings, place.request, announce=lambda sentence: click.echo(sentence, err=True)
        )
    before = f"; {submitted.queued_before} were queued before" if submitted.queued_before else ""
    click.echo(f"queued: {counted(submitted.tasks, 'task')} in {counted(submitted.arrays, 'array')}{before}")
    click.echo(f"`mswal-bench runs {show}` shows how far they are", err=True)


def work_off(plan: TaskPlan, slots: Sequence[Slot], how_far: Callable[[Task], str] = attrgetter("key")) -> WorkedOff:
    """Does a plan's tasks on this machine, one on each slot at a time. `how_far` is as of `local_queue.work_off`."""
    from mswal_bench.benchmark.jobs import local_queue

    with stoppable(_THEN):
        return local_queue.work_off(plan, slots, how_far)


def not_done(became: WorkedOff) -> list[Problem]:
    """Why tasks that were worked off are not done, each."""
    return [
        *(Problem(f"failed: {sentence.removesuffix('.')}", key) for key, sentence in became.failed.items()),
        *(Problem(f"not begun, for it needs {lost!r}", key) for key, lost in became.left.items()),
    ]


def cancel_tasks(folder: Path) -> None:
    """Takes all that was handed over from `folder` out of SLURM's queue, and says how much that was."""
    from mswal_bench.benchmark.jobs.slurm_queue import cancel_in_slurm

    click.echo(f"taken out of the queue: {counted(cancel_in_slurm(folder), 'task')}")


def _options(required: bool, tasks: str) -> tuple[Callable[..., Any], ...]:
    also = "" if required else f" {tasks} is a task of its own."
    return (
        click.option(
            "--on",
            "where",
            required=required,
            type=Choice(["slurm", "local"]),
            help=f"slurm: jobs of the cluster. local: the GPUs of this machine, or shares of its cores.{also}",
        ),
        click.option(
            "--devices",
            metavar="LIST",
            help="With --on local: GPUs as nvidia-smi numbers them (0,1), or cpu,cpu."
            f"  [default: {'all GPUs, else cpu' if required else 'cpu'}]",
        ),
        click.option("--cancel", is_flag=True, help="With --on slurm: take all that is queued out of its queue again."),
    )
