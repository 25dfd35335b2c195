"""Makes what the page of a case shows, so coarse that it fits into a bound of bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.figures.case_volumes import read_case
from mswal_bench.benchmark.figures.compared_case import ComparedCase, compare
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.gridded_labels import axes_on_grid, gathered_header
from mswal_bench.metrics.components import Components
from mswal_bench.metrics.foreground import Indices, empty_foreground

from .case_lesions import ListedLesion, centre_voxels, listed_lesions
from .packed_volumes import LEVELS_HU, lesion_numbers, mean_levels, nifti_header, packed, read_levels
from .viewer_grid import ViewerGrid, axes_to_ras, grid_around, turned_indices, voxel_indices

MOST_BYTES = 3_000_000
"""Of the files of one case."""
MOST_ROWS = 400
"""Of the lesions of one side in a method's list: there are predictions with a hundred thousand specks."""
_MARGIN_MM = 40.0
# A graphics card holds several textures of this many voxels, also that of a telephone.
_MOST_VOXELS = 8_000_000


@dataclass(frozen=True)
class CaseToShow:
    """Names the files of a case."""

    case: str
    reference: Path
    image: Path | None
    """Is the CT; None where it is not at hand."""
    predictions: Mapping[str, Path | None]
    """Maps the methods' names to their label maps; None stands for a missing one, which counts as empty."""


@dataclass(frozen=True)
class CaseContent:
    """Holds the content of a case's page."""

    script: bytes
    """Is the file that gives the page its volumes and lists."""
    grid: ViewerGrid
    ct_problems: tuple[Problem, ...]
    """Say why the CT is not shown, where there is one that cannot be."""


def case_content(files: CaseToShow, protocol: Protocol, *, most_bytes: int = MOST_BYTES) -> CaseContent:
    """Reads a case and packs it into at most `most_bytes`.

    Lesions and their matches are those of `mswal-bench score`; volumes are cropped to the lesions of all sides and made
    coarser until they fit. A CT that cannot be read, or lies on another grid, is left out. Raises BenchError for label
    maps that cannot be read or lie on different grids.
    """
    problems: list[Problem] = []
    there = {name: path for name, path in files.predictions.items() if path is not None}
    volumes = read_case(files.reference, there, None, protocol, problems, [])
    raise_if_any(problems)
    assert volumes is not None
    nothing = empty_foreground(volumes.reference.shape)
    predictions = {name: volumes.predictions.get(name, nothing) for name in files.predictions}
    compared = compare(files.case, volumes.geometry, volumes.reference, predictions, protocol)
    levels, ct_problems = _levels(files.image, volumes.geometry)
    case = _Case(compared, levels, ct_problems)
    grid = case.grid
    while grid.voxels > _MOST_VOXELS:
        grid = grid.coarser()
    missing = frozenset(files.predictions) - frozenset(there)
    while True:
        script = _script(case, grid, missing)
        if len(script) <= most_bytes or grid.voxels == 1:
            return CaseContent(script, grid, case.ct_problems)
        # The volumes have to shrink, the lists cannot. Blocks that are averages have less noise and pack better.
        lists = len(_script(case, grid, missing, volumes=False))
        wanted = grid.voxels * max(0.0, most_bytes - lists) / (len(script) - lists)
        grid = grid.coarser()
        while grid.voxels > max(wanted, 1):
            grid = grid.coarser()


def _levels(image: Path | None, geometry: Geometry) -> tuple[NDArray[np.uint8] | None, tuple[Problem, ...]]:
    problems: list[Problem] = []
    stored = gathered_header(image, problems, []) if image is not None else None
    if image is None or stored is None or axes_on_grid(geometry, stored, image, problems) is None:
        return None, tuple(problems)
    try:
        return read_levels(stored), ()
    except BenchError as error:
        return None, error.problems


class _Side:
    """Holds the lesions of the reference or of a method, and where they are on the turned grid."""

    def __init__(self, components: Components, compared: ComparedCase):
        axes = axes_to_ras(compared.geometry)
        self.components = components
        self.centres = centre_voxels(components, compared.geometry.spacing_mm)
        self.turned_centres = turned_indices(axes, compared.geometry, self.centres)
        self.indices: Indices = turned_indices(axes, compared.geometry, voxel_indices(components.foreground))

    def shown(self, grid: ViewerGrid, *, volumes: bool) -> dict[str, Any]:
        class_ids, counts = np.unique(self.components.class_ids, return_counts=True)
        numbers = lesion_numbers(self.components, self.indices, self.turned_centres, grid) if volumes else np.zeros(0)
        return {
            "data": packed(numbers),
            "bytes": numbers.dtype.itemsize,
            "classes": list(zip(class_ids.tolist(), counts.tolist(), strict=True)),
        }


