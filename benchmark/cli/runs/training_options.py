"""Holds the options that commands that train or predict have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any

import click

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.stop_request import STOPPED_AS_ASKED, StoppedError
from mswal_bench.baselines.worker_memory import GB, MEMORY_VARIABLE
from mswal_bench.benchmark.cli import STOPPED
from mswal_bench.benchmark.cli.choices import Choice, MethodName
from mswal_bench.benchmark.runs.tracks import ALL_FOLDS, SELECTIONS, Shard, folds_of, selection_of


class _Gigabytes(click.types.FloatParamType):
    """Takes a number of gigabytes above 0, and gives bytes."""

    name = "gigabytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        gigabytes = super().convert(value, param, ctx)
        if not 0 < gigabytes < inf:
            self.fail(f"{value} is not a number of gigabytes above 0.", param, ctx)
        return int(gigabytes * GB)


class Folds(click.types.StringParamType):
    """Takes a selection of folds, and gives it as `selection_of` does."""

    name = "folds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        names = str(value).replace(" ", "")
        try:
            return selection_of(folds_of(names))
        except ValueError:
            known = ", ".join(SELECTIONS)
            self.fail(f"{value!r} is not one of {known}, nor several of the numbers, as in 0,1.", param, ctx)


class ShardNumber(click.ParamType[Shard]):
    """Takes `3/21`: the third of 21."""

    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        if isinstance(value, Shard):
            return value
        number, _, of = str(value).partition("/")
        numbers = [int(text) for text in (number, of) if text.isascii() and text.isdigit()]
        if len(numbers) != len((number, of)) or not 1 <= numbers[0] <= numbers[1]:
            self.fail(f"{value!r} is not I/N with I from 1 to N, as in 3/21.", param, ctx)
        return Shard(*numbers)


_DEVICE_OPTIONS = (
    click.option(
        "--device", type=Choice(["auto", "cpu", "cuda"]), help="What this process computes on.  [default: auto]"
    ),
    click.option(
        "--devices",
        metavar="LIST",
        help="A process on each: GPUs as nvidia-smi numbers them (0,1), or shares of the CPU's cores (cpu,cpu).",
    ),
    click.option(
        "--memory",
        "memory_bytes",
        metavar="GB",
        type=_Gigabytes(),
        envvar=MEMORY_VARIABLE,
        help="Gigabytes that all processes of the run together may take.  [default: what is free]",
    ),
)
_OPTIONS = (
    click.argument("method", type=MethodName()),
    click.option(
        "--variant",
        help="The variant of METHOD: of inception-nnunet I to V, as in the paper's ablation, `released` or "
        "`running-statistics`.",
    ),
    click.option(
        "--budget",
        type=Choice([budget.value for budget in Budget]),
        default=Budget.PAPER.value,
        show_default=True,
        help="paper: what the authors set. demo: a small network, minutes on a CPU. smoke: a few iterations.",
    ),
    click.option(
        "--fold",
        metavar="FOLD",
        type=Folds(),
        default=ALL_FOLDS,
        show_default=True,
        help="0 to 4, several (0,1) or all: they are trained, and their ensemble predicts the test images.",
    ),
    *_DEVICE_OPTIONS,
    click.option(
        "--no-check",
        is_flag=True,
        help="Do not read every image and label before the run begins. Only where that was done before.",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn at random."
    ),
)


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument METHOD and the options that say how it is trained."""
    return _with(command, _OPTIONS)


def device_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a command computes on, and with how much memory."""
    return _with(command, _DEVICE_OPTIONS)


def device_names(device: str | None, devices: str | None) -> tuple[str, tuple[str, ...]]:
    """The one device of this process, and those of processes of their own. UsageError when both are asked for."""
    if device is not None and devices is not None:
        raise click.UsageError("--device and --devices exclude each other")
    return device or "auto", tuple(name.strip() for name in devices.split(",")) if devices is not None else ()


@contextmanager
def stoppable(then: str = "the same command goes on from the last checkpoint") -> Iterator[None]:
    """Ends the command with a sentence that says what comes `then`: with 130 on Ctrl-C, and with 75 where it was asked
    to stop and has kept what was done."""
    try:
        yield
    except StoppedError:
        click.echo(f"stopped as asked; {then}", err=True)
        sys.exit(STOPPED_AS_ASKED)
    except KeyboardInterrupt:
        click.echo(f"\nstopped; {then}", err=True)
        sys.exit(STOPPED)


def _with(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
