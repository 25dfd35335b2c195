"""Makes a manifest from the headers of label maps or images; no voxel is read, so that it tells nothing of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.suggestions import apart
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.data.labels_beside import labels_beside
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, classes_of, names_by_id
from mswal_bench.benchmark.data.raw_folder import by_case, list_volumes
from mswal_bench.benchmark.volumes.file_names import SUFFIXES, case_of_image
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.volume_header import read_header

from .manifest import CASE_ID_PATTERN, CASE_ID_WORDS, ExpectedCase, Manifest
from .submission_form import TRACK_WORDS, TrackName

OFFICIAL_TEST, PUBLIC_CV = "official-test", "public-cv"
_PARTS = {OFFICIAL_TEST: ("labelsTs", "imagesTs"), PUBLIC_CV: ("labelsTr", "imagesTr")}
# Images and labels of one scan differ by rounding; so many decimals of mm are beyond what any header means.
_DECIMALS = 6


def manifest_of(
    folder: Path,
    track: str | None = None,
    hidden: bool | None = None,
    *,
    notes: list[str] | None = None,
    progress: bool = False,
) -> Manifest:
    """Makes the manifest of a folder of label maps (`CASE.nii.gz`) or images (`CASE_0000.nii.gz`): the same of both.

    Of a data set in nnU-Net's raw layout it is that of the track's cases: the training cases for `public-cv`, the test
    cases for `official-test`. Without `track`, that of a folder called `labelsTr` or `imagesTr` is `public-cv`, else
    `official-test`. That one is hidden and others are not, unless `hidden` says so. Labels are those of a
    `dataset.json` in the folder or beside it, else MSWAL's. Where other readers than SimpleITK place a file elsewhere,
    `notes` get a sentence. Raises BenchError with everything that is in the way.
    """
    track = _checked(track) if track is not None else _track_of(folder)
    part = _part(folder, track)
    files = _files_by_case(part)
    problems: list[Problem] = []
    cases = {}
    with progress_bar("manifest", "file", shown=progress) as report:
        for done, (case, path) in enumerate(files.items(), start=1):
            try:
                cases[case] = _expected(path, notes)
            except BenchError as error:
                problems += error.problems
            report(done, len(files), "")
    raise_if_any(problems)
    is_hidden = hidden if hidden is not None else track == OFFICIAL_TEST
    try:
        return Manifest(track=track, hidden=is_hidden, labels=_labels(part), cases=cases)
    except ValidationError as error:
        raise BenchError(*_told(str(part), error)) from error


def _checked(track: str) -> str:
    try:
        return TypeAdapter(TrackName).validate_python(track)
    except ValidationError as error:
        raise BenchError(Problem("no track can be called so", "--track", TRACK_WORDS, repr(track))) from error


def _track_of(folder: Path) -> str:
    return PUBLIC_CV if folder.resolve().name in _PARTS[PUBLIC_CV] else OFFICIAL_TEST


def _part(folder: Path, track: str) -> Path:
    """The folder with the files: of a raw data set the track's."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "there is no such folder"
        raise BenchError(Problem(what, str(folder), "a folder of label maps or images"))
    inside = [name for names in _PARTS.values() for name in names if (folder / name).is_dir()]
    if not inside:
        return folder
    of_track = [name for name in _PARTS.get(track, ()) if name in inside]
    if not of_track:
        expected = f"the folder of the cases of {track}"
        mend = f"Name one of them: {', '.join(str(folder / name) for name in inside)}."
        raise BenchError(Problem("is a whole data set", str(folder), expected, ", ".join(inside), mend))
    # Predictions are scored on the labels' grid.
    return folder / of_track[0]


def _files_by_case(folder: Path) -> dict[str, Path]:
    listing = list_volumes(folder, str, SUFFIXES)
    if listing.fault:
        raise BenchError(Problem(f"cannot be read ({listing.fault})", str(folder)))
    raise_if_any(Problem("has a name that is not UTF-8", str(path), mend="Rename it.") for path in listing.not_unicode)
    if not listing.files:
        expected = f"label maps or images ({', '.join(SUFFIXES)})"
        found = listed([path.name for path in listing.strangers]) or "an empty folder"
        raise BenchError(Problem("has no volume in it", str(folder), expected, found))
    images = {stem: case for stem in listing.files if (case := case_of_image(stem)) is not None}
    if images and len(images) < len(listing.files):
        named, others = (
            [path.name for stem, paths in listing.files.items() if (stem in images) is as_image for path in paths]
            for as_image in (True, False)
        )
        what, found = "some files are named as images and others not", f"{listed(named, 3)} beside {listed(others, 3)}"
        raise BenchError(Problem(what, str(folder), "one or the other", found))
    files = by_case((images.get(stem, stem), path) for stem, paths in listing.files.items() for path in paths)
    doubled = [apart([path.name for path in paths]) for paths in files.values() if len(paths) > 1]
    raise_if_any(
        Problem("two files for one case", str(folder), "one", " and ".join(names), "Move one of them away.")
        for names in doubled
    )
    return {case: of_case[0] for case, of_case in files.items()}


def _expected(path: Path, notes: list[str] | None) -> ExpectedCase:
    stored = read_header(path)
    if notes is not None:
        notes += [f"{path}: {remark}" for remark in stored.remarks]
    try:
        return ExpectedCase.model_validate(_rounded(stored.geometry))
    except ValidationError as error:
        raise BenchError(*_told(str(path), error)) from error


def _told(where: str, error: ValidationError) -> list[Problem]:
    return [Problem("cannot be in a manifest", where, found=wrong_values(error, {CASE_ID_PATTERN: CASE_ID_WORDS}))]


def _rounded(geometry: Geometry) -> dict[str, Any]:
    def rounded(values: Sequence[float]) -> list[float]:
        # Adding 0 takes the sign from a -0.
        return [round(value, _DECIMALS) + 0 for value in values]

    return {
        "shape": geometry.shape,
        "spacing_mm": rounded(geometry.spacing_mm),
        "origin_mm": rounded(geometry.origin_mm),
        "direction": rounded(geometry.direction),
    }


def _labels(folder: Path) -> dict[str, int]:
    described = labels_beside(folder)
    # MSWAL's have one spelling, so that its manifests are the same with the file and without it.
    if described is not None and classes_of(*described) != LESION_CLASSES:
        return {"background": 0, **{name: number for number, name in names_by_id(*described).items()}}
    return {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}
