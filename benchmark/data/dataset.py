"""A data set on disk in nnU-Net's raw layout: where its cases are, and whether they are all there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.suggestions import apart, looks, written_otherwise
from mswal_bench.benchmark.tables.escaping import is_unicode
from mswal_bench.splits import SPLIT_FILE, Split, SplitError, read_split

_CHANNEL = "_0000"


@dataclass(frozen=True)
class Case:
    """One CT volume and, where it is known, its label map."""

    id: str
    image: Path
    label: Path | None


@dataclass(frozen=True)
class Dataset:
    """The cases of a raw folder: `imagesTr`, `labelsTr`, `imagesTs`, and `labelsTs` where the labels are there."""

    root: Path
    name: str
    labels: object
    """As `dataset.json` has them, not looked at."""
    train: Mapping[str, Case]
    """By case id, sorted; every one has a label."""
    test: Mapping[str, Case]
    """By case id, sorted; all have labels or none has."""
    split: Split
    """The one that `split.json` freezes, with its test cases also where none of their images is there; without that
    file, the one that the folders make."""

    @property
    def test_labels(self) -> Path | None:
        """The folder of the test cases' label maps; None when there is none."""
        folder = self.root / "labelsTs"
        return folder if folder.is_dir() else None

    def __repr__(self) -> str:
        # Not with its cases: they are hundreds.
        return f"<Dataset {self.name}: {len(self.train)} training and {len(self.test)} test cases in {self.root}>"


def open_dataset(root: Path) -> Dataset:
    """Discovers and checks a raw folder, without reading a volume. Raises BenchError with every problem found."""
    description = _read_description(root)
    ending = str(description["file_ending"])
    problems: list[Problem] = []
    train = _pair(root, "Tr", ending, True, problems)
    test = _pair(root, "Ts", ending, (root / "labelsTs").is_dir(), problems)
    if not train and not problems:
        problems.append(
            Problem("there is no training case", str(root / "imagesTr"), f"files named CASE{_CHANNEL}{ending}", "none")
        )
    announced = description["numTraining"]
    if not problems and announced != len(train):
        problems.append(
            Problem(
                "the number of training cases differs from numTraining",
                str(root / "dataset.json"),
                f"{announced} cases in imagesTr",
                str(len(train)),
                "Complete the folder, or correct numTraining.",
            )
        )
    for case in sorted(train.keys() & test.keys()):
        problems.append(Problem("the case is in imagesTr and in imagesTs", case, mend="Remove one of the two."))
    raise_if_any(problems)
    name = str(description.get("name") or root.resolve().name)
    return Dataset(root, name, description["labels"], train, test, _split(root, name, train, test))


def _read_description(root: Path) -> dict[str, Any]:
    path = root / "dataset.json"
    layout = "a folder in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr, imagesTs)"
    if not root.is_dir():
        raise BenchError(Problem("there is no such folder", str(root), layout))
    if not path.is_file():
        inside = [entry.name for entry in visible(root)][:5]
        raise BenchError(Problem("has no dataset.json", str(root), layout, ", ".join(inside) or "an empty folder"))
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(Problem(f"cannot be read as JSON ({error})", str(path))) from error
    wanted = ("labels", "file_ending", "numTraining")
    if not isinstance(description, dict) or not all(key in description for key in wanted):
        expected = ", ".join(f'"{key}"' for key in wanted)
        raise BenchError(Problem("is not a description of a data set", str(path), f"{expected} in it"))
    return description


def _split(root: Path, name: str, train: Mapping[str, Case], test: Mapping[str, Case]) -> Split:
    path = root / SPLIT_FILE
    if not path.exists():
        return Split(name, tuple(train), tuple(test))
    try:
        frozen = read_split(path)
    except SplitError as error:
        raise BenchError(Problem(str(error), mend="Prepare the data set again.")) from error
    strangers = sorted(({*train} ^ {*frozen.train}) | ({*test} ^ {*frozen.test} if test else set()))
    if strangers:
        what = f"freezes another split than the folders make; they differ in {listed(strangers)}"
        raise BenchError(Problem(what, str(path), mend="Prepare the data set again, or remove the file."))
    return frozen


def _pair(root: Path, subset: str, ending: str, with_labels: bool, problems: list[Problem]) -> dict[str, Case]:
    images = _by_case(root / f"images{subset}", ending, True, problems)
    labels = _by_case(root / f"labels{subset}", ending, False, problems) if with_labels else {}
    if with_labels:
        for case in sorted(images.keys() - labels.keys()):
            expected = f"labels{subset}/{case}{ending}"
            mend = written_otherwise(case, labels)
            problems.append(Problem("the case has no label", str(images[case]), expected, "no such file", mend))
        for case in sorted(labels.keys() - images.keys()):
            expected = f"images{subset}/{case}{_CHANNEL}{ending}"
            mend = written_otherwise(case, images)
            problems.append(Problem("the label has no image", str(labels[case]), expected, "no such file", mend))
    return {case: Case(case, images[case], labels.get(case)) for case in sorted(images)}


def _by_case(folder: Path, ending: str, channels: bool, problems: list[Problem]) -> dict[str, Path]:
    found: dict[str, list[Path]] = defaultdict(list)
    seen: dict[str, str] = {}
    entries: Iterable[Path] = visible(folder) if folder.is_dir() else ()
    for path in entries:
        if not path.exists():
            problems.append(Problem("is a link to a file that is not there", str(path)))
        stem = path.name
        for suffix in (ending, ".nii.gz", ".nii", ".mha", ".nrrd"):
            if path.name.endswith(suffix):
                stem = path.name.removesuffix(suffix)
                break
        if stem == path.name or (channels and not stem.endswith(_CHANNEL)):
            expected = f"CASE{_CHANNEL}{ending}" if channels else f"CASE{ending}"
            problems.append(
                Problem("is not named like a volume of this data set", str(path), expected, path.name, "Move it away.")
            )
            continue
        if not is_unicode(stem):
            # Neither records nor nnU-Net's files could tell of it.
            problems.append(Problem("has a name that is not UTF-8", str(path), mend="Rename it."))
            continue
        case = stem.removesuffix(_CHANNEL) if channels else stem
        # Names that look the same are one case to whoever reads them.
        found[seen.setdefault(looks(case), case)].append(path)
    for case, paths in found.items():
        if len(paths) > 1:
            names = " and ".join(apart([path.name for path in paths]))
            problems.append(
                Problem(f"there are two files for the case {case}", str(folder), "one file", names, "Keep one of them.")
            )
        elif not paths[0].name.endswith(ending):
            problems.append(
                Problem("has another file ending than dataset.json says", str(paths[0]), ending, paths[0].name)
            )
    return {case: paths[0] for case, paths in found.items()}
