"""Asks MONAI: DiceMetric, HausdorffDistanceMetric and PanopticQualityMetric with their defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import situations as at


def answers() -> dict[str, str]:
    import torch
    from monai.metrics import DiceMetric, HausdorffDistanceMetric, PanopticQualityMetric

    def one_hot(masks: Sequence[at.Mask], classes: int = 1) -> Any:
        # (case, class, z, y, x), without a background.
        return torch.from_numpy(np.stack([[mask == of for of in range(1, classes + 1)] for mask in masks])).float()

    def asked(metric: Any, pairs: Sequence[at.Pair], classes: int = 1, reduction: str | None = None) -> Any:
        metric.reset()
        metric([*one_hot([pair[1] for pair in pairs], classes)], [*one_hot([pair[0] for pair in pairs], classes)])
        return metric.aggregate() if reduction is None else metric.aggregate(reduction)

    def of_one(metric: Any, pair: at.Pair) -> Any:
        # What `aggregate` makes of a single undefined value is another question.
        return asked(metric, [pair], reduction="none").squeeze()

    def panoptic(pairs: Sequence[at.Pair], **options: Any) -> Any:
        metric = PanopticQualityMetric(num_classes=1, **options)
        for reference, prediction in pairs:
            # Two channels: the lesion's number, which the caller gives, and the class.
            both = [np.stack([mask, mask])[None].astype(np.int32) for mask in (prediction, reference)]
            metric(*(torch.from_numpy(side) for side in both))
        return metric.aggregate()

    dice, hd95 = DiceMetric(include_background=True), HausdorffDistanceMetric(include_background=True, percentile=95)
    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((pair,), lambda p: of_one(dice, p))
        told[f"hd95, {name}"] = at.told_of((pair,), lambda p: of_one(hd95, p))
    told["hd95, far part"] = at.told(lambda: of_one(hd95, at.FAR_PART))
    told["hd95, missed lesion, aggregated"] = at.told(lambda: asked(hd95, [at.EMPTY["prediction empty"]]))
    for name, pair in at.MATCHES.items():
        told[f"lesions, {name}"] = at.told_of(
            (pair,), lambda p: at.counted(*panoptic([p], return_confusion_matrix=True)[0, :3])
        )
    told["mean, class 1"] = at.told(lambda: asked(dice, at.CASES, 2, "mean_batch")[0])
    told["mean, classes"] = at.told(lambda: asked(dice, at.CASES, 2))
    told["mean, absent class"] = at.told(lambda: asked(dice, at.CASES, 2, "mean_batch")[1])
    told["mean, F1"] = at.told(lambda: panoptic(at.CASES, metric_name="rq")[0])
    return told
