"""Reads a case's label maps as the scorer does, and the grid of its image. Everything must lie on one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.label_headers import gathered_label_header
from mswal_bench.benchmark.data.protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.gridded_labels import axes_on_grid, gathered_header, gathered_labels, labels_on_grid
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume
from mswal_bench.metrics.foreground import Foreground


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
    header = gathered_label_header(reference, protocol, problems, notes)
    highest = max(protocol.class_ids)
    labels = gathered_labels(header, highest, problems, notes) if header is not None else None
    geometry = header.geometry if header is not None else None
    read = {}
    for title, path in predictions.items():
        stored = gathered_label_header(path, protocol, problems, notes)
        read[title] = labels_on_grid(geometry, stored, path, highest, problems, notes)
    ct = gathered_header(image, problems, notes) if image is not None else None
    if image is not None:
        axes_on_grid(geometry, ct, image, problems)
    if geometry is None or labels is None:
        return None
    usable = {title: of_method for title, of_method in read.items() if of_method is not None}
    return CaseVolumes(geometry, labels, usable, ct)
