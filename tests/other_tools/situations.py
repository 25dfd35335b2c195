"""Draws the tiny label maps on which all tools are run, and says what a tool answers in a few words.

Arrays are in the order (z, y, x) with voxels of 1 mm. A label is a class; 1 is used unless something else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Pair = tuple[Mask, Mask]
"""The reference, then the prediction."""

SHAPE = (4, 4, 8)
NOTHING = np.zeros(SHAPE, np.uint8)


def _filled(shape: tuple[int, ...], *places: Any) -> Mask:
    mask = np.zeros(shape, np.uint8)
    for place in places:
        mask[place] = 1
    return mask


SOMETHING = _filled(SHAPE, np.s_[1:3, 1:3, 1:4])

EMPTY: Mapping[str, Pair] = {
    "both empty": (NOTHING, NOTHING),
    "reference empty": (NOTHING, SOMETHING),
    "prediction empty": (SOMETHING, NOTHING),
}

MATCHES: Mapping[str, Pair] = {
    "IoU 1/2": (_filled(SHAPE, np.s_[1, 1, 0:4]), _filled(SHAPE, np.s_[1, 1, 0:2])),
    "IoU 1/7": (_filled(SHAPE, np.s_[1, 1, 0:4]), _filled(SHAPE, np.s_[1, 1, 3:7])),
}
"""One lesion on each side, with this IoU."""

JOINED: Mapping[str, Mask] = {
    "face": _filled(SHAPE, np.s_[1, 1, 1:3]),
    "edge": _filled(SHAPE, np.s_[1, 1, 1], np.s_[1, 2, 2]),
    "corner": _filled(SHAPE, np.s_[1, 1, 1], np.s_[2, 2, 2]),
}
"""Two voxels each, and what they have in common."""
ONE_OF_TWO = _filled(SHAPE, np.s_[1, 1, 1])

_PLATE = np.s_[2, 2:22, 2:22]
FAR_PART: Pair = (_filled((50, 24, 24), _PLATE), _filled((50, 24, 24), _PLATE, np.s_[42, 9:15, 9:15]))
"""A plate of 20 x 20 voxels, and the same with a small plate 40 mm away: 36 of its 436 voxels, 8 %, and 4 % of both."""

CASES: tuple[Pair, ...] = (
    (_filled(SHAPE, np.s_[0, 0, :]), _filled(SHAPE, np.s_[0, 0, 4:8], np.s_[0, 1, 0:4])),
    (_filled(SHAPE, np.s_[0:2]), _filled(SHAPE, np.s_[0:2])),
    (NOTHING, NOTHING),
    (NOTHING, _filled(SHAPE, np.s_[3, 3, 4:8])),
)
"""Four cases: Dice 1/2, Dice 1, neither side has the class, and the prediction alone has it. Class 2 is in none."""

FILES = ("equal", "origin +100 mm", "origin -100 mm", "mirrored header", "other spacing", "turned")
"""Predictions of one reference. All but the last have its voxels, in the same order, under a header that says something
else; `turned` stores the axes the other way round and says so, so that each voxel lies where it should."""


def write_files(folder: Path) -> Path:
    """Writes `reference/CASE.nii.gz`, and `FILE/CASE.nii.gz` for each of FILES; gives the folder."""
    import SimpleITK

    def write(name: str, mask: Mask, origin: float = 0, x_direction: int = 1, step: float = 1) -> None:
        image = SimpleITK.GetImageFromArray(mask)
        image.SetOrigin((origin, 0, 0))
        image.SetDirection((x_direction, 0, 0, 0, 1, 0, 0, 0, 1))
        image.SetSpacing((step, 1, 1))
        (folder / name).mkdir(parents=True)
        SimpleITK.WriteImage(image, str(folder / name / "CASE.nii.gz"))

    write("reference", SOMETHING)
    write("equal", SOMETHING)
    write("origin +100 mm", SOMETHING, 100)
    write("origin -100 mm", SOMETHING, -100)
    write("mirrored header", SOMETHING, x_direction=-1)
    write("other spacing", SOMETHING, step=2)
    write("turned", np.ascontiguousarray(SOMETHING[:, :, ::-1]), SHAPE[2] - 1, -1)
    return folder


def write_two_cases(folder: Path) -> tuple[Path, Path]:
    """Writes two references and a prediction of the first alone, which is perfect; gives both folders."""
    import SimpleITK

    for name in ("reference/A", "reference/B", "prediction/A"):
        path = folder / f"{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(SOMETHING), str(path))
    return folder / "reference", folder / "prediction"


def told(call: Callable[[], object]) -> str:
    """Says what a call gives: a number with up to three decimals, NaN, or the error that it raises."""
    try:
        answer = call()
    except BaseException as error:  # whatever a tool raises is its answer
        return f"refused ({type(error).__name__})"
    return answer if isinstance(answer, str) else number(float(answer))  # type: ignore[arg-type]


def told_of(given: tuple[Any, ...], call: Callable[..., object]) -> str:
    """As `told`, of a call with arguments."""
    return told(lambda: call(*given))


def number(value: float) -> str:
    if np.isnan(value):
        return "NaN"
    return "infinite" if np.isinf(value) else f"{value:.3f}".rstrip("0").rstrip(".")


def counted(tp: float, fp: float, fn: float) -> str:
    return f"{int(tp)} TP, {int(fp)} FP, {int(fn)} FN"
