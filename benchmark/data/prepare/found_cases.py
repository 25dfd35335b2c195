"""Describes what was found in a user's folder, before anything is written."""

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
"""Of the cases that a sentence is about: the rest is counted."""


@dataclass(frozen=True)
class Source:
    """The cases of a folder under the ids that they get, and the split they belong to."""

    root: Path
    """Where the data lies: the folder the user gave, or one in it."""
    name: str
    """Of the data set, for `dataset.json`."""
    labels: Mapping[str, int]
    train: Mapping[str, Case]
    test: Mapping[str, Case]
    """Those whose image is there."""
    split: Split
    """With the test cases whose image is not there."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else `dataset.json` should hold: licence, source."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Ids that differ from the source's names, by the source's name."""
    notes: tuple[str, ...] = ()
    """Sentences for the user."""


def part_of(name: str, train: Iterable[str], test: Iterable[str]) -> Split:
    """The split of a part of the data set `name`: of a name of its own, for it may grow."""
    return Split(name + _PART, tuple(train), tuple(test))


def is_part(split: Split) -> bool:
    """Whether a split is that of a part, as `part_of` names it."""
    return split.name.endswith(_PART)


def walk(root: Path) -> Iterator[Path]:
    """Every file below `root` but hidden ones and litter, sorted within each folder. Links to folders are not followed.

    Raises OSError for a folder that cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not is_passed_over(name))
        yield from (Path(folder, name) for name in sorted(files) if not is_passed_over(name))


def single(files: Mapping[str, tuple[Path, ...]], problems: list[Problem]) -> dict[str, Path]:
    """The file of each case; of two for one case, and of links to nothing, a problem."""
    for case, paths in files.items():
        if len(paths) > 1:
            names = " and ".join(apart([str(path) for path in paths]))
            problems.append(Problem(f"there are {len(paths)} files for {case}", found=names, mend="Keep one."))
        elif not paths[0].exists():
            problems.append(Problem("is a link to a file that is not there", str(paths[0])))
    return {case: paths[0] for case, paths in files.items()}


def paired(pairs: Pairs, where: Path, problems: list[Problem], left_out: list[str] | None = None) -> dict[str, Case]:
    """The cases that have both; the others become problems, or notes where a list `left_out` is given."""
    for lack, cases in (("a label", pairs.without_label), ("an image", pairs.without_image)):
        if cases and left_out is not None:
            left_out.append(f"{counted(cases)} without {lack} left out: {some(cases)}")
        elif cases:
            problems.append(Problem(f"{counted(cases)} without {lack}: {some(cases)}", str(where)))
    return {case: Case(case, pairs.images[case], pairs.labels[case]) for case in pairs.complete}


def counted(cases: Collection[str]) -> str:
    """`1 case`, `2 cases`."""
    return f"{len(cases)} case" if len(cases) == 1 else f"{len(cases)} cases"


def some(cases: Collection[str]) -> str:
    """Ids for a sentence, sorted."""
    return listed(sorted(cases), MOST_LISTED)
