"""DSC against nnU-Net's own evaluation, on label maps that people drew."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.metrics import score_case

KIDNEY_TUMOR, KIDNEY_CYST = 4, 7


class _Arrays:
    """Stands for nnU-Net's file readers, for arrays that are there already."""

    def __init__(self, arrays: dict[str, NDArray[np.uint8]]):
        self._arrays = arrays

    def read_seg(self, name: str) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        return self._arrays[name][None], {}


@pytest.mark.slow
def test_every_ordered_pair_of_raters(raters: dict[str, NDArray[np.uint8]]) -> None:
    from nnunetv2.evaluation.evaluate_predictions import compute_metrics  # a skip would be silent

    for reference, prediction in permutations(raters, 2):
        theirs = compute_metrics(reference, prediction, _Arrays(raters), [KIDNEY_TUMOR, KIDNEY_CYST])["metrics"]
        score = score_case(raters[reference], raters[prediction], (1.0, 1.0, 1.0), (KIDNEY_TUMOR, KIDNEY_CYST))
        for class_id, counts in score.classes.items():
            assert counts.dsc == pytest.approx(theirs[class_id]["Dice"], rel=1e-12, nan_ok=True)
            assert counts.intersection_voxels == theirs[class_id]["TP"]
            assert counts.reference_voxels == theirs[class_id]["n_ref"]
            assert counts.prediction_voxels == theirs[class_id]["n_pred"]
