"""Checks that the segments that a label map names are the classes of their values.

3D Slicer numbers segments in the order in which they were drawn: a value alone does not say what was meant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .lesion_classes import LesionClass, same_name

SEGMENTS_MEND = (
    "Name the segments as the classes are named and give them their values (in 3D Slicer: Segmentations, Export to "
    "labelmap, with the classes' colour table), or save a plain label map."
)
"""What to do about wrong segments."""


def wrong_segments(segments: Mapping[int, str], classes: Collection[LesionClass]) -> tuple[str, str] | None:
    """What is expected and what is found, where a segment's name is not that of the class of its value; else None.

    `segments` is voxel value -> name; empty for a file that names none, which is fine.
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
