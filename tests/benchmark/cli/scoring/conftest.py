from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mswal_bench.tests.benchmark.cli.scoring.score_call import CASES, LABELS

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def folders(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """`labels` and the perfect predictions of `mine` for three cases."""
    # No two cases alike, or one would have the other's score.
    for case, gallstone_voxels in zip(CASES, (1, 0, 2), strict=True):
        labels = LABELS.copy()
        labels[3, 5, :gallstone_voxels] = 1
        for folder in ("labels", "mine"):
            save_labels(tmp_path / folder / f"{case}.nii.gz", labels)
    return tmp_path
