"""TP, FP, FN and DSC against an independent implementation, on label maps that people drew and on random ones."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics import score_case

KIDNEY_TUMOR, KIDNEY_CYST = 4, 7


@pytest.fixture(scope="module")
def evaluator() -> Any:
    import panoptica  # not importorskip: a skip would be silent where `make test` failed to install it

    panoptica.disable_citation_reminder()
    return panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.SEMANTIC,
        instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(panoptica.CCABackend.cc3d),
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=0.5),
        instance_metrics=[panoptica.Metric.IOU],
        global_metrics=[panoptica.Metric.DSC],
    )


def _compare(evaluator: Any, reference: NDArray[Any], prediction: NDArray[Any], class_ids: tuple[int, ...]) -> int:
    """Gives how many lesions both found."""
    found = 0
    for class_id, counts in score_case(reference, prediction, (1.0, 1.0, 1.0), class_ids).classes.items():
        masks = [(labels == class_id).astype(np.uint8) for labels in (prediction, reference)]
        if not masks[0].any() or not masks[1].any():
            # panoptica needs a foreground on both sides.
            assert counts.tp == 0
            continue
        theirs = evaluator.evaluate(*masks, verbose=False)["ungrouped"]
        assert (counts.tp, counts.fp, counts.fn) == (theirs.tp, theirs.fp, theirs.fn)
        assert counts.dsc == pytest.approx(theirs.global_bin_dsc, rel=1e-12)
        found += counts.tp
    return found


@pytest.mark.slow
def test_every_ordered_pair_of_raters(raters: dict[str, NDArray[np.uint8]], evaluator: Any) -> None:
    found = [
        _compare(evaluator, raters[reference], raters[prediction], (KIDNEY_TUMOR, KIDNEY_CYST))
        for reference, prediction in permutations(raters, 2)
    ]
    # Each patient has a lesion that two raters see alike.
    assert sum(found) > 0


@pytest.mark.parametrize("seed", range(4))
def test_random_blobs(seed: int, evaluator: Any) -> None:
    random = np.random.default_rng(seed)
    found = 0
    for _ in range(4):
        shape = tuple(random.integers(10, 30, 3).tolist())
        labels = [ndimage.gaussian_filter(random.random(shape), 1.2) for _ in range(2)]
        reference = labels[0] > np.quantile(labels[0], 0.92)
        mixed = labels[0] + random.choice([0.1, 0.3, 1]) * labels[1]
        prediction = mixed > np.quantile(mixed, 0.92)
        halves = np.where(np.arange(shape[2]) < shape[2] // 2, 1, 2)
        found += _compare(evaluator, reference * halves, prediction * halves, (1, 2))
    assert found > 20
