"""Draws the pictures of docs/concepts/protocol.md: `python -m mswal_bench.docs.protocol_drawings`.

What a picture says of lesions and scores is computed by `mswal_bench.metrics`, not typed. The background is light, so
that the pictures can be read on a dark page too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.benchmark.tables.view import percent
from mswal_bench.metrics import ClassCounts, foreground_of, score_case
from mswal_bench.metrics.aggregation import class_score
from mswal_bench.metrics.components import Connectivity, connected_components

FOLDER = Path(__file__).parent / "pictures"
_SPACING_MM = (1.0, 1.0, 1.0)
_REFERENCE, _FIRST, _SECOND, _MISSED = "#4477aa", "#ee6677", "#ccbb44", "#bbbbbb"
_COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99")
Plane = NDArray[np.uint8]

# Each patient's reference and prediction, one row of voxels of a single lesion type.
PATIENTS: Sequence[tuple[str, Sequence[int], Sequence[int]]] = (
    ("A", [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("B", [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
)
SLANTED: Plane = np.array(
    [
        [1, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 0, 1],
    ],
    np.uint8,
)
SIDES: Sequence[tuple[str, Sequence[int], Sequence[int]]] = (
    ("both have it, half found", [1, 1, 1, 1], [1, 1, 0, 0]),
    ("only the reference", [1, 1, 0, 0], [0, 0, 0, 0]),
    ("only the prediction", [0, 0, 0, 0], [0, 1, 1, 0]),
    ("neither", [0, 0, 0, 0], [0, 0, 0, 0]),
)


def lesions_of(plane: Plane, connectivity: Connectivity) -> NDArray[np.int64]:
    """Numbers the lesions of a plane, from 1; 0 is background."""
    labels = np.zeros(plane.shape, np.int64)
    components = connected_components(foreground_of(plane[None]), connectivity)
    _, rows, columns = components.foreground.coordinates()
    for run, length in enumerate(components.foreground.lengths):
        labels[rows[run], columns[run] : columns[run] + length] = components.of_run[run] + 1
    return labels


def counts_of(reference: Sequence[int], prediction: Sequence[int]) -> ClassCounts:
    """Scores one row of voxels."""
    of_reference, of_prediction = (np.array(side, np.uint8)[None, None] for side in (reference, prediction))
    return score_case(of_reference, of_prediction, _SPACING_MM, [1]).classes[1]


def main() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    settings: Any = {
        "font.size": 11,
        "svg.hashsalt": "mswal-bench",
        "svg.fonttype": "path",
        "figure.facecolor": "white",
    }
    with mpl.rc_context(settings):
        for draw in (_corners, _halves, _pooled, _undefined):
            figure = draw()
            with whole_file(FOLDER / f"protocol-{draw.__name__.strip('_')}.svg") as path:
                figure.savefig(path, format="svg", bbox_inches="tight", pad_inches=0.1, metadata={"Date": None})


def _figure(rows: int, columns: int, height: float) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=(5.2, height), squeeze=False)
    for axis in axes.flat:
        axis.set_aspect("equal")
        axis.axis("off")
    return figure, axes


def _cell(axis: Any, row: float, column: float, colour: str, height: float = 1) -> None:
    from matplotlib.patches import Rectangle

    axis.add_patch(Rectangle((column, -row - height), 1, height, facecolor=colour, edgecolor="#444444", linewidth=0.8))


def _frame(axis: Any, rows: float, columns: float) -> None:
    axis.set_xlim(-0.2, columns + 0.2)
    axis.set_ylim(-rows - 0.2, 0.2)


def _corners() -> Any:
    figure, axes = _figure(1, 2, 2.3)
    rules: Sequence[tuple[Connectivity, str]] = ((6, "faces only (6)"), (26, "corners too (26)"))
    for axis, (connectivity, name) in zip(axes[0], rules, strict=True):
        numbers = lesions_of(SLANTED, connectivity)
        for row, column in np.ndindex(numbers.shape):
            number = numbers[row, column]
            _cell(axis, row, column, _COLOURS[number - 1] if number else "white")
        _frame(axis, *SLANTED.shape)
        count = int(numbers.max())
        axis.set_title(f"{name}: {count} lesion{'s' * (count != 1)}", fontsize=11)
    return figure


def _halves() -> Any:
    figure, axes = _figure(2, 1, 2.9)
    shapes = (
        ("two halves touch, so they are one prediction", [1] * 8, [1] * 4 + [2] * 4),
        ("with a gap between them, neither has half", [1] * 8, [1] * 3 + [0] * 2 + [2] * 3),
    )
    for axis, (title, reference, prediction) in zip(axes[:, 0], shapes, strict=True):
        for column, (of_reference, of_prediction) in enumerate(zip(reference, prediction, strict=True)):
            _cell(axis, 0, column, _REFERENCE if of_reference else "white")
            _cell(axis, 1.1, column, ("white", _FIRST, _SECOND)[of_prediction])
        _frame(axis, 2.1, 15)
        axis.set_title(title, fontsize=11, loc="left")
        part = [int(voxel == 1) for voxel in prediction]
        counts = counts_of(reference, part)
        union = counts.reference_voxels + counts.prediction_voxels - counts.intersection_voxels
        axis.text(8.4, -0.65, "reference", va="center")
        axis.text(8.4, -1.75, f"red part: IoU {counts.intersection_voxels}/{union}", va="center")
    return figure


def _pooled() -> Any:
    figure, axes = _figure(1, 1, 2.1)
    axis = axes[0, 0]
    counts = []
    for row, (name, reference, prediction) in enumerate(PATIENTS):
        of_patient = counts_of(reference, prediction)
        counts.append(of_patient)
        axis.text(-0.4, -1.4 * row - 0.5, name, ha="right", va="center")
        for column in range(of_patient.tp + of_patient.fn):
            _cell(axis, 1.4 * row, 1.2 * column, _REFERENCE if column < of_patient.tp else _MISSED)
        axis.text(11.4, -1.4 * row - 0.5, f"F1 {percent(of_patient.f1)} %", va="center")
    score = class_score(counts)
    axis.text(0, -3.4, f"all {score.tp + score.fn} lesions pooled: F1 {percent(score.f1)} %", va="center")
    axis.text(0, -4.5, f"mean of the two patients: {percent(score.f1_per_case)} %", va="center")
    axis.set_title("blue: found, grey: missed", fontsize=11, loc="left")
    axis.set_xlim(-1.4, 16)
    axis.set_ylim(-5, 0.2)
    return figure


def _undefined() -> Any:
    figure, axes = _figure(1, 1, 2.5)
    axis = axes[0, 0]
    counts = []
    for row, (name, reference, prediction) in enumerate(SIDES):
        of_case = counts_of(reference, prediction)
        counts.append(of_case)
        top = 2.4 * row
        for column, (of_reference, of_prediction) in enumerate(zip(reference, prediction, strict=True)):
            _cell(axis, top, column, _REFERENCE if of_reference else "white", 0.8)
            _cell(axis, top + 0.9, column, _FIRST if of_prediction else "white", 0.8)
        axis.text(4.6, -top - 0.85, name, va="center")
        axis.text(15.5, -top - 0.85, f"DSC {percent(of_case.dsc)}", va="center")
    score = class_score(counts)
    axis.text(0, -10.3, f"mean over {score.cases} of {len(counts)} cases: {percent(score.dsc)} %", va="center")
    axis.set_title("blue: reference, red: prediction", fontsize=11, loc="left")
    axis.set_xlim(-0.2, 20.5)
    axis.set_ylim(-10.9, 0.2)
    return figure


if __name__ == "__main__":
    main()
