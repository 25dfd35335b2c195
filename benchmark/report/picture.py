"""The picture of a case: one axial slice as CT, reference and each method, lesions in their classes' colours."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...metrics.foreground import Foreground, Indices
from ..errors import Problem, raise_if_any
from ..figures.body_planes import BodyGrid, planes_of_runs, read_planes, voxels_of
from ..figures.case_volumes import read_case
from ..figures.ct_panel import draw_grey, outline_path
from ..files import whole_file
from ..scoring.protocol import Protocol
from ..volumes.label_maps import read_labels
from ..volumes.volume_header import read_header

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OPACITY = 0.75
# Nine panels side by side, of all seven methods, would be too small to see a lesion in.
_MOST_COLUMNS = 5
_PANEL_IN, _TITLE_IN, _LEGEND_IN = 3.2, 0.32, 0.4


def draw_axial_slice(
    image: Path, reference: Path, predictions: Mapping[str, Path], protocol: Protocol, out: Path
) -> None:
    """Writes a PNG of the axial slice that shows the reference best, a panel for each of CT, reference, methods.

    All volumes are turned to the radiological convention: the patient's right is on the left of the picture. The slice
    is the one with most lesion types in the reference, then with most lesion voxels; without a lesion, the middle one.
    Raises BenchError for a file that cannot be read, or lies on another grid than the reference.
    """
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    problems: list[Problem] = []
    volumes = read_case(reference, predictions, image, protocol, problems, [])
    raise_if_any(problems)
    assert volumes is not None
    assert volumes.image is not None
    grid, of_image = BodyGrid(volumes.geometry), BodyGrid(volumes.image.geometry)
    z = _most_telling_slice(volumes.reference, grid)
    (grey,) = read_planes(volumes.image, [of_image.places("axial", grid.same_plane(of_image, "axial", z))])
    pixel_mm, places = grid.pixel_mm("axial"), grid.places("axial", z)
    labels = {"Reference": volumes.reference, **volumes.predictions}
    slices = {title: planes_of_runs(of_title, of_title.class_ids, places) for title, of_title in labels.items()}

    panels: dict[str, Indices | None] = {"CT": None, **slices}
    columns = min(len(panels), _MOST_COLUMNS)
    rows = ceil(len(panels) / columns)
    row_in = _PANEL_IN * (grey.shape[0] * pixel_mm[0]) / (grey.shape[1] * pixel_mm[1]) + _TITLE_IN
    height_in = rows * row_in + _LEGEND_IN
    # Whatever else runs in this process may have set a style for all: nnU-Net's trainers do.
    with style.context("default", after_reset=True):
        figure = Figure(figsize=(_PANEL_IN * columns, height_in), facecolor="black")
        grid_of_axes = figure.subplots(rows, columns, squeeze=False)
        for axes in grid_of_axes.flat:
            axes.set_axis_off()
        # The last row may not be full.
        for axes, (title, label) in zip(grid_of_axes.flat, panels.items(), strict=False):
            draw_grey(axes, grey, pixel_mm)
            axes.set_title(title, color="white", fontsize=10, parse_math=False)
            if label is not None:
                _draw_lesions(axes, label, pixel_mm, protocol)
        shown = {class_id for label in slices.values() for class_id in np.unique(label).tolist()}
        patches = [Patch(color=one.colour, label=one.name) for one in protocol.lesion_classes if one.id in shown]
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


def most_telling_case(references: Mapping[str, Path], protocol: Protocol) -> str:
    """The case whose best slice shows most lesion types, then most lesion voxels; the first of equals."""
    best = {}
    for case, path in references.items():
        header = read_header(path)
        labels = read_labels(header, max(protocol.class_ids))
        best[case] = _slice_ranks(labels, BodyGrid(header.geometry)).max()
    return max(best, key=lambda case: best[case])


def _slice_ranks(labels: Foreground, grid: BodyGrid) -> Indices:
    """For each slice a number that grows with its lesion types first, its lesion voxels second."""
    count = grid.count("axial")
    of_voxel = grid.planes_at("axial", voxels_of(labels))
    class_ids = np.repeat(labels.class_ids, labels.lengths)
    voxels = np.bincount(of_voxel, minlength=count)
    kinds = np.bincount(np.unique(np.stack([of_voxel, class_ids]), axis=1)[0], minlength=count)
    return np.asarray(kinds * (grid.places("axial", 0).size + 1) + voxels)


def _most_telling_slice(labels: Foreground, grid: BodyGrid) -> int:
    ranks = _slice_ranks(labels, grid)
    return int(ranks.argmax()) if ranks.any() else ranks.size // 2


def _draw_lesions(axes: Axes, label: Indices, pixel_mm: tuple[float, float], protocol: Protocol) -> None:
    from matplotlib.patches import PathPatch

    for lesion in protocol.lesion_classes:
        path = outline_path(label == lesion.id, pixel_mm)
        axes.add_patch(PathPatch(path, facecolor=lesion.colour, edgecolor="none", alpha=_OPACITY))
