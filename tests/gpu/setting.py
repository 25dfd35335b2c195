"""What all parts of the check work with: the device, the size, the folder, and the volume that is drawn there."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mswal_bench.baselines.method import Budget

FULL_SHAPE = 276, 512, 512
FULL_SPACING_MM = 1.0, 0.78, 0.78
"""(z, y, x) of the volumes that networks are planned for, those for which the fidelity cards say what is planned: the
mean number of slices of MSWAL, at a spacing of CT. What its own fingerprint plans was not at hand."""
_FULL_SLOT = 213
"""Of the phantom's patients one with as many slices."""


@dataclass(frozen=True)
class Setting:
    """Where and how the check works. Plain values, for each part is a process of its own."""

    folder: Path
    device: str
    """`cuda` or `cpu`."""
    small: bool
    """Tries the check out: networks of the smoke test on the phantom of 80 x 80 x 112 voxels."""

    @property
    def budget(self) -> Budget:
        return Budget.SMOKE if self.small else Budget.PAPER

    @property
    def shape(self) -> tuple[int, int, int]:
        """(z, y, x) of the volumes that networks are planned for."""
        return (80, 80, 112) if self.small else FULL_SHAPE

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        return (3.0, 3.0, 3.0) if self.small else FULL_SPACING_MM

    @property
    def image(self) -> Path:
        return self.folder / "volume_0000.nii.gz"

    @property
    def arrays(self) -> Path:
        return self.folder / "volume.npz"

    def volume(self) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """HU and labels (z, y, x) of the volume that `draw_volume` drew."""
        with np.load(self.arrays) as arrays:
            return arrays["hu"], arrays["labels"]


def draw_volume(setting: Setting) -> dict[str, object]:
    """Draws a case of the phantom, as a file to predict and as arrays to cut patches from."""
    from mswal_bench.benchmark.data.phantom.case import make_case
    from mswal_bench.benchmark.data.phantom.drawing import write_volume

    case = make_case(0, _FULL_SLOT, "small" if setting.small else "full")
    write_volume(setting.image, case.image, case.spacing_mm, case.origin_mm)
    np.savez(setting.arrays, hu=case.image, labels=case.label)
    return {"shape": list(case.image.shape), "spacing_mm": list(case.spacing_mm[::-1])}


def tell(text: str) -> None:
    """Says what is going on, past what captures the output of nnU-Net."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.__stderr__, flush=True)
