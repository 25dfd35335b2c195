"""Reads the container's settings from environment variables, which all have defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.call_values import MOST_DRAWS
from mswal_bench.benchmark.core.errors import Problem, raise_if_any

VARIABLES = {
    "MSWAL_INPUT": "/input",
    "MSWAL_OUTPUT": "/output",
    "MSWAL_GROUND_TRUTH": "/opt/ml/input/data/ground_truth",
    "MSWAL_IMAGE_SOCKET": "",
    "MSWAL_PREDICTION_SOCKET": "",
    "MSWAL_HIDDEN": "true",
    "MSWAL_RESAMPLES": "10000",
    "MSWAL_SEED": "0",
    "MSWAL_JOBS": "0",
}
"""Maps names to defaults. The platform mounts the folders; who builds the container sets the other variables."""
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Configuration:
    """Holds the container's settings."""

    input: Path
    """Is the folder with `predictions.json`."""
    output: Path
    """Is the folder for `metrics.json`."""
    ground_truth: Path
    """Is the folder to which the platform unpacks the organiser's tarball."""
    image_socket: str | None
    """Is the slug of the algorithm's CT; None when the algorithm has only one input image."""
    prediction_socket: str | None
    """Is the slug of the label map; None when the algorithm has only one output image."""
    hidden: bool
    """Says whether labels are hidden: errors then reveal nothing about them, and `metrics.json` has aggregates alone,
    unless a `manifest.json` beside the labels says otherwise."""
    resamples: int
    """Is the number of bootstrap resamples."""
    seed: int
    jobs: int | None
    """Is the number of processes; None for one per core."""


def configuration(environment: Mapping[str, str] = os.environ) -> Configuration:
    """Reads the configuration from the variables. Raises BenchError with every value that is not valid."""
    values = {name: environment.get(name) or default for name, default in VARIABLES.items()}
    problems = [
        Problem("is not a number", name, "a whole number of up to nine digits", values[name])
        for name in ("MSWAL_RESAMPLES", "MSWAL_SEED", "MSWAL_JOBS")
        if not re.fullmatch("[0-9]{1,9}", values[name])
    ]
    if not problems and not 1 <= int(values["MSWAL_RESAMPLES"]) <= MOST_DRAWS:
        found = values["MSWAL_RESAMPLES"]
        problems.append(Problem("is out of range", "MSWAL_RESAMPLES", f"1 to {MOST_DRAWS}", found))
    if values["MSWAL_HIDDEN"].lower() not in _TRUTH:
        problems.append(Problem("is neither true nor false", "MSWAL_HIDDEN", found=values["MSWAL_HIDDEN"]))
    raise_if_any(problems)
    return Configuration(
        input=Path(values["MSWAL_INPUT"]),
        output=Path(values["MSWAL_OUTPUT"]),
        ground_truth=Path(values["MSWAL_GROUND_TRUTH"]),
        image_socket=values["MSWAL_IMAGE_SOCKET"] or None,
        prediction_socket=values["MSWAL_PREDICTION_SOCKET"] or None,
        hidden=_TRUTH[values["MSWAL_HIDDEN"].lower()],
        resamples=int(values["MSWAL_RESAMPLES"]),
        seed=int(values["MSWAL_SEED"]),
        jobs=int(values["MSWAL_JOBS"]) or None,
    )
