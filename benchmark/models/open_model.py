"""Opens what a user names as a trained method: the work folder of a run, or a model bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.runs.run_folder import STATE_FILE

from .bundle import ENDING
from .bundle_model import open_bundle
from .trained_model import EXPECTED, TrainedModel, open_run


def open_model(place: Path, folds: Sequence[int] | None = None) -> TrainedModel:
    """The trained method in `place`: all its folds, or `folds`. Of a bundle the weights' headers are checked; their
    digests are by `mswal-bench model verify`, and when it is downloaded.

    Raises BenchError for what is neither a run's folder nor a bundle, and as `open_run` and `open_bundle`.
    """
    if place.is_dir() and (place / STATE_FILE).is_file():
        return open_run(place, folds)
    if place.is_file():
        return open_bundle(place, folds, digests=False)
    found = "another folder" if place.is_dir() else "no such file or folder"
    raise BenchError(Problem("is no trained model", str(place), f"{EXPECTED}, or a bundle NAME{ENDING}", found))
