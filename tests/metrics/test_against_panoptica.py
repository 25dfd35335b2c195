"""TP, FP and FN against an independent implementation, on label maps that people drew."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.metrics import score_case

KIDNEY_TUMOR, KIDNEY_CYST = 4, 7


def _cropped_pairs(reference: Path, prediction: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both label maps within the box of their foreground, which is all that panoptica needs and can take quickly."""
    arrays = [SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))) for path in (reference, prediction)]
    filled = [np.flatnonzero((arrays[0] | arrays[1]).any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    box = tuple(slice(indices[0], indices[-1] + 1) for indices in filled)
    return arrays[0][box], arrays[1][box]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), list(combinations(["rater1", "rater2", "rater3"], 2)))
def test_counts_of_every_rater_pair_and_patient(kits_raters: Path, first: str, second: str) -> None:
    import panoptica  # not importorskip: a skip would be silent where `make test` failed to install it

    panoptica.disable_citation_reminder()
    evaluator = panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.SEMANTIC,
        instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(panoptica.CCABackend.cc3d),
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=0.5),
        instance_metrics=[panoptica.Metric.IOU],
        global_metrics=[],
    )
    lesions = 0
    for path in sorted((kits_raters / first).glob("*.nii.gz")):
        reference, prediction = _cropped_pairs(path, kits_raters / second / path.name)
        score = score_case(reference, prediction, (1.0, 1.0, 1.0), (KIDNEY_TUMOR, KIDNEY_CYST))
        for class_id, counts in score.classes.items():
            masks = [(labels == class_id).astype(np.uint8) for labels in (prediction, reference)]
            if not masks[0].any() or not masks[1].any():
                # panoptica needs a foreground on both sides.
                assert counts.tp == 0
                continue
            result = evaluator.evaluate(*masks, verbose=False)["ungrouped"]
            assert (counts.tp, counts.fp, counts.fn) == (result.tp, result.fp, result.fn), (path.name, class_id)
            lesions += counts.tp
    assert lesions > 10
