"""Opens a data set in nnU-Net's raw layout: finds its cases and checks that they are all there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mswal_bench.baselines.raw_layout import image_name, label_name
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.suggestions import apart, written_otherwise
from mswal_bench.benchmark.volumes.file_names import RAW_SUFFIXES
from mswal_bench.splits import SPLIT_FILE, Split, SplitError, read_split

from .raw_folder import DESCRIPTION, LAYOUT, Listing, RawSubset, read_description, read_raw_folder


@dataclass(frozen=True)
class Case:
    """Names one CT volume and, where there is one, its label map."""

    id: str
    image: Path
    label: Path | None


@dataclass(frozen=True)
class Dataset:
    """Lists the cases of a raw folder: `imagesTr`, `labelsTr`, `imagesTs`, and `labelsTs` where that is there."""

    root: Path
    name: str
    labels: object
    """Are the labels as `dataset.json` has them, unchecked."""
    train: Mapping[str, Case]
    """Holds the training cases by id, sorted; every one has a label."""
    test: Mapping[str, Case]
    """Holds the test cases by id, sorted; all have labels or none has."""
    split: Split
    """Is the split that `split.json` freezes, which lists test cases even where none of their images is there. Without
    that file it is the split that the folders make."""

    @property
    def test_labels(self) -> Path | None:
        """Returns the folder of the test cases' label maps; None when there is none."""
        folder = self.root / "labelsTs"
        return folder if folder.is_dir() else None

    def __repr__(self) -> str:
        # Not with its cases: they are hundreds.
        return f"<Dataset {self.name}: {len(self.train)} training and {len(self.test)} test cases in {self.root}>"


def open_dataset(root: Path) -> Dataset:
    """Finds and checks the cases of a raw folder without reading a volume.

    Raises BenchError with every problem found.
    """
    description = _description(root)
    ending: str = description["file_ending"]
    folder = read_raw_folder(root, ending)
    problems: list[Problem] = []
    train = _cases(folder.train, ending, problems)
    test = _cases(folder.test, ending, problems)
    if not train and not problems:
        expected = f"files named {image_name('CASE', ending)}"
        problems.append(Problem("there is no training case", str(root / "imagesTr"), expected, "none"))
    announced = description["numTraining"]
    if not problems and announced != len(train):
        problems.append(
            Problem(
                "the number of training cases differs from numTraining",
                str(root / DESCRIPTION),
                f"{announced} cases in imagesTr",
                str(len(train)),
                "Complete the folder, or correct numTraining.",
            )
        )
    for case in folder.in_both:
        problems.append(Problem("the case is in imagesTr and in imagesTs", case, mend="Remove one of the two."))
    raise_if_any(problems)
    name = str(description.get("name") or root.resolve().name)
    return Dataset(root, name, description["labels"], train, test, _split(root, name, train, test))


def _description(root: Path) -> Mapping[str, Any]:
    """`dataset.json`, with labels, numTraining and a file_ending that is known. Raises BenchError."""
    path = root / DESCRIPTION
    if not root.is_dir():
        raise BenchError(Problem("there is no such folder", str(root), LAYOUT))
    if not path.is_file():
        inside = [entry.name for entry in visible(root)][:5]
        raise BenchError(Problem(f"has no {DESCRIPTION}", str(root), LAYOUT, ", ".join(inside) or "an empty folder"))
    description, fault = read_description(root)
    wanted = ("labels", "file_ending", "numTraining")
    if not all(key in description for key in wanted):
        expected = ", ".join(f'"{key}"' for key in wanted)
        raise BenchError(Problem("is not a description of a data set", str(path), f"{expected} in it", fault))
    if description["file_ending"] not in RAW_SUFFIXES:
        what, found = "has a file_ending that is not read", repr(description["file_ending"])
        raise BenchError(Problem(what, str(path), " or ".join(RAW_SUFFIXES), found))
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


def _cases(subset: RawSubset, ending: str, problems: list[Problem]) -> dict[str, Case]:
    """The cases that have an image, by id; what is wrong with the subset's files is added to `problems`."""
    problems += _misplaced(subset.images, image_name("CASE", ending), ending)
    problems += _misplaced(subset.labels, label_name("CASE", ending), ending)
    images, labels = subset.pairs.images, subset.pairs.labels
    for case in subset.pairs.without_label if subset.has_labels else ():
        expected = f"{subset.labels.folder.name}/{label_name(case, ending)}"
        mend = written_otherwise(case, labels)
        problems.append(Problem("the case has no label", str(images[case]), expected, "no such file", mend))
    for case in subset.pairs.without_image:
        expected = f"{subset.images.folder.name}/{image_name(case, ending)}"
        mend = written_otherwise(case, images)
        problems.append(Problem("the label has no image", str(labels[case]), expected, "no such file", mend))
    return {case: Case(case, image, labels.get(case)) for case, image in images.items()}


def _misplaced(listing: Listing, expected: str, ending: str) -> Iterator[Problem]:
    """What lies in a folder and is no single volume of a case with the data set's ending."""
    if listing.fault:
        yield Problem(f"cannot be read ({listing.fault})", str(listing.folder))
    for path in listing.strangers:
        yield Problem("is not named like a volume of this data set", str(path), expected, path.name, "Move it away.")
    for path in listing.not_unicode:
        yield Problem("has a name that is not UTF-8", str(path), mend="Rename it.")
    for case, paths in listing.files.items():
        for path in paths:
            if not path.exists():
                yield Problem("is a link to a file that is not there", str(path))
        if len(paths) > 1:
            what, names = f"there are {len(paths)} files for the case {case}", sorted(path.name for path in paths)
            yield Problem(what, str(listing.folder), "one file", " and ".join(apart(names)), "Keep one of them.")
        elif not paths[0].name.endswith(ending):
            what = f"has another file ending than {DESCRIPTION} says"
            yield Problem(what, str(paths[0]), ending, paths[0].name)
