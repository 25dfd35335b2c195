"""Plans a method for volumes of the paper's mean size, without a data set, and cuts patches for its network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.plans import CONFIGURATION, FINGERPRINT, Planning, make_plans, read_plans
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.splits import Fold

from .setting import Setting

CASES = 484
"""The training cases of MSWAL: planners bound a batch by their number."""
INTENSITIES = {
    "max": 2000.0, "mean": 90.0, "median": 60.0, "min": -100.0, "percentile_00_5": -40.0, "percentile_99_5": 1000.0,
    "std": 180.0,
}  # fmt: skip
"""HU of lesions, about those of the phantom."""
_BATCHES = 4
_PLANNED = "planned"


def planned(setting: Setting, method: NnUNetMethod) -> Workspace:
    """A workspace with the method's plans, made by its own planner from a fingerprint that is written here."""
    workspace = Workspace.of(setting.folder / f"plans-{method.name}")
    if (workspace.root / _PLANNED).exists():
        return workspace
    recipe = method.recipes[setting.budget]
    description = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, **{each.key: each.id for each in LESION_CLASSES}},
        "numTraining": CASES,
        "file_ending": ".nii.gz",
    }
    for folder in (workspace.raw / "imagesTr", workspace.raw / "labelsTr", workspace.preprocessed):
        folder.mkdir(parents=True, exist_ok=True)
    image = workspace.raw / "imagesTr" / "case_0000.nii.gz"
    if not image.is_symlink():
        image.symlink_to(setting.image)
    fingerprint = {
        "spacings": [list(setting.spacing_mm)],
        "shapes_after_crop": [list(setting.shape)],
        "foreground_intensity_properties_per_channel": {"0": INTENSITIES},
        "median_relative_size_after_cropping": 1.0,
    }
    (workspace.raw / "dataset.json").write_text(json.dumps(description))
    (workspace.preprocessed / "dataset.json").write_text(json.dumps(description))
    (workspace.preprocessed / FINGERPRINT).write_text(json.dumps(fingerprint))
    planning = Planning(
        planner=method.planner,
        plan=recipe.plan,
        network_class=method.network_class,
        planned_arguments=method.planned_arguments,
        network_options=method.network_options,
    )
    with workspace.entered(setting.device, compiled=False):
        make_plans(workspace, [Fold(("case",), ("case",))], planning)
    # nnU-Net's trainer looks at the kind of the prepared files before any is read; none is.
    prepared = workspace.preprocessed / read_plans(workspace)["configurations"][CONFIGURATION]["data_identifier"]
    prepared.mkdir(exist_ok=True)
    (prepared / "case.b2nd").touch()
    (workspace.root / _PLANNED).touch()
    return workspace


def batches(
    setting: Setting, patch: Sequence[int], batch_size: int, scales: Sequence[Sequence[float]] | None
) -> list[dict[str, Any]]:
    """A few batches as a trainer gets them, of patches around lesions of the volume on its own grid.

    `data` is (batch, channel, z, y, x), normalised; `target` is such a tensor of labels for each of `scales`, the share
    of the patch's sides that an output has, or a single one where that is None.
    """
    hu, labels = setting.volume()
    generator = np.random.default_rng(0)
    lesions = np.argwhere(labels)
    made = []
    for _ in range(_BATCHES):
        images, maps = [], []
        for _ in range(batch_size):
            box = _box(lesions[generator.integers(len(lesions))], patch, hu.shape)
            images.append(normalised(hu[box]))
            maps.append(labels[box])
        target = torch.from_numpy(np.stack(maps)[:, None]).short()
        targets = None if scales is None else [_scaled(target, scale) for scale in scales]
        made.append({"data": torch.from_numpy(np.stack(images)[:, None]), "target": targets or target})
    return made


def pinned(batch: dict[str, Any]) -> dict[str, Any]:
    """The same in memory from which a GPU copies by itself."""
    target = batch["target"]
    targets = [each.pin_memory() for each in target] if isinstance(target, list) else target.pin_memory()
    return {"data": batch["data"].pin_memory(), "target": targets}


def normalised(hu: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """As nnU-Net normalises CT."""
    clipped = np.clip(hu.astype(np.float32), INTENSITIES["percentile_00_5"], INTENSITIES["percentile_99_5"])
    return (clipped - INTENSITIES["mean"]) / INTENSITIES["std"]


def middle_patch(setting: Setting, patch: Sequence[int]) -> torch.Tensor:
    """The patch (1, 1, z, y, x) around the volume's middle."""
    hu, _ = setting.volume()
    return torch.from_numpy(normalised(hu[_box(np.array(hu.shape) // 2, patch, hu.shape)]))[None, None]


def _box(centre: np.ndarray[Any, Any], patch: Sequence[int], shape: Sequence[int]) -> tuple[slice, ...]:
    starts = [int(np.clip(at - side // 2, 0, size - side)) for at, side, size in zip(centre, patch, shape, strict=True)]
    return tuple(slice(start, start + side) for start, side in zip(starts, patch, strict=True))


def _scaled(target: torch.Tensor, scale: Sequence[float]) -> torch.Tensor:
    if all(share == 1 for share in scale):
        return target
    shape = [round(side * share) for side, share in zip(target.shape[2:], scale, strict=True)]
    return torch.nn.functional.interpolate(target.float(), shape, mode="nearest-exact").short()
