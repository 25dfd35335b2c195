"""Makes launches and runs of them that are as far as a test wants."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mswal_bench.baselines.method import Budget, Method
from mswal_bench.benchmark.launch.plan_launch import Launch, PlannedRun
from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunState, Step, TrainingSession
from mswal_bench.benchmark.runs.tracks import Track

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def launch_of(raw: Path, root: Path, *methods: Method, **changed: Any) -> Launch:
    asked: dict[str, Any] = {
        "budget": Budget.PAPER,
        "track": Track.PUBLIC_CV,
        "selection": "all",
        "seed": 0,
        "device": "cuda",
        "prediction_device": "cuda",
        "cases_a_shard": 2,
    }
    return Launch(methods, raw, root, **(asked | changed))


def session(hours: float | None, from_epoch: int, to_epoch: int | None, device: str = "cuda") -> TrainingSession:
    """Of a method with 1,000 epochs; without hours and epochs it was killed."""
    used = Resources()
    if hours is not None:
        used = Resources(wall_s=3600 * hours, gpu_hours=hours if device == "cuda" else 0)
    return TrainingSession(
        started_at=NOW,
        from_epoch=from_epoch,
        to_epoch=to_epoch,
        of_epochs=1000,
        device=device,
        environment="one",
        resources=used,
    )


def planned(
    launch: Launch,
    method: Method,
    training: Mapping[int, list[TrainingSession]] | None = None,
    *,
    parameters: int | None = None,
    prepared_by: Method | None = None,
) -> PlannedRun:
    """A run that is prepared where it has `training`, and not begun where that is None."""
    if training is None:
        return PlannedRun(launch, method, None, prepared_by)
    identity = RunIdentity(
        method=method.name,
        budget=launch.budget,
        seed=0,
        dataset="phantom",
        split_digest="",
        files_digest="",
        settings_digest="",
    )
    prepared = Step(started_at=NOW, environment="one", resources=Resources())
    state = RunState(identity=identity, prepared=prepared, training=dict(training), parameters=parameters)
    run = PlannedRun(launch, method, state, prepared_by)
    # The networks of the folds that it says are trained are there.
    run.__dict__["_networks"] = launch.goal.folds
    return run
