"""Takes from a model bundle what the form of its submission asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.runs.run_record import RunIdentity
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


def model_claims(
    model: Path | str, *, run: RunIdentity | None = None, announce: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Gives fields of a form by name, as `claims_of` does of a run's record; what the bundle lacks is left out.

    A bundle does not know for which track it predicted: that is not among them.

    `model` is a bundle, or an address of a hub: the form then links to the commit. Every byte of the bundle is checked
    first. Raises BenchError as `read_bundle` and `fetch_model` do, and for a bundle that is not of the given `run`.
    """
    if not is_hub_address(str(model)):
        return _claims(read_bundle(Path(model), progress=True), run)
    from .fetch_model import fetch_model

    fetched = fetch_model(parse_hub_address(str(model)), announce=announce)
    return {**_claims(read_bundle(fetched.path), run), "model": fetched.address.page()}


def _claims(bundle: Bundle, run: RunIdentity | None) -> dict[str, Any]:
    form = bundle.form
    if run is not None and form.run != run:
        found = "a model that was imported" if form.run is None else _told(form.run)
        mend = "Name the bundle that was exported from this run, or leave one of the two out."
        raise BenchError(Problem("the bundle is not of the run", str(bundle.path), _told(run), found, mend))
    baseline, variant = (form.method, None) if form.run is None else baseline_of(form.run)
    package = None if form.run is None or form.run.package is None else form.run
    fields: dict[str, Any] = {
        "method": form.title[:_LONGEST_NAME],
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


def _told(run: RunIdentity) -> str:
    return f"{run.method} on {run.dataset}, budget {run.budget}, seed {run.seed}, settings {run.settings_digest[:15]}"


def _notes(form: BundleForm) -> str:
    stored = "" if form.precision == "float32" else f" Weights stored as {form.precision}."
    if form.run is None:
        source = "elsewhere" if form.imported is None else form.imported.source
        return f"Imported from {source}.{stored}"
    run = f"mswal-bench run {form.run.method}, budget {form.run.budget}, seed {form.run.seed}"
    return f"{run}, {form.epochs} epochs a fold.{stored}"
