"""Holds the options that say what is asked of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mswal_bench.benchmark.jobs.slurm_time import minutes_of

if TYPE_CHECKING:
    from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request


class _Time(click.types.StringParamType):
    """Takes a time as sbatch does, and gives minutes."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return minutes_of(value)
        except ValueError as error:
            self.fail(f"{value!r} is not {error}.", param, ctx)


class _Line(click.types.StringParamType):
    """Takes a line, and of the environment several."""

    envvar_list_splitter = "\n"


def _option(name: str, *called: str, **settings: Any) -> Callable[..., Any]:
    """An option that may also be set in the environment: `--partition` by MSWAL_BENCH_PARTITION."""
    variable = f"MSWAL_BENCH_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, *called, envvar=variable, show_envvar=True, **settings)


_OPTIONS = (
    _option("--cluster", type=click.Path(path_type=Path), help="A cluster.yaml with what each kind of task asks for."),
    _option("--partition", help="SLURM's partition, of every task."),
    _option("--account", help="Whom SLURM charges."),
    _option("--qos", help="SLURM's quality of service."),
    _option("--constraint", help="Features that nodes must have."),
    _option("--time", type=_Time(), help="Until a task is stopped and queued again: 90 (minutes), 2-12:00:00."),
    _option("--gpus", type=click.IntRange(0, 1), help="GPUs of a training or a prediction; 0 uses the CPU."),
    _option("--cpus", type=click.IntRange(min=1), help="Cores of a task."),
    _option(
        "--memory-a-task",
        "memory",
        metavar="GB",
        type=click.FloatRange(min=0, min_open=True),
        help="Memory of a task.",
    ),
    _option(
        "--setup",
        type=_Line(),
        multiple=True,
        help="A line of shell to run before a task, several times for several; in the environment, one a line.",
    ),
    _option("--at-once", type=click.IntRange(min=1), help="How many trainings may run at once.  [default: 10]"),
)


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options, called as in `CLUSTER_OPTIONS`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given_cluster_options() -> list[str]:
    """Those that stand on the command line, and not only in the environment, as they are written there."""
    context = click.get_current_context()
    return [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in CLUSTER_OPTIONS
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]


def asked_of_cluster(
    *, cluster: Path | None, at_once: int | None, setup: tuple[str, ...], **asked: Any
) -> tuple[ClusterSettings, Request]:
    """What a `cluster.yaml` says, and what the options say.

    Raises BenchError for a file that is wrong, and UsageError for an option that is.
    """
    from pydantic import ValidationError

    from mswal_bench.benchmark.core.wrong_values import wrong_values
    from mswal_bench.benchmark.jobs.cluster_settings import PATTERNS, ClusterSettings, Request, read_cluster_settings

    settings = ClusterSettings() if cluster is None else read_cluster_settings(cluster)
    if at_once is not None:
        settings = settings.model_copy(update={"at_once": at_once})
    try:
        return settings, Request(**asked, setup=tuple(line for line in setup if line.strip()) or None)
    except ValidationError as error:
        raise click.UsageError(f"{wrong_values(error, PATTERNS)}.") from error


CLUSTER_OPTIONS = (
    *("cluster", "partition", "account", "qos", "constraint", "time"),
    *("gpus", "cpus", "memory", "setup", "at_once"),
)
"""What the options are called by a command."""
