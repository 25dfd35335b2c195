"""Draws what is worked on at full size: logits, and volumes with a trained network that costs nothing.

python -m mswal_bench.tests.speed.full_size_data NAME FOLDER [--shrink N]
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.baselines.nnunet.plans import CONFIGURATION, read_plans
from mswal_bench.tests.baselines.nnunet.small_plans import save_weights, write_predictable_plans

from .free_network import BAND_HU, DEVIATION_HU, FIRST_HU, MEAN_HU

_CLASSES = 8
_PATCH = (96, 160, 160)


@dataclass(frozen=True)
class Grid:
    """Of a volume: slices, pixels of a side, mm along z and in the plane."""

    slices: int
    pixels: int
    slice_mm: float
    pixel_mm: float

    def shrunken(self, by: int) -> Grid:
        return Grid(self.slices // by, self.pixels // by, self.slice_mm * by, self.pixel_mm * by)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.slices, self.pixels, self.pixels

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        return self.slice_mm, self.pixel_mm, self.pixel_mm

    def resampled(self, spacing_mm: tuple[float, float, float]) -> tuple[int, ...]:
        """The shape at another spacing, as nnU-Net rounds it."""
        return tuple(
            round(size * old / new) for size, old, new in zip(self.shape, self.spacing_mm, spacing_mm, strict=True)
        )


@dataclass(frozen=True)
class Logits:
    """Logits on the network's grid, of an image with another."""

    image: Grid
    network_mm: tuple[float, float, float]
    foreground: float
    """The share of the voxels."""


@dataclass(frozen=True)
class Volume:
    """A CT with lesions, and a trained network of so many folds."""

    image: Grid
    folds: int


_TYPICAL = Grid(276, 512, 1.25, 0.78)
DATA: Mapping[str, Logits | Volume] = {
    "sparse": Logits(_TYPICAL, (1.0, 1.0, 1.0), 0.00014),
    "usual": Logits(_TYPICAL, (1.0, 1.0, 1.0), 0.018),
    "dense": Logits(Grid(80, 512, 2.0, 0.7), (1.25, 0.78, 0.78), 0.13),
    "276 slices": Volume(_TYPICAL, 1),
    "276 slices, five folds": Volume(_TYPICAL, 5),
    "503 slices": Volume(Grid(503, 512, 1.25, 0.78), 1),
    "1,089 slices, five folds": Volume(Grid(1089, 512, 1.25, 0.78), 5),
}


def draw(name: str, folder: Path, shrink: int = 1) -> None:
    """Writes `folder`, whole or not at all, unless it is there."""
    if folder.exists():
        return
    partial = folder.with_name(f".partial-{folder.name}")
    # What a drawing left that was broken off.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    data = DATA[name]
    if isinstance(data, Logits):
        _write_logits(data, partial, shrink)
    else:
        _write_volume(data, partial, shrink)
    partial.rename(folder)


def _write_logits(data: Logits, folder: Path, shrink: int) -> None:
    image = data.image.shrunken(shrink)
    z_mm, y_mm, x_mm = data.network_mm
    network_mm = z_mm * shrink, y_mm * shrink, x_mm * shrink
    shape = image.resampled(network_mm)
    generator = np.random.default_rng(0)
    logits = np.empty((_CLASSES, *shape), np.float16)
    for label, of_class in enumerate(logits):
        for plane in of_class:
            plane[:] = generator.normal(-2 if label else 8, 1, plane.shape)
    wanted, done = data.foreground * np.prod(shape), 0
    while done < wanted:
        # In a dense volume lesions are large, as in a liver full of them.
        radius = generator.uniform(3, 18) if data.foreground < 0.05 else generator.uniform(15, 45)
        radius = max(1.0, min(radius / shrink, (3 * (wanted - done) / 4) ** (1 / 3)))
        label = int(generator.integers(1, _CLASSES))
        done += _add_ball(logits[label], radius, generator, 14)
    np.save(folder / "logits.npy", logits)
    _write_plans(folder, network_mm, 1)
    properties = {
        "spacing": image.spacing_mm,
        "shape_before_cropping": image.shape,
        "bbox_used_for_cropping": [[0, size] for size in image.shape],
        "shape_after_cropping_and_before_resampling": image.shape,
    }
    (folder / "properties.json").write_text(json.dumps(properties))


