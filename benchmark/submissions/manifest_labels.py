"""Compares the labels of a manifest with what the reference label maps say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.labels_beside import labels_beside
from mswal_bench.benchmark.data.lesion_classes import classes_of, same_classes

from .manifest import Manifest


def other_classes(manifest: Manifest, reference: Path) -> Iterator[Problem]:
    """Yields a problem where the `dataset.json` in the folder `reference`, or beside it, names other classes.

    One that cannot be read, or whose labels cannot be scored, says nothing against the manifest.
    """
    try:
        described = labels_beside(reference)
        found = None if described is None else classes_of(*described)
    except BenchError:
        return
    expected = classes_of(manifest.labels, f"the manifest of {manifest.track}")
    if described is not None and found is not None and not same_classes(found, expected):
        told, other = (", ".join(f"{one.id} {one.name.lower()}" for one in named) for named in (expected, found))
        what = "names other labels than the manifest, so that scores would be under wrong names"
        yield Problem(what, described[1], told, other, "Give the manifest of these labels, or these of the manifest.")
