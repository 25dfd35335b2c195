"""Inspects one case: image, label, and the one beside the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.data.raw_folder import RawCase
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.stored_volume import VolumeError
from mswal_bench.benchmark.volumes.volume_header import read_header

from .findings_catalogue import DataFinding
from .image_check import FileNotes, inspect_image
from .label_check import inspect_label
from .layout import Layout


@dataclass(frozen=True)
class FileResult:
    """Holds what the inspection of one file found."""

    findings: tuple[DataFinding, ...] = ()
    digest: str | None = None
    """Is the digest of the voxels, whatever the file's compression; None where they cannot be read or compared."""


@dataclass(frozen=True)
class CaseResult:
    """Holds what the inspection of a case found; a file that is not there has an empty result."""

    files: RawCase
    image: FileResult = FileResult()
    label: FileResult = FileResult()


def inspect_case(layout: Layout, files: RawCase) -> CaseResult:
    """Reads both files of a case whole. Whatever is wrong with them is in the result; nothing is raised for it."""
    image = FileResult()
    if files.image is not None:
        notes = _notes(layout, files, files.image)
        digest = inspect_image(files.image, notes, is_mswal=layout.is_mswal)
        image = FileResult(tuple(notes.findings), digest)
    return CaseResult(files, image, inspect_case_label(layout, files))


def inspect_case_label(layout: Layout, files: RawCase) -> FileResult:
    """Inspects the label map of a case, and reads the header of its image to compare the two."""
    if files.label is None:
        return FileResult()
    notes = _notes(layout, files, files.label)
    digest = inspect_label(files.label, _geometry(files.image), layout.labels, layout.classes, notes)
    return FileResult(tuple(notes.findings), digest)


def failed_case(layout: Layout, files: RawCase, reason: str) -> CaseResult:
    """Returns the result of a case that could not be inspected to its end, for example for lack of memory."""
    path = files.image or files.label
    if path is None:
        return CaseResult(files)
    notes = _notes(layout, files, path)
    notes.add("unreadable", reason)
    return CaseResult(files, FileResult(tuple(notes.findings)))


def _geometry(image: Path | None) -> Geometry | None:
    try:
        return read_header(image).geometry if image is not None else None
    except VolumeError:
        return None


def _notes(layout: Layout, files: RawCase, path: Path) -> FileNotes:
    return FileNotes(files.case, path.relative_to(layout.root).as_posix())
