"""Draws the paper's Fig. 3 of any case: image, reference and methods, axial and coronal, whole and magnified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.core.whole_files import not_written
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.tables.escaping import unicode_name

from .body_planes import VIEWS, BodyGrid, View, read_planes
from .case_reference import case_reference
from .case_volumes import CaseVolumes, read_case
from .compared_case import compare
from .crops import whole_box, zoom_box
from .ct_panel import ABDOMEN, Window
from .qualitative_drawing import FORMATS, Scene, ShownPlane, draw_scene
from .shown_methods import shown_methods
from .view_choice import choose_plane, choose_target


@dataclass(frozen=True)
class Look:
    """Says what of a case a figure shows, and how; a field that is None is chosen by the program."""

    lesion: str | None = None
    """Names a class by its key, `kidney_cyst`, or one lesion of the reference by its number in `lesions.csv` as well,
    `kidney_cyst:2`."""
    axial: int | None = None
    """Is the slice's number along the reference file's axis, from 0."""
    coronal: int | None = None
    """Is the slice's number along the reference file's axis, from 0."""
    window: Window = ABDOMEN
    box_mm: float | None = None
    """Is the side of the magnified square."""
    width_mm: float | None = None
    """Is the figure's width; it grows where the columns need more."""


@dataclass(frozen=True)
class Drawn:
    """Tells what was drawn."""

    planes: Mapping[View, int]
    """Gives each plane's number along the reference file's axis, from 0."""
    notes: tuple[str, ...]
    """Tells the user what was chosen or changed, in a sentence each."""


def draw_qualitative(
    runs: Sequence[Path],
    case: str,
    out: Path,
    *,
    data: Path | None = None,
    reference: Path | None = None,
    look: Look | None = None,
) -> Drawn:
    """Draws the predictions of `case` by `runs`, folders of predictions or of runs, to `out` (.png, .svg, .pdf).

    The case is looked for in the data set `data`, in the folder of label maps `reference` (which has no images), or,
    without either, in the data set of the runs. Each plane is the one with the most pixels of the lesion that
    `choose_target` picks. Equal input gives equal files. Raises BenchError with every problem, before anything is
    written.
    """
    look = look or Look()
    problems = _unwritable(out)
    notes: list[str] = []
    methods = shown_methods(runs, case, problems, notes)
    if data is None and reference is None and len(methods) < len(runs):
        # The runs that were not found might have named the data set.
        raise_if_any(problems)
    try:
        files = case_reference(case, data, reference, methods)
    except BenchError as error:
        raise BenchError(*problems, *error.problems) from error
    predictions = {method.title: method.prediction for method in methods}
    volumes = read_case(files.label, predictions, files.image, files.protocol, problems, notes)
    class_key, lesion_id = _lesion(look.lesion, files.protocol.lesion_classes, problems)
    given = _given_planes(look, BodyGrid(volumes.geometry), problems) if volumes is not None else {}
    raise_if_any(problems)
    assert volumes is not None
    compared = compare(unicode_name(case), volumes.geometry, volumes.reference, volumes.predictions, files.protocol)
    grid = BodyGrid(volumes.geometry)
    target = choose_target(compared, grid, given, class_key, lesion_id)
    planes = {view: given.get(view, choose_plane(target, grid, view)) for view in VIEWS}
    grey = _grey_planes(volumes, grid, planes)
    shown = []
    for view, index in planes.items():
        places, pixel_mm = grid.places(view, index), grid.pixel_mm(view)
        lesion = target.pixels(places) if target is not None else places < 0
        box = zoom_box(lesion, pixel_mm, look.box_mm)
        whole = whole_box(grey.get(view), box, (places.shape[0], places.shape[1]), pixel_mm)
        shown.append(ShownPlane(view, index, places, pixel_mm, grey.get(view), whole, box))
    try:
        draw_scene(Scene(compared, tuple(shown), look.window), out, look.width_mm)
    except OSError as error:
        raise BenchError(not_written(error, out)) from error
    return Drawn(planes, tuple(notes))


def _unwritable(out: Path) -> list[Problem]:
    problems = []
    if out.suffix.lower() not in FORMATS:
        problems.append(Problem("the name does not end in a figure's format", str(out), f"one of {', '.join(FORMATS)}"))
    if not out.parent.is_dir():
        problems.append(Problem("there is no such folder to write to", str(out.parent), mend="Make it."))
    elif out.is_dir():
        problems.append(Problem("is a folder", str(out), "the name of a file"))
    return problems


def _lesion(
    asked: str | None, classes: Sequence[LesionClass], problems: list[Problem]
) -> tuple[str | None, int | None]:
    if asked is None:
        return None, None
    key, colon, number = asked.partition(":")
    keys = [lesion.key for lesion in classes]
    if key not in keys:
        what, mend = f"no lesion type is called {key!r}", did_you_mean(key, keys)
        problems.append(Problem(what, "--lesion", f"one of {', '.join(keys)}", mend=mend))
    if colon and not (number.isascii() and number.isdigit()):
        what = f"{number!r} is not the number of a lesion"
        problems.append(Problem(what, "--lesion", f"for example {key}:1, numbered as in lesions.csv"))
        return key, None
    return key, int(number) if colon else None


def _given_planes(look: Look, grid: BodyGrid, problems: list[Problem]) -> dict[View, int]:
    asked: dict[View, int | None] = {"axial": look.axial, "coronal": look.coronal}
    given = {view: index for view, index in asked.items() if index is not None}
    for view, index in given.items():
        if not 0 <= index < grid.count(view):
            expected = f"0 to {grid.count(view) - 1}"
            problems.append(Problem(f"the reference has no such {view} slice", f"--{view}", expected, str(index)))
    return given


def _grey_planes(volumes: CaseVolumes, grid: BodyGrid, planes: Mapping[View, int]) -> dict[View, NDArray[np.float32]]:
    """Reads the image in each plane; returns nothing where there is no image."""
    if volumes.image is None:
        return {}
    of_image = BodyGrid(volumes.image.geometry)
    places = [of_image.places(view, grid.same_plane(of_image, view, index)) for view, index in planes.items()]
    return dict(zip(planes, read_planes(volumes.image, places), strict=True))
