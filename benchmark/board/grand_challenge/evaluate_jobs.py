"""Scores the label maps of all jobs against the organiser's labels, from `/input` to `/output/metrics.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from io import FileIO
from math import isnan
from pathlib import Path
from tempfile import gettempdir

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.litter import is_seen_below, visible
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of_labels
from mswal_bench.benchmark.records.release_policy import DEFAULT_POLICY, Release, released
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import MethodScores
from mswal_bench.benchmark.submissions.make_manifest import OFFICIAL_TEST, manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.manifest_file import read_manifest
from mswal_bench.benchmark.submissions.manifest_labels import other_classes
from mswal_bench.benchmark.submissions.package.listing import SubmittedFile
from mswal_bench.benchmark.submissions.prediction_check import Voxels, check_prediction
from mswal_bench.benchmark.tables.escaping import plain_text
from mswal_bench.benchmark.volumes.file_names import case_id
from mswal_bench.metrics.case import ClassCounts

from .configuration import Configuration
from .jobs import predictions_by_case

METRICS_FILE = "metrics.json"
MANIFEST_FILE = "manifest.json"


def evaluate_jobs(configuration: Configuration) -> None:
    """Scores all jobs and writes `metrics.json`, whole or not at all.

    Raises BenchError with everything wrong in jobs and predictions, for the participant to mend. In a hidden phase,
    faults of the organiser's labels and of this program are raised as one sentence that reveals nothing.
    """
    with _neutral(configuration):
        reference = _reference_folder(configuration.ground_truth)
        manifest = _manifest(configuration, reference)
        raise_if_any(other_classes(manifest, reference))
        protocol = protocol_of_labels(manifest.labels, MANIFEST_FILE)
    predictions = predictions_by_case(configuration, manifest.cases)
    # Of labels that are scaled, how they are rounded is looked at beforehand; all others are read by the scorer alone.
    if any(_wrong_predictions(predictions, manifest, "scaled")):
        raise_if_any(_wrong_predictions(predictions, manifest, "all"))
    try:
        with _neutral(configuration):
            _score(predictions, reference, manifest, protocol, configuration)
    except BenchError:
        # The scorer refuses the same voxels, but it names files as the organiser knows them, or nothing.
        raise_if_any(_wrong_predictions(predictions, manifest, "all"))
        raise


def _score(
    predictions: Mapping[str, Path],
    reference: Path,
    manifest: Manifest,
    protocol: Protocol,
    configuration: Configuration,
) -> None:
    with scratch_folder(Path(gettempdir()), private=True) as scratch:
        folder = scratch / "predictions"
        folder.mkdir()
        for case, path in predictions.items():
            (folder / (case + path.name.removeprefix(case_id(path.name) or ""))).symlink_to(path.resolve())
        scored = score_folders([folder], reference, cases=manifest.cases, jobs=configuration.jobs, protocol=protocol)
        raise_if_any(scored.problems)
        (method,) = scored.values()
        text = json.dumps(_metrics(method, manifest, configuration), indent=1, allow_nan=False) + "\n"
        write_text(configuration.output / METRICS_FILE, text)


@contextmanager
def _neutral(configuration: Configuration) -> Iterator[None]:
    """Replaces, in a hidden phase, every exception raised inside by a sentence that reveals nothing about labels."""
    try:
        yield
    except Exception:
        if not configuration.hidden:
            raise
        what = "the evaluation failed on the organiser's side"
        mend = "The organiser sees why by running the container on the same folders with MSWAL_HIDDEN=false."
        raise BenchError(Problem(what, mend=mend)) from None


def _reference_folder(ground_truth: Path) -> Path:
    """Returns the folder with the label maps: the mount itself or one in it, named `labels...` if there are others."""
    folders = [ground_truth, *sorted(ground_truth.glob("*/")), *sorted(ground_truth.glob("*/*/"))]
    folders = [folder for folder in folders if is_seen_below(folder, ground_truth)]
    holding = [folder for folder in folders if any(case_id(entry.name) is not None for entry in visible(folder))]
    named = [folder for folder in holding if folder.name.startswith("labels")]
    chosen = named if len(named) == 1 else holding
    if len(chosen) != 1:
        raise BenchError(Problem("has not one folder with label maps", str(ground_truth), "1", str(len(chosen))))
    return chosen[0]


def _manifest(configuration: Configuration, reference: Path) -> Manifest:
    for folder in (configuration.ground_truth, reference, reference.parent):
        if (folder / MANIFEST_FILE).is_file():
            return read_manifest(folder / MANIFEST_FILE)
    return manifest_of(reference, OFFICIAL_TEST, configuration.hidden)


def _wrong_predictions(predictions: Mapping[str, Path], manifest: Manifest, voxels: Voxels) -> Iterator[Problem]:
    """Yields what a participant can mend, which follows from the predictions and the public grids alone."""
    for case, path in predictions.items():
        file = SubmittedFile(path.name, path.stat().st_size, partial(FileIO, path))
        for finding in check_prediction(file, case, manifest.cases[case], manifest.highest_label, voxels=voxels):
            if finding.severity == "error":
                what, found = f"prediction of {case}: {finding.what} [{finding.code}]", plain_text(finding.found)
                yield Problem(what, expected=finding.expected, found=found, mend=finding.mend)


def _metrics(method: MethodScores, manifest: Manifest, configuration: Configuration) -> dict[str, object]:
    classes, average, bootstrap = estimates(method, resamples=configuration.resamples, seed=configuration.seed)
    if manifest.hidden:
        # The platform limits submissions, and this container remembers none.
        classes, average = released(classes, average, Release(policy=DEFAULT_POLICY, shown=True))
    return {
        "schema_version": 1,
        "protocol": method.protocol.id,
        "version": metadata.version("mswal-bench"),
        "cases": len(method.by_case),
        "aggregates": {
            "average": average.model_dump(),
            "classes": {key: result.model_dump() for key, result in classes.items()},
        },
        "bootstrap": bootstrap.model_dump(),
        **({} if manifest.hidden else {"results": [_result(case, counts) for case, counts in method.counts.items()]}),
    }


def _result(case: str, of_case: Mapping[str, ClassCounts]) -> dict[str, object]:
    return {
        "case": case,
        "classes": {
            key: {
                "dsc": None if isnan(counts.dsc) else counts.dsc,
                "tp": counts.tp,
                "fp": counts.fp,
                "fn": counts.fn,
            }
            for key, counts in of_case.items()
        },
    }
