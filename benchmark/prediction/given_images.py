"""Finds the images that a user names to be predicted: files, folders of files, folders of DICOM series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mswal_bench.benchmark.core.digests import file_digest, joint_digest
from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.data.raw_folder import by_case
from mswal_bench.benchmark.tables.escaping import is_unicode
from mswal_bench.benchmark.volumes.dicom_series import DicomSeries, series_in
from mswal_bench.benchmark.volumes.file_names import COMPANION_SUFFIXES, SUFFIXES, split_ending, without_channel

_FORMATS = ", ".join(SUFFIXES)
_MOST_SERIES = 8


@dataclass(frozen=True)
class GivenImage:
    """One volume to be predicted."""

    case: str
    """Names its label map: a file's name without its ending and nnU-Net's `_0000`, or the name of a series' folder."""
    path: Path
    """The file, or the folder of the series."""
    series: DicomSeries | None = None

    @cached_property
    def digest(self) -> str:
        """Returns a SHA-256 over its files, by which it is known again. Raises OSError where they cannot be read."""
        if self.series is not None:
            return joint_digest(map(file_digest, self.series.files))
        # Of a header with the voxels beside it: two scans may have the same header.
        beside = [self.path.with_suffix(suffix) for suffix in COMPANION_SUFFIXES]
        return joint_digest(file_digest(path) for path in (self.path, *beside) if path.is_file())


def find_images(paths: Sequence[Path], problems: list[Problem]) -> list[GivenImage]:
    """The volumes that `paths` stand for, by case; a file that is named twice is one.

    A folder stands for all volume files in it; without any, for the DICOM series in it; without these, for what its own
    folders stand for. Everything that is wrong goes to `problems`: no such path, a file of another format, a folder
    without a volume or with several series, several volumes of one case.
    """
    found: dict[Path, GivenImage] = {}
    for path in paths:
        for image in _images_of(path, problems):
            found.setdefault(image.path.resolve(), image)
    cases = by_case((image.case, image.path) for image in found.values())
    for case, files in cases.items():
        if len(files) > 1:
            mend = "Rename all but one of them, or predict them into different folders."
            what = f"several images are of the case {case}, by their names"
            problems.append(Problem(what, found=" and ".join(map(str, files)), mend=mend))
    return sorted(found.values(), key=lambda image: image.case)


def _images_of(path: Path, problems: list[Problem]) -> Iterable[GivenImage]:
    if not is_unicode(str(path)):
        problems.append(Problem("has a name that is not UTF-8", str(path), mend="Rename it."))
        return ()
    if path.is_dir():
        before = len(problems)
        images = list(_in_folder(path, problems))
        if not images and len(problems) == before:
            expected = f"volume files ({_FORMATS}) or a DICOM series"
            problems.append(Problem("there is no image in the folder", str(path), expected))
        return images
    if not path.exists():
        what = "is a link to a file that is not there" if path.is_symlink() else "there is no such file or folder"
        problems.append(Problem(what, str(path)))
        return ()
    image = _of_file(path)
    if image is None:
        is_part = path.name.lower().endswith((".dcm", *COMPANION_SUFFIXES))
        mend = "Name the folder of the DICOM series, or the file with the header." if is_part else ""
        problems.append(Problem("is no volume of a format that is read", str(path), _FORMATS, path.name, mend))
        return ()
    return (image,)


def _in_folder(folder: Path, problems: list[Problem]) -> Iterable[GivenImage]:
    try:
        entries = visible(folder)
    except OSError as error:
        problems.append(Problem(f"cannot be read ({error.strerror or error})", str(folder)))
        return
    files = [entry for entry in entries if not entry.is_dir()]
    images = [image for entry in files if (image := _of_file(entry)) is not None]
    for image in images:
        yield from _images_of(image.path, problems)
    if images:
        return
    if files and (series := series_in(folder)):
        yield from _of_series(folder, series, problems)
        return
    for entry in entries:
        # Links are not followed: one may lead back up.
        if entry.is_dir() and not entry.is_symlink() and is_unicode(entry.name):
            yield from _in_folder(entry, problems)


def _of_file(path: Path) -> GivenImage | None:
    stem, ending = split_ending(path.name, SUFFIXES)
    return GivenImage(without_channel(stem), path) if ending else None


def _of_series(folder: Path, series: Sequence[DicomSeries], problems: list[Problem]) -> Iterable[GivenImage]:
    if len(series) > 1:
        shown = "; ".join(map(str, series[:_MOST_SERIES]))
        if len(series) > _MOST_SERIES:
            shown += f"; and {len(series) - _MOST_SERIES} more"
        what = f"the folder has {len(series)} DICOM series, and which of them is meant is not told"
        mend = "Put the files of the series that is meant into a folder of their own, and name that."
        problems.append(Problem(what, str(folder), "one series", shown, mend))
        return
    (one,) = series
    if faults := one.problems():
        problems += faults
        return
    yield GivenImage(folder.resolve().name, folder, one)
