"""Reads what a label map says of itself in its header: its grid, and its segments, which must fit the classes.

3D Slicer numbers segments in the order in which they were drawn: a value alone does not say what was meant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.volumes.gridded_labels import gathered_header
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume

from .lesion_classes import LesionClass, same_name
from .scoring_protocol import Protocol

SEGMENTS_MEND = (
    "Name the segments as the classes are named and give them their values (in 3D Slicer: Segmentations, Export to "
    "labelmap, with the classes' colour table), or save a plain label map."
)
"""Says what to do about wrong segments."""


def gathered_label_header(
    path: Path, protocol: Protocol, problems: list[Problem], notes: list[str]
) -> StoredVolume | None:
    """Reads the header of a label map that is to be scored by `protocol`, and adds to `problems` and `notes`.

    Returns None, with the reason among `problems`, where it cannot be read or names other classes.
    """
    stored = gathered_header(path, problems, notes)
    wrong = wrong_segments(stored.segments, protocol.lesion_classes) if stored is not None else None
    if wrong is not None:
        problems.append(Problem("segments are not the classes of their values", str(path), *wrong, SEGMENTS_MEND))
    return stored if wrong is None else None


def wrong_segments(segments: Mapping[int, str], classes: Collection[LesionClass]) -> tuple[str, str] | None:
    """Returns what is expected and what is found where segments have other names than the classes of their values.

    `segments` maps voxel values to names; it is empty for a file that names none. Returns None where all agree.
    """
    by_id = {one.id: one for one in classes}
    wrong = {
        value: name
        for value, name in sorted(segments.items())
        if value not in by_id or not same_name(name, by_id[value])
    }
    if not wrong:
        return None
    named = [by_id[value] for value in wrong if value in by_id] or classes
    return (
        "; ".join(f"{one.id} {one.key}" for one in named),
        "; ".join(f"{value} {name!r}" for value, name in wrong.items()),
    )
