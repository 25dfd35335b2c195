"""Inspects one label map: its header beside its image's, its values and its lesions."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from mswal_bench.benchmark.data.label_headers import wrong_segments
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.mswal_facts import SPECK_VOXELS
from mswal_bench.benchmark.volumes.file_names import is_nifti
from mswal_bench.benchmark.volumes.geometry import Geometry, differing, disagreements, numbers_text
from mswal_bench.benchmark.volumes.label_maps import ValueCheck, sift_labels
from mswal_bench.benchmark.volumes.nifti_header import read_nifti_header
from mswal_bench.benchmark.volumes.orientation import axes_towards
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, VolumeError
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.components import connected_components
from mswal_bench.metrics.foreground import Foreground

from .image_check import FileNotes, check_placement, is_broken_link, voxels_text


def inspect_label(
    path: Path, image: Geometry | None, labels: frozenset[int], classes: Collection[LesionClass], notes: FileNotes
) -> str | None:
    """Adds everything that is wrong with a label map to `notes`.

    `labels` are the values that it may have, and `classes` are the classes they stand for, which its segments must be
    named after; empty where they are not known. `image` is the geometry of its image, None where that cannot be read. A
    wrong geometry is repairable when the shapes agree and the voxels can be read. Returns the digest of the labels;
    None where they cannot be read or no voxel is labelled.
    """
    if is_broken_link(path, notes):
        return None
    refused = None
    try:
        stored = read_header(path)
    except VolumeError as error:
        placed = _placed_as(path, image) if error.fault == "bad-geometry" else None
        if placed is None:
            notes.add_fault(error)
            return None
        stored, refused = placed, error
    else:
        check_placement(stored, notes)
        wrong = wrong_segments(stored.segments, classes) if classes else None
        if wrong is not None:
            notes.add("unknown-segment", found=wrong[1], expected=wrong[0])
    try:
        foreground, values = sift_labels(stored, max(labels))
    except VolumeError as error:
        _compare(stored, image, refused, notes, readable=False)
        notes.add_fault(error)
        return None
    _compare(stored, image, refused, notes, readable=True)
    foreground = _without_unknown(foreground, labels, values)
    if _check_values(values, labels, notes):
        _check_specks(foreground, notes)
        return None
    if not foreground.starts.size:
        notes.add("empty-label", "background only", "a lesion at least")
        return None
    _check_specks(foreground, notes)
    return _digest(foreground)


def _placed_as(path: Path, image: Geometry | None) -> StoredVolume | None:
    """The label as if it lay where its image lies, so that its voxels can be looked at; None where it cannot be."""
    if image is None or not is_nifti(path.name):
        return None
    try:
        return read_nifti_header(path, placed_as=image)
    except VolumeError:
        return None


def _compare(
    stored: StoredVolume, image: Geometry | None, refused: VolumeError | None, notes: FileNotes, *, readable: bool
) -> None:
    label = stored.geometry
    same_shape = image is not None and label.shape == image.shape
    repairable = readable and same_shape and stored.voxels is stored.file and is_nifti(stored.file.name)
    if refused is not None:
        notes.add_fault(refused, repairable=repairable)
    if image is None:
        return
    axes = axes_towards(image, label)
    if refused is None and not axes.are_the_same and not disagreements(image, axes.of_geometry(label), ""):
        # Its header may well be right, and with the image's it would be mirrored: nothing to be repaired unseen.
        notes.add("axes-differ", f"its axes {axes} lie along the image's", "x, y, z")
        return
    if not same_shape:
        notes.add("shape-differs", numbers_text(label.shape), numbers_text(image.shape))
        return
    names = differing(image, label)
    if names and refused is None:
        notes.add("geometry-differs", _told(label, names), _told(image, names), repairable=repairable)


def _told(geometry: Geometry, names: dict[str, float]) -> str:
    return ", ".join(f"{name.removesuffix('_mm')} {numbers_text(getattr(geometry, name))}" for name in names)


def _without_unknown(foreground: Foreground, labels: frozenset[int], values: ValueCheck) -> Foreground:
    """Values between the lowest and the highest label need not all be labels."""
    unknown = ~np.isin(foreground.class_ids, list(labels))
    if not unknown.any():
        return foreground
    values.outside.add(foreground.class_ids[unknown], foreground.lengths[unknown])
    return foreground.select(~unknown)


def _check_values(values: ValueCheck, labels: frozenset[int], notes: FileNotes) -> bool:
    """Whether any voxel is no label."""
    if values.not_finite:
        notes.add("not-finite", voxels_text(values.not_finite), "none")
    if values.fractional.voxels:
        notes.add("not-integer", str(values.fractional), "whole numbers")
    if values.outside.voxels:
        notes.add("unknown-label", str(values.outside), ", ".join(map(str, sorted(labels))))
    if remark := values.rounding_remark():
        notes.add("scaled-labels", remark, "whole numbers")
    return bool(values.not_finite or values.fractional.voxels or values.outside.voxels)


def _check_specks(foreground: Foreground, notes: FileNotes) -> None:
    components = connected_components(foreground)
    of_class = components.class_ids[components.voxels <= SPECK_VOXELS]
    if of_class.size:
        which = ", ".join(f"{count} of label {label}" for label, count in zip(*_counted(of_class), strict=True))
        notes.add("specks", f"{of_class.size} of {components.count} lesions: {which}")


def _counted(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[list[int], list[int]]:
    distinct, counts = np.unique(values, return_counts=True)
    return distinct.tolist(), counts.tolist()


def _digest(foreground: Foreground) -> str:
    digest = hashlib.sha256(repr(foreground.shape).encode())
    for column in (foreground.starts, foreground.lengths, foreground.class_ids):
        digest.update(column.astype("<i8").data)
    return digest.hexdigest()
