"""Who is compared: each a function of two files that reads and scores them as a whole.

A contender is made by `CONTENDERS[name]()`, which imports what it needs, and is then called with a pair. It returns the
numbers it found: class id -> `dsc`, `tp`, `fp`, `fn`, `nsd`, as many of them as it computes. All run on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.metrics import CaseScore

from .comparisons import READING
from .pairs import CLASS_IDS, PairFiles

Numbers = dict[int, dict[str, float]]
Contender = Callable[[PairFiles], Numbers]

NSD_TOLERANCE_MM = 2.0
_MATCH_IOU = 0.5
_BLOCK_VOXELS = 1 << 18
"""Few enough for the comparison to stay in the cache."""


def ours() -> Contender:
    """`score_files`: DSC, TP, FP, FN."""
    from mswal_bench.benchmark.scoring.score_files import score_files

    return lambda pair: _our_numbers(score_files(pair.reference, pair.prediction))


def ours_distances() -> Contender:
    """`score_files` with everything it can do: NSD and HD95 too."""
    from mswal_bench.benchmark.scoring.score_files import score_files

    def score(pair: PairFiles) -> Numbers:
        found = score_files(pair.reference, pair.prediction, details=True)
        numbers = _our_numbers(found)
        for class_id, surface in (found.surfaces or {}).items():
            numbers[class_id] |= {"nsd": surface.nsd, "hd95_mm": surface.hd95_mm}
        return numbers

    return score


def _our_numbers(score: CaseScore) -> Numbers:
    return {
        class_id: {"dsc": counts.dsc, "tp": counts.tp, "fp": counts.fp, "fn": counts.fn}
        for class_id, counts in score.classes.items()
    }


def panoptica_masks() -> Contender:
    """panoptica, given the two masks of one class after the other: quicker than its own class groups."""
    import panoptica

    evaluator = _panoptica_evaluator()

    def score(pair: PairFiles) -> Numbers:
        reference, prediction = _read(pair)
        numbers = {}
        for class_id in CLASS_IDS:
            masks = ((labels == class_id).astype(np.uint8) for labels in (prediction, reference))
            result = evaluator.evaluate(*masks, result_all=False, verbose=False)["ungrouped"]
            numbers[class_id] = _panoptica_numbers(result)
        return numbers

    panoptica.disable_citation_reminder()
    return score


def panoptica_groups() -> Contender:
    """panoptica, given the label maps and a class group for each class, as its manual has it."""
    import panoptica
    from panoptica.utils.segmentation_class import LabelGroup, SegmentationClassGroups

    groups = SegmentationClassGroups({str(class_id): LabelGroup([class_id]) for class_id in CLASS_IDS})
    evaluator = _panoptica_evaluator(segmentation_class_groups=groups)

    def score(pair: PairFiles) -> Numbers:
        reference, prediction = _read(pair)
        results = evaluator.evaluate(prediction, reference, result_all=False, verbose=False)
        return {int(class_id): _panoptica_numbers(result) for class_id, result in results.items()}

    panoptica.disable_citation_reminder()
    return score


def _panoptica_evaluator(**more: Any) -> Any:
    import panoptica

    return panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.SEMANTIC,
        instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(panoptica.CCABackend.cc3d),
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=_MATCH_IOU),
        instance_metrics=[panoptica.Metric.IOU],
        global_metrics=[panoptica.Metric.DSC],
        **more,
    )


def _panoptica_numbers(result: Any) -> dict[str, float]:
    return {"dsc": float(result.global_bin_dsc), "tp": int(result.tp), "fp": int(result.fp), "fn": int(result.fn)}


def nnunet() -> Contender:
    """nnU-Net's evaluation of one case: DSC only."""
    from nnunetv2.evaluation.evaluate_predictions import compute_metrics
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    def score(pair: PairFiles) -> Numbers:
        found = compute_metrics(str(pair.reference), str(pair.prediction), SimpleITKIO(), list(CLASS_IDS))["metrics"]
        return {class_id: {"dsc": float(found[class_id]["Dice"])} for class_id in CLASS_IDS}

    return score


def reading_alone() -> Contender:
    """Both files inflated whole into memory by isal, and one pass of numpy over both; scores nothing."""
    from isal import isal_zlib

    def score(pair: PairFiles) -> Numbers:
        inflated = (isal_zlib.decompress(path.read_bytes(), 31) for path in (pair.reference, pair.prediction))
        first, second = (np.frombuffer(whole, np.uint8, offset=352) for whole in inflated)
        equal = 0
        for start in range(0, first.size, _BLOCK_VOXELS):
            block, other = (labels[start : start + _BLOCK_VOXELS] for labels in (first, second))
            equal += int(np.count_nonzero(block == other))
        if not equal:
            raise ValueError("two label maps without a voxel in common: these are not a pair")
        return {}

    return score


def monai_boxes() -> Contender:
    """monai, given the box around each class: far quicker than the whole volumes that it would crop itself."""
    return _monai(boxes=True)


def monai_volumes() -> Contender:
    """monai, given whole masks."""
    return _monai(boxes=False)


def _monai(boxes: bool) -> Contender:
    """monai's NSD with surface elements (`use_subvoxels`) and its HD95, of every class that is on both sides.

    Its HD95 is between edge voxels, not surface elements: another number than ours.
    """
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.surface_dice import compute_surface_dice
    from scipy import ndimage

    torch.set_num_threads(1)

    def score(pair: PairFiles) -> Numbers:
        (reference, prediction), spacing_mm = _read(pair), _spacing_zyx_mm(pair)
        same: dict[str, Any] = {"include_background": True, "spacing": spacing_mm}
        sides = (prediction, reference)
        found = zip(*(ndimage.find_objects(labels, max_label=CLASS_IDS.stop - 1) for labels in sides), strict=True)
        numbers = {}
        for class_id, of_class in zip(CLASS_IDS, found, strict=True):
            if None in of_class:
                continue
            box = _around(*of_class) if boxes else ...
            y_pred, y = (torch.from_numpy((labels[box] == class_id)[None, None]) for labels in sides)
            nsd = compute_surface_dice(y_pred, y, class_thresholds=[NSD_TOLERANCE_MM], use_subvoxels=True, **same)
            hd95_mm = compute_hausdorff_distance(y_pred, y, percentile=95, **same)
            numbers[class_id] = {"nsd": float(nsd), "hd95_mm_of_voxels": float(hd95_mm)}
        return numbers

    return score


def _around(first: tuple[slice, ...], second: tuple[slice, ...]) -> tuple[slice, ...]:
    """The box around two boxes, with a voxel of margin where the grid has one."""
    return tuple(
        slice(max(min(a.start, b.start) - 1, 0), max(a.stop, b.stop) + 1) for a, b in zip(first, second, strict=True)
    )


def _read(pair: PairFiles) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The reference and the prediction as SimpleITK reads them, (z, y, x)."""
    import SimpleITK

    first, second = (
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))) for path in (pair.reference, pair.prediction)
    )
    return first, second


def _spacing_zyx_mm(pair: PairFiles) -> list[float]:
    import SimpleITK

    header = SimpleITK.ImageFileReader()
    header.SetFileName(str(pair.reference))
    header.ReadImageInformation()
    return list(header.GetSpacing()[::-1])


CONTENDERS: Mapping[str, Callable[[], Contender]] = {
    "ours": ours,
    "ours with distances": ours_distances,
    "panoptica": panoptica_masks,
    "panoptica, class groups": panoptica_groups,
    "nnU-Net": nnunet,
    READING: reading_alone,
    "monai": monai_boxes,
    "monai, whole volumes": monai_volumes,
}
