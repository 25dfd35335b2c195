"""Reads a label map onto the reference's grid, and gathers all problems so that they are reported together."""

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
    """Reads the labels (z, y, x) of the file at `path`, from 0 to `highest`, and turns them to the grid `geometry`.

    `stored` is the file's header; None where it cannot be read. Without a grid, or with `check_only`, the file is only
    checked. Returns None then, and when the labels cannot be used. Problems are added to `problems`; `notes` gets a
    sentence when axes were turned or values rounded.
    """
    axes = axes_on_grid(geometry, stored, path, problems)
    if stored is None or axes is None:
        _check(stored, highest, problems)
        return None
    if not axes.are_the_same:
        notes.append(f"{path}: its axes were taken as {axes}, which puts it on the reference's grid")
    labels = None if check_only else gathered_labels(stored, highest, problems, notes)
    if check_only:
        note_rounding(stored, highest, notes)
    return labels if labels is None or axes.are_the_same else axes.of_foreground(labels)


def axes_on_grid(
    geometry: Geometry | None, stored: StoredVolume | None, path: Path, problems: list[Problem]
) -> StoredAxes | None:
    """Returns how to take the volume's axes so that it lies on the grid; None where it does not lie there, or where
    there is no grid or no header. Differences from the grid are added to `problems`.
    """
    if geometry is None or stored is None:
        return None
    axes = axes_towards(geometry, stored.geometry)
    where = str(path) if axes.are_the_same else f"{path} (its axes taken as {axes})"
    wrong = disagreements(geometry, axes.of_geometry(stored.geometry), where)
    problems += wrong
    return None if wrong else axes


def gathered_header(path: Path, problems: list[Problem], notes: list[str]) -> StoredVolume | None:
    """Calls `read_header` and adds its remarks to `notes`; returns None where it raises, and adds to `problems`."""
    try:
        stored = read_header(path)
    except BenchError as error:
        problems += error.problems
        return None
    notes += [f"{path}: {remark}" for remark in stored.remarks]
    return stored


def gathered_labels(stored: StoredVolume, highest: int, problems: list[Problem], notes: list[str]) -> Foreground | None:
    """Calls `read_labels`; returns None where it raises, and adds to `problems`."""
    try:
        return read_labels(stored, highest, notes)
    except BenchError as error:
        problems += error.problems
        return None


def note_rounding(stored: StoredVolume, highest: int, notes: list[str]) -> None:
    """Adds a note when the values of a valid file were rounded, without holding the labels."""
    if stored.is_scaled:
        check_labels(stored, highest, notes)


def _check(stored: StoredVolume | None, highest: int, problems: list[Problem]) -> None:
    """Looks for further problems of a file that cannot be used anyway, without holding the labels."""
    try:
        if stored is not None:
            check_labels(stored, highest)
    except BenchError as error:
        problems += error.problems
