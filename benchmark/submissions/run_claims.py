"""Takes from the record of a finished run what the form of its submission asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mswal_bench.baselines.registry import find_variant
from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunRecord, TrainingSession
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.splits import N_FOLDS

from .form_file import PLACEHOLDER

_LONGEST_NAME = 60


def claims_of(record: RunRecord) -> dict[str, Any]:
    """Gives fields of a form by name, those of `ensemble` and `cost` in mappings; what the record lacks is left out.

    Only what was measured in the run is claimed: a cost of which a part is not known is not.
    """
    baseline, variant = baseline_of(record.identity)
    package, version = record.identity.package, record.identity.package_version
    run = f"mswal-bench run {record.identity.method}, budget {record.identity.budget}, seed {record.identity.seed}"
    fields: dict[str, Any] = {
        "method": record.title[:_LONGEST_NAME],
        "track": record.track,
        "baseline": baseline,
        "variant": variant,
        "package": None if package is None else f"{package} {version}",
        "ensemble": _ensemble(record),
        "post_processing": _post_processing(record),
        "cost": _cost(record),
        "notes": f"{run}, {record.epochs} epochs a fold.",
    }
    if record.start is not None and record.start.run.dataset != record.identity.dataset:
        name = record.start.run.dataset
        fields["extra_data"] = [{"name": name, "public": PLACEHOLDER, "use": "pretraining"}]
    return {name: value for name, value in fields.items() if value is not None}


def baseline_of(run: RunIdentity) -> tuple[str | None, str | None]:
    """The method and its variant, of a run of `inception-nnunet-II`, say; None for one that is not known.

    A plug-in that is no longer installed is named as the run names it.
    """
    found = find_variant(run.method)
    return found or ((None, None) if run.package is None else (run.method, None))


def _ensemble(record: RunRecord) -> dict[str, Any]:
    if record.track == Track.PUBLIC_CV:
        return {"models": 1, "description": "each case by the network of the one fold that held it out"}
    return ensemble_of(record.folds)


def ensemble_of(folds: Sequence[int]) -> dict[str, Any]:
    """Says how many networks predict together, and which."""
    named = ", ".join(map(str, folds))
    return {"models": len(folds), "description": f"fold {named}" if len(folds) == 1 else f"folds {named}"}


def _post_processing(record: RunRecord) -> str | None:
    done = list(filter(None, [post_processing_of(record.settings)]))
    # Over fewer folds nnU-Net v1 has not decided on any.
    if record.identity.method == "nnunet-v1" and len(record.folds) == N_FOLDS and record.track != Track.PUBLIC_CV:
        done.append(
            "all but the largest component of those classes for which its five folds say so, as nnU-Net v1 does"
        )
    return "; ".join(done) or None


def post_processing_of(settings: Mapping[str, Any]) -> str | None:
    """Says what a method's settings have removed of what the networks predict; None for nothing."""
    share = settings.get("speck_share")
    if not isinstance(share, int | float) or not share:
        return None
    smallest = "the smallest training lesion of their type"
    return f"predicted lesions of less than {share:g} of the volume of {smallest} are removed"


def _cost(record: RunRecord) -> dict[str, Any]:
    wall_s = record.predicted.resources.wall_s
    training = {fold: record.training.get(fold, []) for fold in record.folds}
    cost = training_cost(training, record.environments)
    if wall_s is not None and record.cases:
        cost["prediction_s_per_case"] = round(wall_s / record.cases, 1)
    return {**cost, "parameters": record.parameters}


def training_cost(
    training: Mapping[int, Sequence[TrainingSession]], environments: Mapping[str, Environment]
) -> dict[str, Any]:
    """Gives what the training of all folds took, by the fields of `Cost`; what is not known is left out."""
    sessions = [session for of_fold in training.values() for session in of_fold]
    if not sessions:
        return {}
    hours = [session.resources.gpu_hours for session in sessions]
    peaks = [session.resources.peak_gpu_mib for session in sessions]
    gpus = sorted(set(_gpus(environments, sessions)))
    cost = {
        "gpu": ", ".join(gpus) or None,
        "gpus": None if gpus else 0,
        "training_gpu_hours": round(sum(filter(None, hours)), 2) if None not in hours else None,
        "peak_gpu_mib": round(max(filter(None, peaks))) if gpus and None not in peaks and any(peaks) else None,
    }
    return {name: value for name, value in cost.items() if value is not None}


def _gpus(environments: Mapping[str, Environment], sessions: Iterable[TrainingSession]) -> Iterable[str]:
    for session in sessions:
        environment = environments.get(session.environment)
        if environment is not None and environment.gpu is not None:
            yield environment.gpu