def _write_volume(data: Volume, folder: Path, shrink: int) -> None:
    import SimpleITK

    image = data.image.shrunken(shrink)
    generator = np.random.default_rng(0)
    noise = generator.normal(40, 60, (16, *image.shape[1:])).astype(np.int16)
    rows, columns = (np.linspace(-1, 1, image.pixels)[:, None], np.linspace(-1, 1, image.pixels)[None])
    noise[:, (rows / 0.7) ** 2 + (columns / 0.86) ** 2 > 1] -= 1040
    hu = noise[np.arange(image.slices) % len(noise)]
    labels = np.zeros(image.shape, np.uint8)
    for label in range(1, _CLASSES):
        for _ in range(5):
            ball = np.zeros_like(labels, bool)
            _add_ball(ball, generator.uniform(3, 20) / shrink, generator, True)
            labels[ball], hu[ball] = label, FIRST_HU + BAND_HU * label
    for array, name in ((hu, "case_0000"), (labels, "case")):
        stored = SimpleITK.GetImageFromArray(array)
        stored.SetSpacing(image.spacing_mm[::-1])
        SimpleITK.WriteImage(stored, str(folder / f"{name}.nii.gz"), True)
    _write_plans(folder, (float(shrink),) * 3, data.folds, shrink)


def _add_ball(volume: NDArray[Any], radius: float, generator: np.random.Generator, value: float) -> int:
    """Adds `value` to the voxels of a ball, which it counts."""
    centre = [generator.uniform(min(radius, size / 2), max(size - radius, size / 2)) for size in volume.shape]
    box = tuple(
        slice(max(0, int(at - radius)), min(size, int(at + radius) + 2))
        for at, size in zip(centre, volume.shape, strict=True)
    )
    distance = sum((axis - at) ** 2 for axis, at in zip(np.ogrid[box], centre, strict=True))
    ball = distance <= radius**2
    volume[box][ball] += value
    return int(np.count_nonzero(ball))


def _write_plans(folder: Path, network_mm: tuple[float, ...], folds: int, shrink: int = 1) -> None:
    """A workspace with all that prediction reads, and its plans beside it."""
    import torch

    network = {"network_class_name": "free_network.FreeNetwork", "arch_kwargs": {}, "_kw_requires_import": []}
    workspace = write_predictable_plans(folder, network)
    plans = read_plans(workspace)
    intensities = {"mean": MEAN_HU, "std": DEVIATION_HU, "percentile_00_5": -958.0, "percentile_99_5": 2000.0}
    plans["foreground_intensity_properties_per_channel"] = {"0": intensities}
    configuration = plans["configurations"][CONFIGURATION]
    configuration |= {"spacing": list(network_mm), "patch_size": [size // shrink for size in _PATCH]}
    configuration["resampling_fn_data_kwargs"]["order"] = 3
    for path in (workspace.preprocessed / "benchPlans.json", folder / "plans.json"):
        path.write_text(json.dumps(plans))
    for fold in range(folds):
        save_weights(workspace, {"bias": torch.full((1,), 0.01 * fold)}, fold)
    (workspace.preprocessed / "splits_final.json").write_text(json.dumps([{"train": [], "val": []}] * folds))
    (folder / "folds.json").write_text(json.dumps(folds))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=DATA)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shrink", type=int, default=1)
    arguments = parser.parse_args()
    draw(arguments.name, arguments.folder, arguments.shrink)


if __name__ == "__main__":
    main()
