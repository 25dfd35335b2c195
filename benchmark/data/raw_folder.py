"""Reads a raw folder by its files' names: which case each file is of, what is doubled, what has no partner.

No volume is opened, and what systems and tools leave in folders is passed over. `open_dataset` refuses what is wrong
here, `data check` lists it, and `data prepare` gives the cases other ids first.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.suggestions import looks
from mswal_bench.benchmark.tables.escaping import is_unicode
from mswal_bench.benchmark.volumes.file_names import RAW_SUFFIXES, case_of_image, split_ending

DESCRIPTION = "dataset.json"
"""Is nnU-Net's description of a data set: its labels, its file ending, its number of training cases."""
TRAINING, TEST = "Tr", "Ts"
"""Are the subsets of a raw folder, as in `imagesTr`."""
FOLDERS = ("imagesTr", "labelsTr", "imagesTs", "labelsTs")
LAYOUT = f"a folder in nnU-Net's raw layout ({DESCRIPTION}, imagesTr, labelsTr, imagesTs)"
"""Says in messages what a folder should be."""


@dataclass(frozen=True)
class RawCase:
    """Names the files of a case; at least one of the two is there."""

    case: str
    subset: str
    """Is `Tr` or `Ts`."""
    image: Path | None
    label: Path | None

    @property
    def file_bytes(self) -> int:
        """Returns the size of the files on disk; a link to nowhere counts 0."""
        return sum(path.stat().st_size for path in (self.image, self.label) if path is not None and path.is_file())


@dataclass(frozen=True)
class Listing:
    """Lists what lies in one folder, of images or of label maps; nothing for a folder that is not there."""

    folder: Path
    files: Mapping[str, tuple[Path, ...]]
    """Holds the files of each case, as `by_case` orders them."""
    strangers: tuple[Path, ...] = ()
    """Are the entries that are not named like a volume of a case."""
    not_unicode: tuple[Path, ...] = ()
    """Are the entries whose names are not UTF-8: neither records nor nnU-Net's files can hold such a name."""
    fault: str = ""
    """Is the system's reason why the folder cannot be read; empty where it can."""


@dataclass(frozen=True)
class Pairs:
    """Pairs images with label maps by case; the ids are sorted."""

    images: Mapping[str, Path]
    labels: Mapping[str, Path]

    @property
    def complete(self) -> list[str]:
        """Returns the cases that have both."""
        return sorted(self.images.keys() & self.labels.keys())

    @property
    def without_label(self) -> list[str]:
        """Returns the cases that have an image alone."""
        return sorted(self.images.keys() - self.labels.keys())

    @property
    def without_image(self) -> list[str]:
        """Returns the cases that have a label map alone."""
        return sorted(self.labels.keys() - self.images.keys())


@dataclass(frozen=True)
class RawSubset:
    """Holds the training or the test cases of a raw folder."""

    name: str
    """Is `Tr` or `Ts`."""
    images: Listing
    labels: Listing

    @property
    def has_labels(self) -> bool:
        """Returns whether every image should have a label map: test cases are often published without any."""
        return self.name == TRAINING or self.labels.folder.is_dir()

    @cached_property
    def pairs(self) -> Pairs:
        """Pairs the first image of each case with its first label map."""
        images, labels = (
            {case: paths[0] for case, paths in listing.files.items()} for listing in (self.images, self.labels)
        )
        return Pairs(images, labels)

    @property
    def cases(self) -> tuple[RawCase, ...]:
        """Returns all cases, sorted by id, with those that lack a file."""
        images, labels = self.pairs.images, self.pairs.labels
        every = sorted(images.keys() | labels.keys())
        return tuple(RawCase(case, self.name, images.get(case), labels.get(case)) for case in every)


@dataclass(frozen=True)
class RawFolder:
    """Holds the cases of a raw folder."""

    root: Path
    ending: str
    """Ends the names of all files, as `dataset.json` says."""
    train: RawSubset
    test: RawSubset

    @property
    def in_both(self) -> list[str]:
        """Returns the cases that have an image among the training and among the test cases."""
        return sorted(self.train.pairs.images.keys() & self.test.pairs.images.keys())


def read_raw_folder(root: Path, ending: str) -> RawFolder:
    """Lists the four folders of `root`, in which all files should end with `ending`, one of `RAW_SUFFIXES`.

    Folders that are not there are empty. Whatever lies in them is in the result; nothing is raised for it.
    """
    train, test = (
        RawSubset(
            name,
            list_volumes(root / f"images{name}", case_of_image, ending=ending),
            list_volumes(root / f"labels{name}", str, ending=ending),
        )
        for name in (TRAINING, TEST)
    )
    return RawFolder(root, ending, train, test)


def list_volumes(
    folder: Path,
    case_of: Callable[[str], str | None],
    suffixes: Collection[str] = RAW_SUFFIXES,
    *,
    ending: str = "",
) -> Listing:
    """Lists the files of `folder` by case.

    `case_of` takes a file name without its ending, which is one of `suffixes`, and gives the file's case, or None for a
    file of no case. Among the files of a case, one with `ending` comes first.
    """
    try:
        entries = visible(folder) if folder.is_dir() else []
    except OSError as error:
        return Listing(folder, {}, fault=error.strerror or str(error))
    named: list[tuple[str, Path]] = []
    strangers: list[Path] = []
    not_unicode: list[Path] = []
    for path in entries:
        stem, suffix = split_ending(path.name, suffixes)
        case = case_of(stem) if suffix else None
        if not is_unicode(path.name):
            not_unicode.append(path)
        elif case is None:
            strangers.append(path)
        else:
            named.append((case, path))
    return Listing(folder, by_case(named, ending), tuple(strangers), tuple(not_unicode))


def by_case(named: Iterable[tuple[str, Path]], ending: str = "") -> dict[str, tuple[Path, ...]]:
    """Groups pairs of a case and its file by case, sorted: files with `ending` first, else in the order of `named`.

    Ids that look the same (Unicode has several spellings of an `é`) are one case, under the first of them.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    ids: dict[str, str] = {}
    for case, path in named:
        found[ids.setdefault(looks(case), case)].append(path)
    return {
        case: tuple(sorted(paths, key=lambda path: not path.name.endswith(ending)))
        for case, paths in sorted(found.items())
    }


def read_description(root: Path, encoding: str = "utf-8") -> tuple[dict[str, Any], str]:
    """Reads `dataset.json` in `root`.

    Returns its content and an empty text, or an empty content and the reason why it cannot be read.
    """
    try:
        content = json.loads(read_bytes(root / DESCRIPTION).decode(encoding))
    except FileNotFoundError:
        return {}, "no such file"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return {}, f"not readable as JSON ({reason})"
    if not isinstance(content, dict):
        return {}, "no object in it"
    return content, ""
