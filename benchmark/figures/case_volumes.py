"""Reads a case's label maps as the scorer does, and the grid of its image. Everything must lie on one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...metrics.foreground import Foreground
from ..errors import BenchError, Problem
from ..scoring.protocol import Protocol
from ..volumes.geometry import Geometry, disagreements
from ..volumes.label_maps import check_labels, read_header, read_labels
from ..volumes.orientation import StoredAxes, axes_towards
from ..volumes.stored_volume import StoredVolume


@dataclass(frozen=True, eq=False)
class CaseVolumes:
    """A case's label maps on the reference's grid, and its image, of which only the header is read."""

    geometry: Geometry
    reference: Foreground
    predictions: Mapping[str, Foreground]
    """By the method's title, in the order asked for."""
    image: StoredVolume | None


def read_case(
    reference: Path,
    predictions: Mapping[str, Path],
    image: Path | None,
    protocol: Protocol,
    problems: list[Problem],
    notes: list[str],
) -> CaseVolumes | None:
    """The volumes that can be used; None when the reference is none of them. What is wrong goes to `problems`.

    What is stored along other axes than the reference is turned to lie as it does, and `notes` say so.
    """
    highest = max(protocol.class_ids)
    header = _header(reference, problems)
    labels = _labels(header, highest, problems)
    geometry = header.geometry if header is not None else None
    read = {}
    for title, path in predictions.items():
        prediction = _header(path, problems)
        axes = _onto(geometry, prediction, path, problems)
        if axes is None:
            _check(prediction, highest, problems)
            continue
        if not axes.are_the_same:
            notes.append(f"{path}: stored along other axes, taken as {axes} to lie on the reference's grid")
        of_method = _labels(prediction, highest, problems)
        if of_method is not None:
            read[title] = of_method if axes.are_the_same else axes.of_foreground(of_method)
    ct = _header(image, problems) if image is not None else None
    if image is not None:
        _onto(geometry, ct, image, problems)
    if geometry is None or labels is None:
        return None
    return CaseVolumes(geometry, labels, read, ct)


def _onto(
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


def _header(path: Path, problems: list[Problem]) -> StoredVolume | None:
    try:
        return read_header(path)
    except BenchError as error:
        problems += error.problems
        return None


def _labels(stored: StoredVolume | None, highest: int, problems: list[Problem]) -> Foreground | None:
    try:
        return read_labels(stored, highest) if stored is not None else None
    except BenchError as error:
        problems += error.problems
        return None


def _check(stored: StoredVolume | None, highest: int, problems: list[Problem]) -> None:
    """Looks for what else is wrong with a file that cannot be shown anyway."""
    try:
        if stored is not None:
            check_labels(stored, highest)
    except BenchError as error:
        problems += error.problems
