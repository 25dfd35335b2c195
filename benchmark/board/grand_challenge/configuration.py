"""Reads the container's settings from environment variables, all with defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.scoring.estimates import MOST_RESAMPLES

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
"""Name -> default. The folders are those that the platform mounts; the Dockerfile's users set the others."""
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Configuration:
    """What the variables say."""

    input: Path
    """With `predictions.json`."""
    output: Path
    """Gets `metrics.json`."""
    ground_truth: Path
    """What the organiser's tarball unpacks to."""
    image_socket: str | None
    """The slug of the algorithm's CT; None where the algorithm has one image for input."""
    prediction_socket: str | None
    """The slug of the label map; None where it has one image for output."""
    hidden: bool
    """Whether `metrics.json` has aggregates alone, unless a `manifest.json` beside the labels says otherwise, and
    whether errors tell nothing of labels."""
    resamples: int
    seed: int
    jobs: int | None
    """Processes; None for one per core."""


def configuration(environment: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration that the variables give. Raises BenchError with every value that is none."""
    values = {name: environment.get(name) or default for name, default in VARIABLES.items()}
    problems = [
        Problem("is no number", name, "a whole number of up to nine digits", values[name])
        for name in ("MSWAL_RESAMPLES", "MSWAL_SEED", "MSWAL_JOBS")
        if not re.fullmatch("[0-9]{1,9}", values[name])
    ]
    if not problems and not 1 <= int(values["MSWAL_RESAMPLES"]) <= MOST_RESAMPLES:
        found = values["MSWAL_RESAMPLES"]
        problems.append(Problem("is no number of resamples", "MSWAL_RESAMPLES", f"1 to {MOST_RESAMPLES}", found))
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
