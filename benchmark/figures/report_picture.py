"""Draws the report's picture: one axial slice as CT, reference and each method, lesions in their classes' colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.label_maps import read_labels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.foreground import Foreground, Indices

from .body_planes import BodyGrid, planes_of_runs, read_planes, voxels_of
from .case_volumes import read_case
from .crops import Box, whole_box, zoom_box
from .ct_panel import draw_grey, panel_title
from .figure_files import save_figure, styled
from .lesion_marks import class_handle, lesion_patch

_BESIDE_METHODS = _CT, _REFERENCE = "CT", "Reference"
_LINE_PT, _FONT_PT, _LEGEND_PT = 0.6, 9, 8
_TITLE_LINE_IN, _LEGEND_LINE_IN, _ENTRY_IN = 0.16, 0.19, 1.4


@dataclass(frozen=True)
class Sheet:
    """Says how the panels lie on a picture."""

    columns: int
    """Is the most panels that stand side by side."""
    panel_in: float
    """Is the width of a panel in inches."""
    dpi: int
    """Is at least twice the 96 pixels that a page shows per inch, so that screens of high resolution stay sharp."""


WIDE = Sheet(columns=5, panel_in=2.3, dpi=192)
"""Fits a page of 1,100 pixels."""
NARROW = Sheet(columns=2, panel_in=1.8, dpi=288)
"""Fits a telephone, on which letters keep their size."""


def draw_axial_slice(
    image: Path, reference: Path, predictions: Mapping[str, Path], protocol: Protocol, sheets: Mapping[Path, Sheet]
) -> None:
    """Writes PNGs of one axial slice, with a panel for the CT, the reference and each method.

    `predictions` maps the methods' titles to their label maps, `sheets` the files to write to their layouts. All
    volumes are turned to the radiological convention: the patient's right is on the left of the picture. The slice has
    the most lesion types of all in the reference and, among equals, the most lesion voxels; without a lesion it is the
    middle one. The picture shows the part of it that holds the body. Raises BenchError for a file that cannot be read
    or that lies on another grid than the reference.
    """
    problems: list[Problem] = []
    volumes = read_case(reference, predictions, image, protocol, problems, [])
    raise_if_any(problems)
    assert volumes is not None
    assert volumes.image is not None
    grid, of_image = BodyGrid(volumes.geometry), BodyGrid(volumes.image.geometry)
    z = _most_telling_slice(volumes.reference, grid)
    (grey,) = read_planes(volumes.image, [of_image.places("axial", grid.same_plane(of_image, "axial", z))])
    pixel_mm, places = grid.pixel_mm("axial"), grid.places("axial", z)
    labels = {_REFERENCE: volumes.reference, **volumes.predictions}
    slices = {title: planes_of_runs(of_title, of_title.class_ids, places) for title, of_title in labels.items()}
    lesions = np.logical_or.reduce([label > 0 for label in slices.values()])
    box = whole_box(grey, zoom_box(lesions, pixel_mm), places.shape, pixel_mm)
    plane = _Plane(grey, pixel_mm, box, {_CT: None, **slices}, protocol.lesion_classes)
    for out, sheet in sheets.items():
        _draw(plane, sheet, out)


def shown_width(sheet: Sheet, methods: int) -> int:
    """Returns the width, in pixels of 1/96 inch, at which a page shows the picture of so many methods in full size."""
    return round(min(methods + len(_BESIDE_METHODS), sheet.columns) * sheet.panel_in * 96)


@dataclass(frozen=True, eq=False)
class _Plane:
    grey: NDArray[np.float32]
    pixel_mm: tuple[float, float]
    box: Box
    panels: Mapping[str, Indices | None]
    """Maps each title to the class ids of the plane's pixels, or to None for the CT alone."""
    lesion_classes: Sequence[LesionClass]


def _draw(plane: _Plane, sheet: Sheet, out: Path) -> None:
    from matplotlib.figure import Figure

    columns = min(len(plane.panels), sheet.columns)
    rows = ceil(len(plane.panels) / columns)
    titles = [panel_title(title, sheet.panel_in, _FONT_PT, most_lines=2) for title in plane.panels]
    title_in = (max(len(title) for title in titles) + 0.5) * _TITLE_LINE_IN
    width_in = sheet.panel_in * columns
    row_in = sheet.panel_in * plane.box.height / plane.box.width + title_in
    shown = {class_id for label in plane.panels.values() if label is not None for class_id in np.unique(label).tolist()}
    handles = [class_handle(lesion) for lesion in plane.lesion_classes if lesion.id in shown]
    side_by_side = max(1, min(len(handles), int(width_in / _ENTRY_IN)))
    legend_in = (ceil(len(handles) / side_by_side) + 1) * _LEGEND_LINE_IN if handles else 0.05
    height_in = rows * row_in + legend_in
    with styled({}, *plane.panels, *(lesion.name for lesion in plane.lesion_classes)):
        figure = Figure(figsize=(width_in, height_in), facecolor="black")
        every_axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
        for axes in every_axes:
            axes.set_axis_off()
        # The last row may not be full.
        for axes, title, label in zip(every_axes, titles, plane.panels.values(), strict=False):
            draw_grey(axes, plane.grey, plane.pixel_mm)
            axes.set_title("\n".join(title), color="white", fontsize=_FONT_PT, pad=3, parse_math=False)
            if label is not None:
                for lesion in plane.lesion_classes:
                    axes.add_patch(lesion_patch(label == lesion.id, lesion, plane.pixel_mm, _LINE_PT))
            axes.set_xlim(plane.box.left, plane.box.right)
            axes.set_ylim(plane.box.bottom, plane.box.top)
        if handles:
            figure.legend(
                handles=handles,
                loc="lower center",
                ncols=side_by_side,
                frameon=False,
                labelcolor="white",
                fontsize=_LEGEND_PT,
            )
        figure.subplots_adjust(
            left=0.005,
            right=0.995,
            top=1 - title_in / height_in,
            bottom=legend_in / height_in,
            wspace=0.02,
            hspace=title_in / (row_in - title_in),
        )
        save_figure(figure, out, sheet.dpi)


def most_telling_case(references: Mapping[str, Path], protocol: Protocol) -> str:
    """Returns the case whose best slice shows the most lesion types, then the most lesion voxels; the first of equals.

    `references` maps case ids to reference label maps. Raises BenchError for one that cannot be read.
    """
    best = {}
    for case, path in references.items():
        header = read_header(path)
        labels = read_labels(header, max(protocol.class_ids))
        best[case] = _slice_ranks(labels, BodyGrid(header.geometry)).max()
    return max(best, key=lambda case: best[case])


def _slice_ranks(labels: Foreground, grid: BodyGrid) -> Indices:
    """Returns for each slice a number that grows with its lesion types first and its lesion voxels second."""
    count = grid.count("axial")
    of_voxel = grid.planes_at("axial", voxels_of(labels))
    class_ids = np.repeat(labels.class_ids, labels.lengths)
    voxels = np.bincount(of_voxel, minlength=count)
    kinds = np.bincount(np.unique(np.stack([of_voxel, class_ids]), axis=1)[0], minlength=count)
    return np.asarray(kinds * (grid.places("axial", 0).size + 1) + voxels)


def _most_telling_slice(labels: Foreground, grid: BodyGrid) -> int:
    ranks = _slice_ranks(labels, grid)
    return int(ranks.argmax()) if ranks.any() else ranks.size // 2
