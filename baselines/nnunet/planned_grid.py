"""Reads from nnU-Net v2's plans on which grid the network sees labels. Needs no torch."""

from __future__ import annotations

from typing import Any

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.method import MethodError

from .plans import CONFIGURATION, is_planned, read_plans
from .workspace import Workspace

_RESAMPLED_BY = "resample_data_or_seg_to_shape"
_USUAL = {"order": 1, "order_z": 0, "force_separate_z": None}


def planned_grid(workspace: Workspace) -> LabelGrid:
    """The grid of `3d_fullres`.

    Raises MethodError where nothing is planned, and for plans that resample labels or logits in a way of their own.
    """
    if not is_planned(workspace):
        raise MethodError(f"nothing is planned in {workspace.root}: the run has not been prepared yet.")
    plans = read_plans(workspace)
    configuration = plans["configurations"][CONFIGURATION]
    for part, is_seg in (("seg", True), ("probabilities", False)):
        if not _is_usual(configuration, part, is_seg):
            raise MethodError(f"the plans in {workspace.preprocessed} resample labels in a way of their own.")
    first, second, third = plans["transpose_forward"]
    spacing = tuple(float(side) for side in configuration["spacing"])
    return LabelGrid(spacing, (int(first), int(second), int(third)), version=2)


def _is_usual(configuration: dict[str, Any], part: str, is_seg: bool) -> bool:
    options = configuration.get(f"resampling_fn_{part}_kwargs")
    return configuration.get(f"resampling_fn_{part}") == _RESAMPLED_BY and options == {"is_seg": is_seg, **_USUAL}
