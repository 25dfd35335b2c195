"""Asks MetricsReloaded, of its repository: it is not on PyPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import situations as at


def answers() -> dict[str, str]:
    from MetricsReloaded.metrics.pairwise_measures import BinaryPairwiseMeasures
    from MetricsReloaded.processes.overall_process import ProcessEvaluation
    from MetricsReloaded.utility.assignment_localization import AssignmentMapping
    from MetricsReloaded.utility.utils import MorphologyOps

    def pairwise(pair: at.Pair) -> Any:
        reference, prediction = (mask.astype(np.int64) for mask in pair)
        return BinaryPairwiseMeasures(prediction, reference, pixdim=[1, 1, 1])

    def matches(pair: at.Pair) -> str:
        reference, prediction = pair
        mapping = AssignmentMapping([prediction], [reference], [1.0], "mask_iou", pixdim=[1, 1, 1])
        tp, fp, fn = (len(side) for side in mapping.matching_ref_predseg()[1:])
        return at.counted(tp, fp, fn)

    def process(pairs: Sequence[at.Pair], classes: int) -> Any:
        data = {
            "ref_class": [reference for reference, _ in pairs],
            "pred_class": [prediction for _, prediction in pairs],
            "pred_prob": [None] * len(pairs),
            "list_values": [*range(1, classes + 1)],
        }
        return ProcessEvaluation(data, "SemS", measures_overlap=["dsc"])

    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((pair,), lambda p: pairwise(p).dsc())
        told[f"hd95, {name}"] = at.told_of((pair,), lambda p: pairwise(p).measured_hausdorff_distance_perc())
    told["hd95, far part"] = at.told(lambda: pairwise(at.FAR_PART).measured_hausdorff_distance_perc())
    for name, pair in at.MATCHES.items():
        told[f"lesions, {name}"] = at.told_of((pair,), matches)
    for name, voxels in at.JOINED.items():
        told[f"lesions, {name}"] = at.told_of(
            (voxels,), lambda v: len(MorphologyOps(v, 1).list_foreground_component()[0])
        )
    told["mean, class 1"] = at.told(lambda: process(at.CASES, 1).stats_lab["dsc"]["mean"][1])
    told["mean, classes"] = at.told(lambda: process(at.CASES, 2).stats_all["dsc_average"]["mean"])
    return told
