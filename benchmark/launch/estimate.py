"""Estimates what is left of each run: hours of training, and disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.stored_cases import StoredCase, stored_images
from mswal_bench.benchmark.runs.run_record import TrainingSession

from .plan_launch import Launch, PlannedRun


class Source(StrEnum):
    """Where hours of training are known from, in words."""

    MEASURED = "measured"
    """By what of this run is trained already."""
    PUBLISHED = "published, A100"
    """The method's card."""
    UNKNOWN = "not known"
    NOTHING_LEFT = "nothing left"


@dataclass(frozen=True)
class Estimate:
    """What is left of a run."""

    folds_left: tuple[int, ...]
    """Those that are to be trained, or trained to their end."""
    gpu_hours: float | None
    """Of training them, 0 for none; where the launch has no GPU, hours on what it has. None where nothing tells."""
    source: Source
    """Where `gpu_hours` are from."""
    disk_bytes: int | None
    """At most what prepared cases and checkpoints will add, beside which label maps are small. None where a part of it
    is not known."""


def estimates(launch: Launch, runs: Sequence[PlannedRun]) -> dict[str, Estimate]:
    """An estimate of each run, by its method's name. Headers of the training images are read where cases are to be
    prepared, once for all runs."""
    to_read = any(run.prepares and not run.is_finished for run in runs)
    cases = _stored_cases(launch) if to_read else None
    return {run.method.name: _estimate(run, cases) for run in runs}


def _estimate(run: PlannedRun, cases: Sequence[StoredCase] | None) -> Estimate:
    folds = () if run.is_finished else tuple(fold for fold in run.launch.goal.folds if not run.is_trained(fold))
    return Estimate(folds, *_hours(run, folds), _disk_bytes(run, len(folds), cases))


def _hours(run: PlannedRun, folds: Sequence[int]) -> tuple[float | None, Source]:
    if not folds:
        return 0.0, Source.NOTHING_LEFT
    an_epoch = _measured_hours_an_epoch(run)
    if an_epoch is not None:
        return an_epoch * sum(_epochs_left(run, fold) for fold in folds), Source.MEASURED
    a_fold = run.method.card.gpu_hours
    if a_fold is None or run.launch.budget is not Budget.PAPER or not _is_gpu(run.launch.device):
        return None, Source.UNKNOWN
    return a_fold * len(folds), Source.PUBLISHED


def _measured_hours_an_epoch(run: PlannedRun) -> float | None:
    """By the sessions that ended well on such a device, of all folds; None without any."""
    hours, epochs = 0.0, 0
    for session in (session for sessions in _sessions(run).values() for session in sessions):
        wall_s = session.resources.wall_s
        on_gpu = _is_gpu(session.device)
        if session.to_epoch is None or wall_s is None or on_gpu != _is_gpu(run.launch.device):
            continue
        gpu_hours = session.resources.gpu_hours if on_gpu else None
        hours += wall_s / 3600 if gpu_hours is None else gpu_hours
        epochs += session.to_epoch - session.from_epoch
    return hours / epochs if epochs > 0 else None


def _epochs_left(run: PlannedRun, fold: int) -> int:
    # A session that was killed does not say how far it came, but the next one from where it went on.
    done = [max(session.from_epoch, session.to_epoch or 0) for session in _sessions(run).get(fold, [])]
    return run.method.epochs(run.launch.budget) - max(done, default=0)


def _sessions(run: PlannedRun) -> Mapping[int, Sequence[TrainingSession]]:
    return {} if run.state is None else run.state.training


def _is_gpu(device: str) -> bool:
    return device.startswith("cuda")


def _disk_bytes(run: PlannedRun, folds: int, cases: Sequence[StoredCase] | None) -> int | None:
    prepared = checkpoints = 0
    # Those that another run prepares are linked.
    if run.prepares and not run.is_finished:
        found = run.method.prepared_bytes(cases, run.launch.budget) if cases else None
        if found is None:
            return None
        prepared = found
    if folds:
        parameters = _parameters(run)
        of_fold = None if parameters is None else run.method.checkpoint_bytes(parameters, run.launch.budget)
        if of_fold is None:
            return None
        checkpoints = folds * of_fold
    return prepared + checkpoints


def _parameters(run: PlannedRun) -> int | None:
    """Of the network as planned; before that what the card says, which is about the budget `paper` only."""
    if run.state is not None and run.state.parameters is not None:
        return run.state.parameters
    return run.method.card.parameters if run.launch.budget is Budget.PAPER else None


def _stored_cases(launch: Launch) -> list[StoredCase] | None:
    """None where a header cannot be read: whoever prepares the case says why."""
    images = {case.id: case.image for case in launch.goal.dataset.train.values()}
    cases = stored_images(images)
    return cases if len(cases) == len(images) else None
