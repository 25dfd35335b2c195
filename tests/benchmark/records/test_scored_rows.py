from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.saved_scores import load_method
from mswal_bench.benchmark.scoring.score_folders import score_folders

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.mark.parametrize("source", ["tiny", "raters"])
def test_rows_read_back_give_the_same_numbers(
    source: str, submission: Path, labels: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    predictions, reference = submission / "predictions", labels
    if source == "raters":
        raters: Path = request.getfixturevalue("kits_raters")
        predictions, reference = raters / "rater3", raters / "rater1"
    scores = score_folders([predictions], reference, jobs=1)
    scores.save(tmp_path / "rows")
    (scored,) = scores.values()
    read = load_method(tmp_path / "rows", MSWAL_1)
    assert (read.name, read.missing, list(read.by_case)) == (scored.name, (), list(scored.by_case))
    for case, of_case in read.by_case.items():
        score, expected = of_case.score, scored.by_case[case].score
        assert score.classes == expected.classes
        for column in ("class_id", "is_prediction", "lesion_id", "voxels", "diameter_mm", "matched_id", "iou", "dsc"):
            np.testing.assert_array_equal(getattr(score.lesions, column), getattr(expected.lesions, column))
    again, first = (estimates(of, resamples=100, seed=1) for of in (read, scored))
    assert again == first


def test_a_diameter_counts_as_it_is_written(tmp_path: Path, save_labels: SaveLabels) -> None:
    """One of 19.9996 mm is written as 20.000, and large wherever it is counted."""
    labels = np.zeros((1, 3, 12), np.uint8)
    labels[0, 1, 1:11] = 3
    # Outer edges: 10 voxels long and one wide.
    spacing = (float(np.sqrt(19.9996**2 - 1) / 10), 1.0, 1.0)
    for folder in ("labels", "mine"):
        save_labels(tmp_path / folder / "a.nii.gz", labels, spacing=spacing)
    scores = score_folders([tmp_path / "mine"], tmp_path / "labels", jobs=1)
    scores.save(tmp_path / "rows")
    for method in (scores["mine"], load_method(tmp_path / "rows", MSWAL_1)):
        assert set(method.by_case["a"].score.lesions.diameter_mm) == {20.0}
        assert (method.details["liver_tumor"].small.tp, method.details["liver_tumor"].large.tp) == (0, 1)
        classes, _, _ = estimates(method, resamples=1, seed=0)
        tumor = classes["liver_tumor"]
        assert (tumor.recall_small.value, tumor.recall_large.value) == (None, 1)
