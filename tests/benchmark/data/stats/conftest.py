"""Data sets for the tests of what is counted in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.benchmark.data.lesion_classes import BY_KEY, LESION_CLASSES
from mswal_bench.benchmark.data.patients import Patients
from mswal_bench.benchmark.data.phantom.cohort import cohort
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics
from mswal_bench.benchmark.data.stats.measured_case import MeasuredCase, MeasuredLesion
from mswal_bench.benchmark.volumes.geometry import Geometry

SaveDataset = Callable[..., Path]
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def save_dataset(tmp_path: Path, save_labels: Callable[..., Path]) -> SaveDataset:
    """Writes arrays (z, y, x) as a raw folder: `save_dataset(train={case: labels}, test={case: labels or None})`."""

    def save(train: dict[str, NDArray[Any]], test: dict[str, NDArray[Any] | None] | None = None) -> Path:
        root = tmp_path / "raw"
        for subset, cases in (("Tr", train), ("Ts", test or {})):
            for case, labels in cases.items():
                image = np.zeros((4, 8, 8) if labels is None else labels.shape, np.int16)
                save_labels(root / f"images{subset}" / f"{case}_0000.nii.gz", image)
                if labels is not None:
                    save_labels(root / f"labels{subset}" / f"{case}.nii.gz", labels)
        labels_of = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}
        description = {"name": "Tiny", "labels": labels_of, "file_ending": ".nii.gz", "numTraining": len(train)}
        (root / "dataset.json").write_text(json.dumps(description))
        return root

    return save


@pytest.fixture(scope="session")
def paper_like() -> DatasetStatistics:
    """694 patients with the paper's totals and slices, as if MSWAL had been measured."""
    patients = cohort(0)
    cases = tuple(
        MeasuredCase(
            case=patient.case,
            subset="train" if patient.slot <= 484 else "test",
            geometry=Geometry((512, 512, patient.slices), (0.7, 0.7, 1.25), (0.0, 0.0, 0.0), IDENTITY),
            lesions=tuple(
                MeasuredLesion(BY_KEY[one.key].id, number, 1000, 612.5, one.diameter_mm, (0.0, 0.0, 0.0))
                for number, one in enumerate(patient.lesions, start=1)
            ),
            has_label=True,
        )
        for patient in patients
    )
    recorded = Patients({one.case: one.sex for one in patients}, {one.case: one.phase for one in patients})
    return DatasetStatistics("MSWAL", "all", MSWAL_1, cases, recorded)
