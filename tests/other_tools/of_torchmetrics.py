"""Asks torchmetrics: its segmentation metrics, which take tensors of whole batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import situations as at


def answers() -> dict[str, str]:
    import torch
    from torchmetrics.segmentation import DiceScore, HausdorffDistance, MeanIoU

    def asked(metric: Any, pairs: Sequence[at.Pair]) -> Any:
        for reference, prediction in pairs:
            metric.update(*(torch.from_numpy(mask[None].astype(np.int64)) for mask in (prediction, reference)))
        return metric.compute()

    def dice(classes: int, **options: Any) -> Any:
        return DiceScore(num_classes=classes + 1, include_background=False, input_format="index", **options)

    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((pair,), lambda p: asked(dice(1, average="macro"), [p]))
    told["hd95, far part"] = at.told(
        lambda: asked(HausdorffDistance(num_classes=2, input_format="index"), [at.FAR_PART])
    )
    told["mean, class 1"] = at.told(lambda: asked(dice(2, average="none"), at.CASES)[0])
    told["mean, absent class"] = at.told(lambda: asked(dice(2, average="none"), at.CASES)[1])
    told["mean, classes"] = at.told(lambda: asked(dice(2, average="macro"), at.CASES))
    told["mean, global"] = at.told(lambda: asked(dice(2, average="macro", aggregation_level="global"), at.CASES))
    told["mean, IoU of an absent class"] = at.told(
        lambda: asked(MeanIoU(3, include_background=False, per_class=True, input_format="index"), at.CASES)[1]
    )
    return told
