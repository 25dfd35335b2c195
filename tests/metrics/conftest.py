from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

KITS_PATIENTS = (
    "00002",
    "00025",
    "00047",
    "00075",
    "00099",
    "00124",
    "00149",
    "00178",
    "00199",
    "00225",
    "00247",
    "00273",
)


@pytest.fixture(scope="session", params=KITS_PATIENTS)
def raters(request: pytest.FixtureRequest, kits_raters: Path) -> dict[str, NDArray[np.uint8]]:
    """A patient's label maps by rater, within the box of all their foreground: tumor is 4, cyst is 7."""
    arrays = {}
    for rater in ("rater1", "rater2", "rater3"):
        image = SimpleITK.ReadImage(str(kits_raters / rater / f"KiTS_{request.param}.nii.gz"))
        arrays[rater] = SimpleITK.GetArrayFromImage(image)
    anywhere = arrays["rater1"] | arrays["rater2"] | arrays["rater3"]
    box = []
    for axis in range(3):
        other_axes = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(anywhere.any(axis=other_axes))
        box.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return {rater: np.ascontiguousarray(labels[tuple(box)]) for rater, labels in arrays.items()}
