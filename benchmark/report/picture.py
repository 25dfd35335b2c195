"""The picture of a case: one axial slice as CT, reference and each method, lesions in their classes' colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from ..files import whole_file
from ..lesion_classes import LesionClass

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The abdominal soft-tissue window.
_CENTRE_HU, _WIDTH_HU = 40, 400
_OPACITY = 0.75
# Nine panels side by side, of all seven methods, would be too small to see a lesion in.
_MOST_COLUMNS = 5
_TITLE_IN, _LEGEND_IN = 0.32, 0.4


def draw_axial_slice(
    image: Path, reference: Path, predictions: Mapping[str, Path], classes: Sequence[LesionClass], out: Path
) -> None:
    """Writes a PNG of the axial slice that shows the reference best, a panel for each of CT, reference, methods.

    All volumes are turned to the radiological convention: the patient's right is on the left of the picture. The slice
    is the one with most lesion types in the reference, then with most lesion voxels; without a lesion, the middle one.
    """
    from matplotlib import pyplot
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    ct = _read_axial(image)
    labels = {"Reference": _array(_read_axial(reference))}
    labels |= {name: _array(_read_axial(path)) for name, path in predictions.items()}
    z = _most_telling_slice(labels["Reference"], classes)
    grey = _array(ct)[z]
    spacing_x_mm, spacing_y_mm, _ = ct.GetSpacing()
    extent_mm = (0, grey.shape[1] * spacing_x_mm, grey.shape[0] * spacing_y_mm, 0)

    panels: dict[str, NDArray[Any] | None] = {"CT": None, **labels}
    columns = min(len(panels), _MOST_COLUMNS)
    rows = ceil(len(panels) / columns)
    panel_in = 3.2
    row_in = panel_in * extent_mm[2] / extent_mm[1] + _TITLE_IN
    height_in = rows * row_in + _LEGEND_IN
    figure: Figure
    figure, grid = pyplot.subplots(
        rows, columns, figsize=(panel_in * columns, height_in), squeeze=False, facecolor="black"
    )
    try:
        shown: set[int] = set()
        for axes in grid.flat:
            axes.set_axis_off()
        # The last row may not be full.
        for axes, (title, label) in zip(grid.flat, panels.items(), strict=False):
            _draw_grey(axes, grey, extent_mm, title)
            if label is not None:
                axes.imshow(_coloured(label[z], classes), extent=extent_mm, interpolation="nearest")
                shown |= set(np.unique(label[z]).tolist())
        patches = [Patch(color=lesion.colour, label=lesion.name) for lesion in classes if lesion.id in shown]
        if patches:
            figure.legend(handles=patches, loc="lower center", ncols=7, frameon=False, labelcolor="white", fontsize=9)
        figure.subplots_adjust(
            left=0.005,
            right=0.995,
            top=1 - _TITLE_IN / height_in,
            bottom=_LEGEND_IN / height_in,
            wspace=0.02,
            hspace=_TITLE_IN / (row_in - _TITLE_IN),
        )
        with whole_file(out) as temporary:
            figure.savefig(temporary, dpi=110, facecolor="black")
    finally:
        pyplot.close(figure)


def most_telling_case(references: Mapping[str, Path], classes: Sequence[LesionClass]) -> str:
    """The case whose best slice shows most lesion types, then most lesion voxels; the first of equals."""
    best = {case: _slice_ranks(_array(_read_axial(path)), classes).max() for case, path in references.items()}
    return max(best, key=lambda case: best[case])


def _read_axial(path: Path) -> SimpleITK.Image:
    volume = SimpleITK.ReadImage(str(path))
    # Four-dimensional with one volume is read by the scorer, too.
    return SimpleITK.DICOMOrient(volume[:, :, :, 0] if volume.GetDimension() == 4 else volume, "LPS")


def _array(image: SimpleITK.Image) -> NDArray[Any]:
    """(z, y, x), z towards the head, y towards the back, x towards the patient's left."""
    # Not a view: that would not outlive the image.
    array: NDArray[Any] = SimpleITK.GetArrayFromImage(image)
    return array


def _slice_ranks(label: NDArray[Any], classes: Sequence[LesionClass]) -> NDArray[np.int64]:
    """For each slice a number that grows with its lesion types first, its lesion voxels second."""
    kinds = sum((label == lesion.id).any(axis=(1, 2)).astype(np.int64) for lesion in classes)
    return np.asarray(kinds * label[0].size + (label > 0).sum(axis=(1, 2)), dtype=np.int64)


def _most_telling_slice(label: NDArray[Any], classes: Sequence[LesionClass]) -> int:
    ranks = _slice_ranks(label, classes)
    return int(ranks.argmax()) if ranks.any() else label.shape[0] // 2


def _draw_grey(axes: Axes, grey: NDArray[Any], extent_mm: tuple[float, float, float, float], title: str) -> None:
    low, high = _CENTRE_HU - _WIDTH_HU / 2, _CENTRE_HU + _WIDTH_HU / 2
    axes.imshow(grey, cmap="gray", vmin=low, vmax=high, extent=extent_mm, interpolation="nearest")
    axes.set_title(title, color="white", fontsize=10)


def _coloured(label: NDArray[Any], classes: Sequence[LesionClass]) -> NDArray[np.float64]:
    rgba = np.zeros((*label.shape, 4))
    for lesion in classes:
        rgba[label == lesion.id] = (*_rgb(lesion), _OPACITY)
    return rgba


def _rgb(lesion: LesionClass) -> tuple[float, ...]:
    return tuple(int(lesion.colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
