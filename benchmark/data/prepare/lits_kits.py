"""Finds the cases of LiTS and KiTS23 as they are published, and cuts them by the 8:2 splits in `splits/`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.phantom.phantom_folder import MARK
from mswal_bench.benchmark.data.raw_folder import Pairs, by_case
from mswal_bench.benchmark.volumes.file_names import PREPARED_SUFFIXES, split_ending
from mswal_bench.splits import Split, load_split

from .found_cases import Source, counted, paired, part_of, single, some, walk

Role = Literal["image", "label"]
# Given a file, its case and what it is; None for a file that is neither image nor label.
Reader = Callable[[Path], tuple[str, Role] | None]

# The values of the public label maps, under the names that MSWAL's lesions have.
LITS_LABELS = {"background": 0, "liver": 1, "liver_tumor": 2}
KITS_LABELS = {"background": 0, "kidney": 1, "kidney_tumor": 2, "kidney_cyst": 3}
_LITS_FILE = re.compile(r"(volume|segmentation)-(\d+)", re.IGNORECASE)
_KITS_CASE = re.compile(r"case_\d{5}")


def find_lits(folder: Path, *, partial: bool = False) -> Source:
    """Finds the 131 volumes of LiTS (`volume-N.nii`, `segmentation-N.nii`) anywhere below `folder`, as `LITS_000` ...

    Unless `partial`, all must be there. Raises BenchError with every problem found.
    """
    return _find(folder, "lits", "LiTS", LITS_LABELS, _lits_file, "volume-N.nii and segmentation-N.nii", partial)


def find_kits(folder: Path, *, partial: bool = False) -> Source:
    """Finds the 489 cases of KiTS23 (`case_XXXXX/imaging.nii.gz`, `segmentation.nii.gz`) anywhere below `folder`.

    Unless `partial`, all must be there. Raises BenchError with every problem found.
    """
    layout = "case_XXXXX/imaging.nii.gz and case_XXXXX/segmentation.nii.gz"
    return _find(folder, "kits", "KiTS", KITS_LABELS, _kits_file, layout, partial)


def _find(
    folder: Path, kind: str, name: str, labels: dict[str, int], reader: Reader, layout: str, partial: bool
) -> Source:
    if not folder.is_dir():
        raise BenchError(Problem("there is no such folder", str(folder), f"a folder with {layout}"))
    paths = list(walk(folder))
    images, segmentations = _by_role(paths, reader)
    official = load_split(kind)
    known = {*official.train, *official.test}
    problems: list[Problem] = []
    # The hidden test cases of KiTS are passed over: who has their images has no labels.
    strangers = sorted(case for case in images if case not in known and case not in segmentations)
    for case in strangers:
        del images[case]
    left_out: list[str] = []
    pairs = Pairs(single(images, problems), single(segmentations, problems))
    cases = paired(pairs, folder, problems, left_out if partial else None)
    unknown = sorted(cases.keys() - known)
    if unknown:
        what = f"{counted(unknown)} that the split of {name} does not know: {some(unknown)}"
        problems.append(Problem(what, str(folder), mend="Move them away."))
    missing = sorted(known - images.keys() - segmentations.keys())
    if missing == sorted(known):
        problems.append(Problem(f"holds no case of {name}", str(folder), layout))
    elif missing and not partial:
        mend = "Complete the folder, or take what is there with --partial."
        expected = f"{len(known)} cases"
        problems.append(
            Problem(f"of {name} {some(missing)} are not there", str(folder), expected, str(len(cases)), mend)
        )
    elif not cases.keys() & set(official.train):
        problems.append(Problem(f"holds no training case of {name}", str(folder), some(official.train), some(cases)))
    raise_if_any(problems)
    split = official if len(cases) == len(known) else _part(official, cases)
    phantom = _phantom_mark(paths)
    return Source(
        folder,
        f"{name} phantom" if phantom else name,
        labels,
        {case: cases[case] for case in split.train},
        {case: cases[case] for case in split.test},
        split,
        {"phantom": phantom} if phantom else {},
        notes=(*_notes(strangers, split, official), *left_out),
    )


def _by_role(paths: Iterable[Path], reader: Reader) -> tuple[dict[str, tuple[Path, ...]], ...]:
    """Returns the images and the label maps, each by case."""
    read = [(reader(path), path) for path in paths]
    named = [(*one, path) for one, path in read if one is not None]
    roles: tuple[Role, ...] = ("image", "label")
    return tuple(by_case((case, path) for case, its_role, path in named if its_role == role) for role in roles)


def _lits_file(path: Path) -> tuple[str, Role] | None:
    stem, ending = split_ending(path.name, PREPARED_SUFFIXES)
    match = _LITS_FILE.fullmatch(stem)
    if not ending or match is None:
        return None
    return f"LITS_{int(match[2]):03d}", "image" if match[1].lower() == "volume" else "label"


def _kits_file(path: Path) -> tuple[str, Role] | None:
    stem, ending = split_ending(path.name, PREPARED_SUFFIXES)
    roles: dict[str, Role] = {"imaging": "image", "segmentation": "label"}
    if not ending or stem not in roles or not _KITS_CASE.fullmatch(path.parent.name):
        return None
    return path.parent.name, roles[stem]


def _part(official: Split, cases: dict[str, Case]) -> Split:
    part = official.subset(cases)
    return part_of(official.name, part.train, part.test)


def _phantom_mark(paths: Iterable[Path]) -> object:
    """What a phantom says of itself, so that a data set prepared from one is never taken for patients."""
    for path in paths:
        if path.name == MARK:
            try:
                return json.loads(read_bytes(path))
            except (OSError, ValueError) as error:
                raise BenchError(Problem(f"cannot be read as JSON ({error})", str(path))) from error
    return None


def _notes(strangers: list[str], split: Split, official: Split) -> Iterable[str]:
    if strangers:
        yield f"{counted(strangers)} without labels left out: {some(strangers)}"
    if split != official:
        yield (
            f"of the official split there are {len(split.train)} of {len(official.train)} training and "
            f"{len(split.test)} of {len(official.test)} test cases: scores on a part do not compare with those on all"
        )
