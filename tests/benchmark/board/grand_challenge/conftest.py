"""The folders that the platform mounts, with two cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mswal_bench.benchmark.board.grand_challenge.configuration import Configuration, configuration

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

CASES = tuple(f"MSWAL_{number:04}" for number in range(1, 7))


@dataclass(frozen=True)
class Mounts:
    """`input`, `output` and `ground_truth` below `root`."""

    root: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "MSWAL_INPUT": str(self.root / "input"),
            "MSWAL_OUTPUT": str(self.root / "output"),
            "MSWAL_GROUND_TRUTH": str(self.root / "ground_truth"),
            "MSWAL_RESAMPLES": "50",
            "MSWAL_JOBS": "1",
        }

    def configuration(self, **variables: str) -> Configuration:
        return configuration({**self.variables, **variables})

    def output_of(self, case: str) -> Path:
        (path,) = (self.root / "input" / f"pk-{case}" / "output" / "images" / "lesions").iterdir()
        return path

    def metrics(self) -> Mapping[str, Any]:
        return json.loads((self.root / "output" / "metrics.json").read_text())

    def change_jobs(self, change: Callable[[list[dict[str, Any]]], object]) -> None:
        path = self.root / "input" / "predictions.json"
        jobs = json.loads(path.read_text())
        change(jobs)
        path.write_text(json.dumps(jobs))


def job_of(case: str, name: str) -> dict[str, Any]:
    """As the platform lists it, shortened."""
    return {
        "pk": f"pk-{case}",
        "url": "https://grand-challenge.org/api/v1/algorithms/jobs/1/",
        "status": "Succeeded",
        "inputs": [
            {
                "file": None,
                "image": {"pk": "1", "name": name},
                "value": None,
                "socket": {"slug": "ct-image", "relative_path": "images/ct", "super_kind": "Image"},
            }
        ],
        "outputs": [
            {
                "file": None,
                "image": {"pk": "2", "name": "overlay.mha"},
                "value": None,
                "socket": {"slug": "lesion-segmentation", "relative_path": "images/lesions", "super_kind": "Image"},
            },
            {
                "file": None,
                "image": None,
                "value": {"seconds": 3},
                "socket": {"slug": "metrics", "relative_path": "metrics.json", "super_kind": "Value"},
            },
        ],
    }


@pytest.fixture
def mounts(tmp_path: Path, save_labels: SaveLabels) -> Mounts:
    """Six jobs: five right, and the last without its only lesion."""
    jobs = []
    for number, case in enumerate(CASES):
        labels = np.zeros((3, 6, 20), np.uint8)
        labels[1, 1:4, 2 : 4 + number] = 3
        save_labels(tmp_path / "ground_truth" / "labels" / f"{case}.nii.gz", labels)
        output = tmp_path / "input" / f"pk-{case}" / "output" / "images" / "lesions"
        save_labels(output / f"0000-{number}.mha", labels if number < 5 else np.zeros_like(labels))
        # What the organiser calls images is up to him.
        jobs.append(job_of(case, (f"{case}_0000.nii.gz", f"{case}_0000", f"{case}.mha", case)[number % 4]))
    (tmp_path / "input" / "predictions.json").write_text(json.dumps(jobs))
    (tmp_path / "output").mkdir()
    return Mounts(tmp_path)