class _Case:
    def __init__(self, compared: ComparedCase, levels: NDArray[np.uint8] | None, ct_problems: tuple[Problem, ...]):
        self.compared = compared
        self.levels = levels
        self.ct_problems = ct_problems
        self.reference = _Side(compared.reference, compared)
        self.sides = [_Side(method.components, compared) for method in compared.methods]
        turned = axes_to_ras(compared.geometry).of_geometry(compared.geometry)
        every = [side.indices for side in (self.reference, *self.sides)]
        self.grid = grid_around(turned, every, _MARGIN_MM)


def _script(case: _Case, grid: ViewerGrid, missing: frozenset[str], *, volumes: bool = True) -> bytes:
    ct = None
    if case.levels is not None:
        means = mean_levels(case.levels, grid) if volumes else np.zeros(0)
        ct = {"header": nifti_header(grid, "i2"), "data": packed(means), "hu": LEVELS_HU}
    shown = {
        "case": case.compared.case,
        "shape": grid.shape,
        "spacing_mm": [round(mm, 3) for mm in grid.spacing_mm],
        "toVoxels": np.linalg.inv(grid.affine).ravel().tolist(),
        "classes": [
            {"id": lesion.id, "key": lesion.key, "name": lesion.name, "colour": lesion.colour}
            for lesion in case.compared.protocol.lesion_classes
        ],
        "ct": ct,
        # Without the place, which is of this machine.
        "ctFault": case.ct_problems[0].what if case.ct_problems else None,
        "header": nifti_header(grid, "u1"),
        "reference": case.reference.shown(grid, volumes=volumes),
        "methods": [
            _method(case, index, grid, method.title in missing, volumes=volumes)
            for index, method in enumerate(case.compared.methods)
        ],
    }
    return f"globalThis.shownCase = {json.dumps(shown, separators=(',', ':'))};\n".encode()


def _method(case: _Case, index: int, grid: ViewerGrid, is_missing: bool, *, volumes: bool) -> dict[str, Any]:
    method, side = case.compared.methods[index], case.sides[index]
    rows = listed_lesions(case.compared, method, case.reference.centres, side.centres)
    kept = _largest(rows)
    return {
        "title": method.title,
        "missing": is_missing,
        "counts": {
            class_id: [counts.tp, counts.fp, counts.fn, None if isnan(counts.dsc) else round(counts.dsc, 4)]
            for class_id, counts in method.score.classes.items()
        },
        "found": (np.flatnonzero(method.found) + 1).tolist(),
        "matched": (np.flatnonzero(method.matched) + 1).tolist(),
        "rows": [_row(row) for row in kept],
        "leftOut": len(rows) - len(kept),
        **side.shown(grid, volumes=volumes),
    }


def _largest(rows: Sequence[ListedLesion]) -> list[ListedLesion]:
    """Returns the `MOST_ROWS` largest rows of each side, in their order."""
    kept = set()
    for side in ("reference", "prediction"):
        of_side = [place for place, row in enumerate(rows) if row.lesion.side == side]
        kept |= set(sorted(of_side, key=lambda place: -rows[place].lesion.voxels)[:MOST_ROWS])
    return [row for place, row in enumerate(rows) if place in kept]


def _rounded_down(iou: float) -> float:
    """Returns it to four decimals: one below the protocol's threshold stays below."""
    return floor(iou * 10_000 + 1e-6) / 10_000


def _row(row: ListedLesion) -> list[Any]:
    lesion = row.lesion
    return [
        lesion.side,
        row.number,
        lesion.class_id,
        lesion.lesion_id,
        round(lesion.volume_mm3, 1),
        round(lesion.diameter_mm, 1),
        _rounded_down(lesion.iou),
        lesion.matched_id or 0,
        lesion.status,
        *(round(mm, 3) for mm in row.centre_mm),
    ]
