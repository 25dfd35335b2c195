"""Takes from a model bundle what the form of its submission asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.submissions.form_file import PLACEHOLDER
from mswal_bench.benchmark.submissions.run_claims import (
    baseline_of,
    ensemble_of,
    post_processing_of,
    training_cost,
)

from .bundle import Bundle, read_bundle
from .bundle_form import BundleForm
from .hub_address import is_hub_address, parse_hub_address

_LONGEST_NAME = 60


def model_claims(model: Path | str, announce: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Gives fields of a form by name, as `claims_of` does of a run's record; what the bundle lacks is left out.

    `model` is a bundle, or an address of a hub: the form then links to the commit. Every byte of the bundle is checked
    first. Raises BenchError as `read_bundle` and `fetch_model` do.
    """
    if not is_hub_address(str(model)):
        return _claims(read_bundle(Path(model), progress=True))
    from .fetch_model import fetch_model

    fetched = fetch_model(parse_hub_address(str(model)), announce=announce)
    return {**_claims(read_bundle(fetched.path)), "model": fetched.address.page()}


def _claims(bundle: Bundle) -> dict[str, Any]:
    form = bundle.form
    baseline, variant = (form.method, None) if form.run is None else baseline_of(form.run)
    package = None if form.run is None or form.run.package is None else form.run
    fields: dict[str, Any] = {
        "method": form.title[:_LONGEST_NAME],
        "track": _track(form),
        "baseline": baseline,
        "variant": variant,
        "package": None if package is None else f"{package.package} {package.package_version}",
        "model_digest": bundle.digest,
        "ensemble": ensemble_of(form.folds),
        "post_processing": post_processing_of(form.settings),
        "cost": training_cost(form.training, form.environments),
        "notes": _notes(form),
    }
    if form.run is not None and form.run.start is not None:
        fields["extra_data"] = [{"name": PLACEHOLDER, "public": PLACEHOLDER, "use": "pretraining"}]
    return {name: value for name, value in fields.items() if value}


def _track(form: BundleForm) -> str | None:
    """The one that the run was scored on; None where that is none, or several."""
    tracks = {goal.track for goal in form.scores}
    return tracks.pop() if len(tracks) == 1 else None


def _notes(form: BundleForm) -> str:
    stored = "" if form.precision == "float32" else f" Weights stored as {form.precision}."
    if form.run is None:
        source = "elsewhere" if form.imported is None else form.imported.source
        return f"Imported from {source}.{stored}"
    run = f"mswal-bench run {form.run.method}, budget {form.run.budget}, seed {form.run.seed}"
    return f"{run}, {form.epochs} epochs a fold.{stored}"
