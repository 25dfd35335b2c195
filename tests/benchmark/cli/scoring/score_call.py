"""Calls `mswal-bench score` in process on the folders that the fixture `folders` makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from mswal_bench.benchmark.cli.main import main

LABELS = np.zeros((4, 6, 8), np.uint8)
LABELS[1, 1:3, 1:4] = 3
LABELS[2, 4, 5] = 7
CASES = ("case_1", "case_2", "case_3")


def score(folders: Path, *options: str, predictions: tuple[str, ...] = ("mine",)) -> Result:
    arguments = [str(folders / name) for name in predictions]
    reference = ["--reference", str(folders / "labels")]
    return CliRunner().invoke(main, ["score", *arguments, *reference, "--jobs", "1", *options])


def changed(place: tuple[int, int, int], value: float) -> NDArray[np.float32]:
    labels = LABELS.astype(np.float32)
    labels[place] = value
    return labels
