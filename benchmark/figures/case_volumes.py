"""Reads a case's label maps as the scorer does, and its image's header; all of them must lie on one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.label_headers import gathered_label_header
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.gridded_labels import axes_on_grid, gathered_header, gathered_labels, labels_on_grid
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume
from mswal_bench.metrics.foreground import Foreground


@dataclass(frozen=True, eq=False)
class CaseVolumes:
    """Holds a case's label maps on the reference's grid, and its image, of which only the header is read."""

    geometry: Geometry
    """Is the reference's grid."""
    reference: Foreground
    """Is in the order (z, y, x), as are the predictions."""
    predictions: Mapping[str, Foreground]
    """Has the methods' titles for keys, in the order in which they were given."""
    image: StoredVolume | None
    """Is None where there is no image."""


def read_case(
    reference: Path,
    predictions: Mapping[str, Path],
    image: Path | None,
    protocol: Protocol,
    problems: list[Problem],
    notes: list[str],
) -> CaseVolumes | None:
    """Returns the volumes that can be used, or None when the reference cannot; adds everything wrong to `problems`.

    A prediction whose axes are stored in another order or direction than the reference's is turned to the reference's
    grid, and `notes` says so.
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
