"""Reads the header of a label map that is to be scored: what it says of itself must fit the protocol's classes."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.volumes.gridded_labels import gathered_header
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume

from .protocol import Protocol
from .segment_names import SEGMENTS_MEND, wrong_segments


def gathered_label_header(
    path: Path, protocol: Protocol, problems: list[Problem], notes: list[str]
) -> StoredVolume | None:
    """The header; None, with the reason among `problems`, where it cannot be read or names other classes."""
    stored = gathered_header(path, problems, notes)
    wrong = wrong_segments(stored.segments, protocol.lesion_classes) if stored is not None else None
    if wrong is not None:
        problems.append(Problem("segments are not the classes of their values", str(path), *wrong, SEGMENTS_MEND))
    return stored if wrong is None else None
