"""Describes the cases that were found in a user's folder, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.errors import Problem, listed
from mswal_bench.benchmark.core.litter import is_passed_over
from mswal_bench.benchmark.core.suggestions import apart
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.raw_folder import Pairs
from mswal_bench.splits import Split

_PART = "-partial"
MOST_LISTED = 20
"""Is how many cases a sentence lists; the rest is counted."""


@dataclass(frozen=True)
class Source:
    """Describes the cases of a folder, under the ids that they get, and the split that they belong to."""

    root: Path
    """Is where the data lies: the folder that the user gave, or one in it."""
    name: str
    """Names the data set in `dataset.json`."""
    labels: Mapping[str, int]
    train: Mapping[str, Case]
    test: Mapping[str, Case]
    """Holds the test cases whose image is there."""
    split: Split
    """Lists the test cases whose image is not there as well."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Holds further entries for `dataset.json`: licence, source."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Maps the source's names to the ids that differ from them."""
    notes: tuple[str, ...] = ()
    """Are sentences for the user."""


def part_of(name: str, train: Iterable[str], test: Iterable[str]) -> Split:
    """Returns the split of a part of the data set `name`, under a name of its own, for it may grow."""
    return Split(name + _PART, tuple(train), tuple(test))


def is_part(split: Split) -> bool:
    """Returns whether a split is that of a part, as `part_of` names it."""
    return split.name.endswith(_PART)


def walk(root: Path) -> Iterator[Path]:
    """Yields the files below `root`, sorted within each folder; passes over hidden ones, litter and linked folders.

    Raises OSError for a folder that cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not is_passed_over(name))
        yield from (Path(folder, name) for name in sorted(files) if not is_passed_over(name))


def single(files: Mapping[str, tuple[Path, ...]], problems: list[Problem]) -> dict[str, Path]:
    """Returns the first file of each case.

    Several files for a case, what is no file, and a link to nothing become problems.
    """
    for case, paths in files.items():
        if len(paths) > 1:
            names = " and ".join(apart([str(path) for path in paths]))
            problems.append(Problem(f"there are {len(paths)} files for {case}", found=names, mend="Keep one."))
        elif not paths[0].exists():
            problems.append(Problem("is a link to a file that is not there", str(paths[0])))
        elif not paths[0].is_file():
            problems.append(Problem("is not a file", str(paths[0])))
    return {case: paths[0] for case, paths in files.items()}


def paired(pairs: Pairs, where: Path, problems: list[Problem], left_out: list[str] | None = None) -> dict[str, Case]:
    """Returns the cases that have both files; the others become problems, or notes where a list `left_out` is given."""
    for lack, cases in (("a label", pairs.without_label), ("an image", pairs.without_image)):
        if cases and left_out is not None:
            left_out.append(f"{counted(cases)} without {lack} left out: {some(cases)}")
        elif cases:
            problems.append(Problem(f"{counted(cases)} without {lack}: {some(cases)}", str(where)))
    return {case: Case(case, pairs.images[case], pairs.labels[case]) for case in pairs.complete}


def counted(cases: Collection[str]) -> str:
    """Returns `1 case`, `2 cases` and so on."""
    return f"{len(cases)} case" if len(cases) == 1 else f"{len(cases)} cases"


def some(cases: Collection[str]) -> str:
    """Returns ids for a sentence, sorted; beyond `MOST_LISTED` they are counted."""
    return listed(sorted(cases), MOST_LISTED)
