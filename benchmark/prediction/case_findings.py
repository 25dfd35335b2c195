"""Gathers what the picture of a predicted case shows, from its image and its label map as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.figures.body_planes import BodyGrid, planes_of_runs, read_planes
from mswal_bench.benchmark.figures.crops import Box, whole_box, zoom_box
from mswal_bench.benchmark.figures.findings_picture import AxialSlice, Findings, FoundType, ShownLesion
from mswal_bench.benchmark.figures.view_choice import Target, choose_plane
from mswal_bench.benchmark.tables.escaping import unicode_name
from mswal_bench.benchmark.volumes.dicom_series import DicomSeries
from mswal_bench.benchmark.volumes.gridded_labels import axes_on_grid, gathered_header
from mswal_bench.metrics.components import Components
from mswal_bench.metrics.foreground import Indices

from .given_images import GivenImage
from .predicted_lesions import PredictedLesions, found_lesions, measured

MOST_SHOWN = 4
"""Lesions in a picture."""


def findings_of(
    image: GivenImage, label_map: Path, classes: Sequence[LesionClass], model: str, notice: str
) -> Findings:
    """What the picture of a case shows. Only the slices that it shows are held in memory, unless one DICOM file holds
    them all.

    Raises BenchError for an image or a label map that cannot be read, and where they do not lie on one grid.
    """
    geometry, components = found_lesions(label_map, [each.id for each in classes])
    lesions = measured(image.case, geometry, components)
    grid = BodyGrid(geometry)
    chosen = largest_lesions(lesions, MOST_SHOWN)
    targets = [Target(components, place) for place in chosen]
    numbers = [choose_plane(target, grid, "axial") for target in targets] or [choose_plane(None, grid, "axial")]
    planes = [grid.places("axial", number) for number in numbers]
    greys = dict(zip(numbers, _greys(image, grid, numbers, label_map), strict=True))
    pixel_mm = grid.pixel_mm("axial")
    magnified = [zoom_box(target.pixels(places), pixel_mm) for target, places in zip(targets, planes, strict=False)]
    whole = _common_box([greys[number] for number in numbers], magnified, pixel_mm)
    slices = [
        AxialSlice(number, _z_mm(grid, number), pixel_mm, greys[number], _labels(components, places), whole)
        for number, places in zip(numbers, planes, strict=True)
    ]
    by_id = {each.id: each for each in classes}
    shown = tuple(
        ShownLesion(
            by_id[int(lesions.class_ids[place])],
            int(lesions.numbers[place]),
            float(lesions.volume_mm3[place]),
            float(lesions.diameter_mm[place]),
            where,
            target.pixels(places),
            box,
        )
        for place, target, places, where, box in zip(chosen, targets, planes, slices, magnified, strict=False)
    )
    return Findings(
        unicode_name(image.case),
        model,
        notice,
        grid.count("axial"),
        shown,
        None if shown else slices[0],
        tuple(_types(lesions, classes)),
    )


def largest_lesions(lesions: PredictedLesions, most: int) -> list[int]:
    """The places of the lesions that a picture shows: the largest of each type first, then the largest of the others.

    Either are in the order of their volumes, for a stone says something that a tenth cyst does not. Of equals the first
    comes first.
    """
    by_volume = np.argsort(-lesions.voxels, kind="stable").tolist()
    _, firsts = np.unique(lesions.class_ids[by_volume], return_index=True)
    leading = {by_volume[first] for first in firsts.tolist()}
    return sorted(by_volume, key=lambda place: place not in leading)[:most]


def _types(lesions: PredictedLesions, classes: Sequence[LesionClass]) -> list[FoundType]:
    """The types that were found, that of the largest lesion first, as the lesions are shown."""
    found = []
    for each in classes:
        of_type = lesions.class_ids == each.id
        if of_type.any():
            volumes, diameters = lesions.volume_mm3[of_type], lesions.diameter_mm[of_type]
            total = FoundType(each, int(of_type.sum()), float(volumes.sum()), float(diameters.max()))
            found.append((float(volumes.max()), total))
    return [total for _, total in sorted(found, key=lambda pair: -pair[0])]


def _z_mm(grid: BodyGrid, number: int) -> float:
    geometry, stacked = grid.geometry, grid.stored_axis("axial")
    steps = [number if axis == stacked else (count - 1) / 2 for axis, count in enumerate(geometry.shape)]
    x, y, z = (step * spacing for step, spacing in zip(steps, geometry.spacing_mm, strict=True))
    return geometry.to_patient_mm((x, y, z))[2]


def _labels(components: Components, places: Indices) -> Indices:
    foreground = components.foreground
    return planes_of_runs(foreground, foreground.class_ids, places)


def _greys(image: GivenImage, grid: BodyGrid, numbers: Sequence[int], label_map: Path) -> list[NDArray[np.float32]]:
    """The image in the axial slices of these numbers, counted in the label map's file."""
    if image.series is not None:
        return _greys_of_series(image.series, grid, numbers, label_map)
    problems: list[Problem] = []
    stored = gathered_header(image.path, problems, [])
    axes_on_grid(grid.geometry, stored, image.path, problems)
    raise_if_any(problems)
    assert stored is not None
    own = BodyGrid(stored.geometry)
    places = [own.places("axial", grid.same_plane(own, "axial", number)) for number in numbers]
    return read_planes(stored, places)


def _greys_of_series(
    series: DicomSeries, grid: BodyGrid, numbers: Sequence[int], label_map: Path
) -> list[NDArray[np.float32]]:
    import SimpleITK

    # A label map has its image's grid, in which the files follow each other along z.
    x, y, z = grid.geometry.shape
    found = []
    if grid.stored_axis("axial") == 2 and len(series.files) == z:
        for number in numbers:
            voxels = series.read_slice(number)
            _check_shape(voxels.shape, (y, x), series, label_map)
            found.append(voxels.ravel()[grid.places("axial", number) - number * x * y])
    else:
        volume = series.read()
        voxels = SimpleITK.GetArrayViewFromImage(volume)
        _check_shape(voxels.shape, (z, y, x), series, label_map)
        found += [voxels.reshape(-1)[grid.places("axial", number)] for number in numbers]
    return [grey.astype(np.float32) for grey in found]


def _check_shape(found: tuple[int, ...], expected: tuple[int, ...], series: DicomSeries, label_map: Path) -> None:
    if found != expected:
        what = "the label map is not of this series: their shapes differ"
        raise BenchError(Problem(what, str(label_map), str(found), str(expected)))


def _common_box(greys: Sequence[NDArray[np.float32]], magnified: Sequence[Box], pixel_mm: tuple[float, float]) -> Box:
    """The part of every slice that is shown: one for all, so that they have one scale."""
    rows, columns = greys[0].shape
    middle = zoom_box(np.zeros((rows, columns), np.bool_), pixel_mm)
    boxes = [
        whole_box(grey, box, (rows, columns), pixel_mm) for grey, box in zip(greys, magnified or [middle], strict=True)
    ]
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    return Box(left, top, right - left, bottom - top)
