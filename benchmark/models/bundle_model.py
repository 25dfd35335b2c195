"""Opens a model bundle as a trained method that predicts. Imports torch only to compare shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mswal_bench.baselines.batch_statistics import has_running_statistics
from mswal_bench.baselines.method import Job, Method, MethodError
from mswal_bench.baselines.portable import Portable
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.data.lesion_classes import classes_of
from mswal_bench.benchmark.runs.method_choice import require_training_packages

from .bundle import Bundle, BundleError, read_bundle
from .bundle_form import FORM_MEMBER, weights_member
from .findings_catalogue import ModelFinding
from .trained_model import TrainedModel, changes_of, method_of

_MOST_FAULTS = 5
_FOLDER = "model"


@dataclass(frozen=True)
class BundleModel(TrainedModel):
    """A method in a model bundle."""

    bundle: Bundle

    def statistics_batches(self) -> dict[int, int]:
        told = self.bundle.form.statistics_batches
        # Those of earlier versions do not tell, and have no others than the running ones.
        weights = self.bundle.weights
        return {fold: told.get(fold, 0) for fold in self.folds if has_running_statistics(weights[fold].header())}

    def job(self, device: str, memory_bytes: int | None, scratch: Path) -> Job:
        """As above; the documents are laid out in `scratch`, the weights stay where they are."""
        form = self.bundle.form
        work = scratch / _FOLDER
        _portable(self.method, self.bundle).lay_out(self.bundle.documents, work)
        return Job(
            raw=work,
            work=work,
            folds=(),
            budget=form.budget,
            device=device,
            seed=0 if form.run is None else form.run.seed,
            weights={
                fold: replace(weights, path=weights.path.absolute()) for fold, weights in self.bundle.weights.items()
            },
            memory_bytes=memory_bytes,
        )


def open_bundle(
    path: Path, folds: Sequence[int] | None = None, *, digests: bool = True, progress: bool = False
) -> BundleModel:
    """The trained method in a bundle: all its folds, or `folds`; `digests` is as of `read_bundle`.

    Raises BenchError for a bundle that is not sound, for a method that is not installed or is not the one that was
    trained, for documents that are not the method's, and for folds that are not there.
    """
    bundle = read_bundle(path, digests=digests, progress=progress)
    form = bundle.form
    run = form.run
    package, version = (None, None) if run is None else (run.package, run.package_version)
    method = method_of(form.method, package, version, str(path))
    problems = _changed_settings(method, bundle) if run is None else changes_of(method, run, str(path))
    if problems:
        raise BenchError(*problems)
    faults = _portable(method, bundle).faults(bundle.documents, None if run is None else form.budget)
    if faults:
        found = [ModelFinding("documents-foreign", found=fault) for fault in faults[:_MOST_FAULTS]]
        raise BundleError(path, found)
    missing = [fold for fold in folds or () if fold not in form.folds]
    if missing:
        there = listed([f"fold {fold}" for fold in form.folds])
        raise BenchError(Problem(f"fold {missing[0]} is not in the bundle", str(path), found=there))
    return BundleModel(
        method=method,
        place=path,
        dataset=form.data.name,
        file_ending=form.data.file_ending,
        folds=tuple(form.folds) if folds is None else tuple(sorted(set(folds))),
        classes=classes_of(form.data.labels, f"{path}: {FORM_MEMBER}"),
        identity=run,
        digest=bundle.digest,
        bundle=bundle,
    )


def check_shapes(model: BundleModel, scratch: Path) -> None:
    """Compares the tensors of every fold with the network that the plans ask for; `scratch` is an empty folder.

    Imports torch. Raises BundleError.
    """
    require_training_packages(model.method)
    job = model.job("cpu", None, scratch)
    try:
        expected = dict(_portable(model.method, model.bundle).shapes(job.work))
    except MethodError as error:
        raise BundleError(model.place, [ModelFinding("documents-foreign", found=str(error))]) from error
    findings = []
    for fold, weights in model.bundle.weights.items():
        there = {name: each.shape for name, each in weights.header().items()}
        wrong = sorted(name for name in there.keys() | expected.keys() if there.get(name) != expected.get(name))
        if wrong:
            name = wrong[0]
            found = f"{name[:100]!a} of shape {there.get(name)}"
            shape = f"{expected.get(name)}, and {len(expected)} tensors in all"
            findings.append(ModelFinding("weights-differ", weights_member(fold), found, shape))
    if findings:
        raise BundleError(model.place, findings)


def _portable(method: Method, bundle: Bundle) -> Portable:
    if method.portable is None:
        found = f"{method.name}, which is not handed on in bundles"
        raise BundleError(bundle.path, [ModelFinding("method-unknown", FORM_MEMBER, found)])
    return method.portable


def _changed_settings(method: Method, bundle: Bundle) -> list[Problem]:
    """Of an imported model, which no run identifies."""
    own = json.loads(json.dumps(dict(method.settings(bundle.form.budget))))
    if own == bundle.form.settings:
        return []
    what = f"the settings of {method.name} are not those that it was imported with"
    return [Problem(what, str(bundle.path), mend="Use the version of mswal-bench that imported it.")]
