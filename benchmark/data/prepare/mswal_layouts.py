"""Finds the cases of MSWAL in raw folders of nnU-Net as people have them: also without `_0000` or lists of cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.mswal_facts import CASES
from mswal_bench.benchmark.data.raw_folder import (
    DESCRIPTION,
    FOLDERS,
    Listing,
    Pairs,
    by_case,
    list_volumes,
    read_description,
)
from mswal_bench.benchmark.volumes.file_names import PREPARED_SUFFIXES, is_not_prepared, split_ending, without_channel
from mswal_bench.splits import Split

from .found_cases import Source, counted, is_part, paired, part_of, single, some
from .mswal_names import check_label_names, is_bare, naming

_LAYOUT = f"imagesTr, labelsTr and {DESCRIPTION} in it"
_DEPTH = 2
# What dataset.json may say of the data beside its cases.
_KEPT = ("description", "reference", "licence", "license", "release", "phantom")


def find_mswal(folder: Path, *, partial: bool = False) -> Source:
    """Finds the cases of MSWAL in `folder`, or in the one folder below it that has them.

    The files of `imagesTr` and `labelsTr` are the training cases; the test cases are those that `dataset.json` lists
    and those in `imagesTs`. Unless `partial`, they must be 484 and 210. Raises BenchError with every problem found.
    """
    root = _data_root(folder)
    description = _description(root)
    problems: list[Problem] = []
    check_label_names(description.get("labels"), root / DESCRIPTION, problems)
    listed_train = _listed(description, "training", root, problems)
    listed_test = _listed(description, "test", root, problems)
    raw = _raw_files(root, problems)
    name_of = naming([name for name, _ in raw["imagesTr"]], listed_train)
    files = {part: single(by_case((name_of(name), path) for name, path in raw[part]), problems) for part in FOLDERS}
    left_out: list[str] = []
    lacking = (problems, left_out if partial else None)
    train = paired(Pairs(files["imagesTr"], files["labelsTr"]), root / "imagesTr", *lacking)
    # Labels of the test cases are hidden: there are all or none.
    if files["labelsTs"]:
        test = paired(Pairs(files["imagesTs"], files["labelsTs"]), root / "imagesTs", *lacking)
    else:
        test = {case: Case(case, path, None) for case, path in files["imagesTs"].items()}
    cases = _Cases(set(train), set(map(name_of, listed_train)), set(test), set(map(name_of, listed_test)))
    problems += cases.problems(root, partial)
    raise_if_any(problems)
    is_phantom = "phantom" in description
    split = cases.split("phantom" if is_phantom else "mswal")
    renamed = {name: name_of(name) for found in raw.values() for name, _ in found if name_of(name) != name}
    return Source(
        root,
        str(description.get("name") or "MSWAL") if is_phantom else "MSWAL",
        {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}},
        train,
        test,
        split,
        {key: description[key] for key in _KEPT if key in description},
        renamed,
        (*_notes(cases, split, renamed), *left_out),
    )


@dataclass(frozen=True)
class _Cases:
    """Ids: what is there, and what `dataset.json` lists."""

    train: set[str]
    listed_train: set[str]
    test: set[str]
    listed_test: set[str]

    @property
    def all_test(self) -> set[str]:
        return self.test | self.listed_test

    def split(self, name: str) -> Split:
        """The official one; of a part, what is there, or what is listed where no test image is there."""
        test = self.test or self.listed_test
        if (len(self.train), len(test)) == (CASES["train"], CASES["test"]):
            return Split(name, tuple(self.train), tuple(test))
        return part_of(name, self.train, test)

    def problems(self, root: Path, partial: bool) -> Iterable[Problem]:
        both = self.train & self.all_test
        if both:
            what = f"{counted(both)} to train and to test: {some(both)}"
            yield Problem(what, str(root), mend="Test cases belong in imagesTs and labelsTs, and in one list only.")
        unlisted = self.test - self.listed_test
        if self.listed_test and unlisted:
            what = f"{counted(unlisted)} in imagesTs that dataset.json does not list as a test case: {some(unlisted)}"
            yield Problem(what, str(root / "imagesTs"), mend="Move them away, or correct the list.")
        if partial:
            if not self.train:
                yield Problem("there is no training case", str(root), "images in imagesTr, labels in labelsTr")
            return
        if len(self.train) != CASES["train"]:
            missing = self.listed_train - self.train
            mend = f"Not there: {some(missing)}. " if missing else ""
            expected, found = f"{CASES['train']} with image and label", str(len(self.train))
            mend += "Complete the folder, or take what is there with --partial."
            yield Problem("these are not the released training cases of MSWAL", str(root), expected, found, mend)
        if len(self.all_test) != CASES["test"]:
            mend = "Take dataset.json as it was released, or what is there with --partial."
            where, expected = str(root / DESCRIPTION), f'{CASES["test"]} listed under "test"'
            found = f"{len(self.listed_test)} listed, {len(self.test)} in imagesTs"
            yield Problem("these are not the test cases of MSWAL", where, expected, found, mend)
        absent = self.listed_test - self.test
        if self.test and absent:
            what, mend = f"{counted(absent)} without an image: {some(absent)}", "Complete imagesTs, or use --partial."
            yield Problem(f"of the listed test cases there are {what}", str(root / "imagesTs"), mend=mend)


def _notes(cases: _Cases, split: Split, renamed: Mapping[str, str]) -> Iterable[str]:
    if is_part(split):
        yield "this is taken for a part of MSWAL: scores on a part do not compare with those on all"
    if renamed:
        name, case = next(iter(renamed.items()))
        yield f"{len(set(renamed.values()))} cases got the id of MSWAL, {case} for {name}"
    elif any(is_bare(case) for case in cases.train):
        name = min(case for case in cases.train if is_bare(case))
        yield (
            f"ids are kept as the source has them: nothing here says which case of MSWAL {name} is, so the split's "
            "digest is not the official one"
        )
    if cases.listed_train and cases.listed_train != cases.train:
        only_listed, only_there = len(cases.listed_train - cases.train), len(cases.train - cases.listed_train)
        yield (
            f"dataset.json lists {only_listed} training cases that are not there, and {only_there} that are there are "
            "not listed: the files count"
        )


def _data_root(folder: Path) -> Path:
    """`folder`, or the only one in it, at most two steps down, that looks like a data set."""
    if not folder.is_dir():
        raise BenchError(Problem("there is no such folder", str(folder), f"a folder with {_LAYOUT}"))
    level, depth = [folder], 0
    while level:
        found = [one for one in level if (one / "imagesTr").is_dir()]
        if len(found) > 1:
            names = listed([str(one.relative_to(folder)) for one in found])
            raise BenchError(Problem("holds several data sets", str(folder), "one", names, "Give one of them."))
        if found:
            return found[0]
        if depth == _DEPTH:
            break
        level, depth = [child for one in level for child in _inside(one) if child.is_dir()], depth + 1
    inside = listed([child.name for child in _inside(folder)], 5) or "an empty folder"
    mend = "LiTS and KiTS want --as lits or --as kits."
    raise BenchError(Problem("holds no data set", str(folder), f"a folder with {_LAYOUT}", inside, mend))


def _inside(folder: Path) -> list[Path]:
    """What is visible in a folder; of one that may not be read, nothing."""
    try:
        return visible(folder)
    except PermissionError:
        return []


def _description(root: Path) -> Mapping[str, Any]:
    """`dataset.json`; empty where there is none, for folders and names say the rest."""
    # As Windows' editors save it.
    description, fault = read_description(root, encoding="utf-8-sig")
    if fault and (root / DESCRIPTION).exists():
        raise BenchError(Problem("is not a description of a data set", str(root / DESCRIPTION), "an object", fault))
    return description


def _listed(description: Mapping[str, Any], key: str, root: Path, problems: list[Problem]) -> list[str]:
    """The cases of a list of `dataset.json`, as it names them: its entries are files, or objects with an image."""
    listing = description.get(key, [])
    entries = listing if isinstance(listing, list) else [None]
    images = [entry.get("image") if isinstance(entry, dict) else entry for entry in entries]
    files = [PurePosixPath(image.replace("\\", "/")) for image in images if isinstance(image, str) and image]
    if len(files) != len(entries):
        expected = f'"{key}" to be a list of files, or of objects with an "image"'
        problems.append(Problem("has a list of cases that cannot be read", str(root / DESCRIPTION), expected))
        return []
    stems = [split_ending(file.name, PREPARED_SUFFIXES)[0] for file in files]
    names = [without_channel(stem) for stem in stems]
    repeated = {name for name, count in Counter(names).items() if count > 1}
    if repeated:
        what = f"lists {counted(repeated)} more than once: {some(repeated)}"
        problems.append(Problem(what, f"{root / DESCRIPTION}, {key!r}", mend="Keep one entry for each."))
    return names


def _raw_files(root: Path, problems: list[Problem]) -> dict[str, list[tuple[str, Path]]]:
    """Lists the volumes of each of the four folders, with what the source calls their cases.

    Files that cannot be taken are added to `problems`. Raises BenchError for folders that cannot be read.
    """
    listings = {
        # Not everybody ends the name of an image with its channel.
        part: list_volumes(root / part, without_channel if part.startswith("images") else str, PREPARED_SUFFIXES)
        for part in FOLDERS
    }
    raise_if_any(Problem(f"cannot be read ({one.fault})", str(one.folder)) for one in listings.values() if one.fault)
    problems += [problem for listing in listings.values() for problem in _not_taken(listing)]
    return {
        part: [(name, path) for name, paths in listing.files.items() for path in paths if not path.is_dir()]
        for part, listing in listings.items()
    }


def _not_taken(listing: Listing) -> Iterator[Problem]:
    """Yields a problem for each volume in another format, and for each whose name cannot be written down."""
    for path in listing.strangers:
        # What is no volume lies beside many a data set.
        if is_not_prepared(path.name) and not path.is_dir():
            yield Problem("is not a NIfTI file", str(path), "CASE.nii.gz or CASE.nii", path.name, "Convert it.")
    for path in listing.not_unicode:
        if split_ending(path.name, PREPARED_SUFFIXES)[1]:
            yield Problem("has a name that is not UTF-8", str(path), mend="Rename it.")
