"""A label map on the reference's grid. What is wrong is gathered, so that all of it is told in one go."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.metrics.foreground import Foreground

from .geometry import Geometry, disagreements
from .label_maps import check_labels, read_labels
from .orientation import StoredAxes, axes_towards
from .stored_volume import StoredVolume
from .volume_header import read_header


def labels_on_grid(
    geometry: Geometry | None,
    stored: StoredVolume | None,
    path: Path,
    highest: int,
    problems: list[Problem],
    notes: list[str],
    *,
    check_only: bool = False,
) -> Foreground | None:
    """The labels (z, y, x), at most `highest`, of the file at `path`, turned to lie on the grid `geometry`.

    `stored` is the file's header, None where it cannot be read. Gives None where the labels cannot be had, or need not
    with `check_only`; where the reference has no grid, the file is checked all the same. What is wrong goes to
    `problems`; that its axes were turned or its values rounded goes to `notes`.
    """
    axes = axes_on_grid(geometry, stored, path, problems)
    if stored is None or axes is None:
        _check(stored, highest, problems)
        return None
    if not axes.are_the_same:
        notes.append(f"{path}: stored along other axes, taken as {axes} to lie on the reference's grid")
    labels = None if check_only else gathered_labels(stored, highest, problems, notes)
    if check_only:
        note_rounding(stored, highest, notes)
    return labels if labels is None or axes.are_the_same else axes.of_foreground(labels)


def axes_on_grid(
    geometry: Geometry | None, stored: StoredVolume | None, path: Path, problems: list[Problem]
) -> StoredAxes | None:
    """How the volume's axes are to be taken; None where it does not lie on the grid, or where there is none."""
    if geometry is None or stored is None:
        return None
    axes = axes_towards(geometry, stored.geometry)
    where = str(path) if axes.are_the_same else f"{path} (its axes taken as {axes})"
    wrong = disagreements(geometry, axes.of_geometry(stored.geometry), where)
    problems += wrong
    return None if wrong else axes


def gathered_header(path: Path, problems: list[Problem], notes: list[str]) -> StoredVolume | None:
    """`read_header`, its remarks added to `notes`; None where it raises."""
    try:
        stored = read_header(path)
    except BenchError as error:
        problems += error.problems
        return None
    notes += [f"{path}: {remark}" for remark in stored.remarks]
    return stored


def gathered_labels(stored: StoredVolume, highest: int, problems: list[Problem], notes: list[str]) -> Foreground | None:
    """`read_labels`; None where it raises."""
    try:
        return read_labels(stored, highest, notes)
    except BenchError as error:
        problems += error.problems
        return None


def note_rounding(stored: StoredVolume, highest: int, notes: list[str]) -> None:
    """Notes that the values of a file that was good before were rounded, without holding what is in it."""
    if stored.is_scaled:
        check_labels(stored, highest, notes)


def _check(stored: StoredVolume | None, highest: int, problems: list[Problem]) -> None:
    """Looks for what else is wrong with a file that cannot be used anyway, without holding what is in it."""
    try:
        if stored is not None:
            check_labels(stored, highest)
    except BenchError as error:
        problems += error.problems
