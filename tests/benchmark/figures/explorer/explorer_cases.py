"""Makes cases for the pages: a reference, predictions and a CT on any grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.benchmark.figures.explorer.case_content import CaseToShow

SHAPE = (24, 40, 32)
"""In the order (z, y, x)."""
SPACING_MM = (1.5, 1.0, 2.5)


def direction(kind: str) -> tuple[float, ...]:
    """Returns the direction cosines of a grid: `plain`, `flipped`, `permuted` or `oblique`."""
    matrix = {
        "plain": np.eye(3),
        "flipped": np.diag([-1.0, 1.0, -1.0]),
        "permuted": np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
        "oblique": _turn(2, 20) @ _turn(0, 12) @ np.diag([1.0, -1.0, 1.0]),
    }[kind]
    return tuple(matrix.ravel().tolist())


def _turn(axis: int, degrees: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    one, other = (axis + 1) % 3, (axis + 2) % 3
    matrix[[one, one, other, other], [one, other, one, other]] = cosine, -sine, sine, cosine
    return matrix


@dataclass(frozen=True, eq=False)
class MadeCase:
    """Holds a case's files and arrays, in the order (z, y, x)."""

    files: CaseToShow
    reference: NDArray[np.uint8]
    prediction: NDArray[np.uint8]
    image: SimpleITK.Image
    """Is the reference, which says where a voxel lies."""


def make_case(folder: Path, kind: str = "plain", *, ct: bool = True, lesions: bool = True) -> MadeCase:
    """Writes a case with a match, an FN, an FP, a hollow lesion and a speck; without `lesions`, an empty one."""
    reference, prediction = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    if lesions:
        reference[3:8, 5:11, 6:12] = 3
        prediction[3:8, 5:11, 7:13] = 3
        reference[12:15, 25:30, 20:26] = 6
        prediction[16:19, 30:36, 4:9] = 7
        # A shell, whose centroid lies outside of it.
        reference[14:21, 10:19, 18:27] = 5
        reference[15:20, 11:18, 19:26] = 0
        reference[22, 2, 30] = 1
    values = np.random.default_rng(0).normal(30, 15, SHAPE)
    values[reference > 0] += 300
    folder.mkdir(parents=True, exist_ok=True)
    image = save(reference, folder / "reference.nii.gz", kind)
    save(prediction, folder / "prediction.nii.gz", kind)
    save(values.astype(np.int16), folder / "ct.nii.gz", kind)
    predictions: dict[str, Path | None] = {"<b>One</b> & 1": folder / "prediction.nii.gz", "Nothing": None}
    files = CaseToShow(f"case {kind}", folder / "reference.nii.gz", folder / "ct.nii.gz" if ct else None, predictions)
    return MadeCase(files, reference, prediction, image)


def save(array: NDArray[Any], path: Path, kind: str = "plain") -> SimpleITK.Image:
    """Writes an array (z, y, x) on a grid, and returns the image."""
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(SPACING_MM)
    image.SetOrigin((-20.0, 35.0, -110.0))
    image.SetDirection(direction(kind))
    SimpleITK.WriteImage(image, str(path))
    return image
