import json
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.tests.conftest import MadeOnce, SaveLabels

SPACINGS_MM = ((0.8, 0.8, 1.0), (0.7, 0.7, 2.5), (0.9, 0.9, 1.25), (0.8, 0.8, 3.0), (0.6, 0.6, 1.0))


@pytest.fixture(scope="session")
def coarse(made_once: MadeOnce, save_labels: SaveLabels) -> Path:
    """A raw data set of five cases on grids of their own: blocks of all classes and a few single voxels. The second
    image has an empty border, the third one empty corners. Not to be written to."""

    def make(root: Path) -> None:
        rng = np.random.default_rng(0)
        grid = np.mgrid[:24, :40, :40]
        for number, spacing in enumerate(SPACINGS_MM, 1):
            image = rng.integers(1, 200, (24, 40, 40)).astype(np.int16)
            labels = np.zeros(image.shape, np.uint8)
            if number == 2:
                image[:3], image[:, :, 36:] = 0, 0
            if number == 3:
                image[((grid[1:] - 20) ** 2).sum(axis=0) > 22**2] = 0
            for label in range(1, 8):
                z, y, x = rng.integers(4, 17, 3) * (1, 2, 2)
                labels[z : z + 4, y : y + 5, x : x + 5] = label
            for _ in range(6):
                labels[tuple(rng.integers(4, 20, 3))] = rng.integers(1, 8)
            case = f"case_{number}"
            save_labels(root / "imagesTr" / f"{case}_0000.nii.gz", image, spacing)
            save_labels(root / "labelsTr" / f"{case}.nii.gz", labels, spacing)
        description = {
            "name": "Coarse",
            "channel_names": {"0": "CT"},
            "labels": {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}},
            "file_ending": ".nii.gz",
            "numTraining": len(SPACINGS_MM),
        }
        (root / "dataset.json").write_text(json.dumps(description))

    return made_once("coarse", make)
