from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.data.protocol import MSWAL_1
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.score_result import write_scores
from mswal_bench.benchmark.scoring.stored_scores import as_written, read_method, read_rows

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
    result = score_folders([predictions], reference, jobs=1)
    write_scores(result, tmp_path / "rows")
    ((name, cases),) = result.cases.items()
    scores = {case.case: as_written(case.score) for case in cases}
    rows = read_rows(tmp_path / "rows", MSWAL_1)
    assert list(rows) == sorted(scores)
    for case, score in rows.items():
        assert score.classes == scores[case].classes
        for column in ("class_id", "is_prediction", "lesion_id", "voxels", "diameter_mm", "matched_id", "iou", "dsc"):
            np.testing.assert_array_equal(getattr(score.lesions, column), getattr(scores[case].lesions, column))
    again, first = (
        estimates(list(of.values()), MSWAL_1, resamples=100, seed=1) for of in (rows, dict(sorted(scores.items())))
    )
    assert again == first
    assert read_method(tmp_path / "rows") == (name, ())


def test_a_diameter_counts_as_it_is_written(tmp_path: Path, save_labels: SaveLabels) -> None:
    """One of 19.9996 mm is written as 20.000, and large in the record as it is in the rows."""
    labels = np.zeros((1, 3, 12), np.uint8)
    labels[0, 1, 1:11] = 3
    # Outer edges: 10 voxels long and one wide.
    spacing = (float(np.sqrt(19.9996**2 - 1) / 10), 1.0, 1.0)
    for folder in ("labels", "mine"):
        save_labels(tmp_path / folder / "a.nii.gz", labels, spacing=spacing)
    result = score_folders([tmp_path / "mine"], tmp_path / "labels", jobs=1)
    write_scores(result, tmp_path / "rows")
    (case,) = result.cases["mine"]
    assert max(case.score.lesions.diameter_mm) < 20
    (row,) = read_rows(tmp_path / "rows", MSWAL_1).values()
    for score in (row, as_written(case.score)):
        classes, _, _ = estimates([score], MSWAL_1, resamples=1, seed=0)
        tumor = classes["liver_tumor"]
        assert (tumor.recall_small.value, tumor.recall_large.value) == (None, 1)
    # Halves of a micrometre go where they go in the text, not to the even side.
    halves = np.full(len(case.score.lesions), 0.0005)
    score = replace(case.score, lesions=replace(case.score.lesions, diameter_mm=halves))
    assert set(as_written(score).lesions.diameter_mm) == {float(f"{0.0005:.3f}")} == {0.001}
