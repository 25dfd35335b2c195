"""Which prediction file belongs to which reference file, found by name before any of them is read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path

from ..errors import Problem, listed, raise_if_any
from ..litter import visible
from ..suggestions import apart, looks, written_otherwise
from ..volumes.volume_names import COMPANION_SUFFIXES, SUFFIXES, case_behind, case_id

# What nnU-Net writes beside its predictions.
_NNUNET_SIDE_FILES = frozenset(
    {
        "dataset.json",
        "plans.json",
        "postprocessing.json",
        "postprocessing.pkl",
        "predict_from_raw_data_args.json",
        "summary.json",
    }
)
_SIDE_SUFFIXES = (".npz", ".pkl", *COMPANION_SUFFIXES)


@dataclass(frozen=True)
class CaseFolder:
    """A folder with one label map a case."""

    path: Path
    name: str
    """The folder's own name, which names a method."""
    files: dict[str, Path]
    """Case id -> file, by case id."""
    ignored: tuple[str, ...]
    """What lies there besides and is neither hidden, litter nor known to accompany predictions."""


@dataclass(frozen=True)
class Pairing:
    """Every case of the reference with the predictions for it."""

    reference: CaseFolder
    predictions: tuple[CaseFolder, ...]
    missing: dict[str, tuple[str, ...]]
    """Prediction folder's name -> the case ids that it has no file for; a tuple for every folder."""

    @property
    def notes(self) -> list[str]:
        """What was passed over, for the user to know."""
        return [
            f"{folder.path}: not label maps, passed over: {', '.join(folder.ignored)}"
            for folder in (self.reference, *self.predictions)
            if folder.ignored
        ]


def pair(
    predictions: Sequence[Path], reference: Path, *, allow_missing: bool, cases: Collection[str] | None = None
) -> Pairing:
    """Pairs the files of prediction folders with those of the reference folder: all, or those of `cases` alone.

    Raises BenchError with every problem of every folder: not a folder, empty, two files for a case, two prediction
    folders of one name, predictions for cases that the reference does not have, one of `cases` that it does not have,
    and, unless `allow_missing`, cases without a prediction.
    """
    problems: list[Problem] = []
    of_reference = _scan(reference, problems)
    of_predictions = [folder for path in predictions if (folder := _scan(path, problems)) is not None]
    problems += _same_names(of_predictions)
    missing = {}
    if of_reference is not None:
        if cases is not None:
            problems += _no_reference(of_reference, cases)
            aside = of_reference.files.keys() - set(cases)
            of_reference = _without(of_reference, aside)
            of_predictions = [_without(folder, aside) for folder in of_predictions]
        for folder in of_predictions:
            missing[folder.name] = tuple(sorted(of_reference.files.keys() - folder.files.keys()))
            problems += _unpaired(folder, of_reference, () if allow_missing else missing[folder.name])
    raise_if_any(problems)
    assert of_reference is not None
    return Pairing(of_reference, tuple(of_predictions), missing)


def _scan(path: Path, problems: list[Problem]) -> CaseFolder | None:
    """The folder's content; None, and a problem more, when there is nothing to pair in it."""
    if not path.is_dir():
        what = "not a folder" if path.exists() else "no such folder"
        problems.append(Problem(what, str(path), f"a folder of label maps ({', '.join(SUFFIXES)})"))
        return None
    try:
        entries = visible(path)
    except OSError as error:
        problems.append(Problem(f"cannot be read ({error.strerror or error})", str(path)))
        return None
    files: dict[str, Path] = {}
    seen: dict[str, Path] = {}
    ignored = []
    for entry in entries:
        case = case_id(entry.name)
        if case is None:
            if entry.name not in _NNUNET_SIDE_FILES and not entry.name.lower().endswith(_SIDE_SUFFIXES):
                ignored.append(entry.name)
        elif (other := seen.setdefault(looks(case), entry)) is not entry:
            found = " and ".join(apart([other.name, entry.name]))
            problems.append(Problem("two files for one case", str(path), "one", found, "Remove one of them."))
        else:
            files[case] = entry
    if not files:
        problems.append(_empty(path, ignored))
        return None
    # abspath, not resolve: a link's own name is the one the user chose.
    name = os.path.basename(os.path.abspath(path))  # noqa: PTH100, PTH119
    return CaseFolder(path, name, dict(sorted(files.items())), tuple(ignored))


def _empty(path: Path, ignored: list[str]) -> Problem:
    expected = f"label maps ({', '.join(SUFFIXES)})"
    found = ", ".join(ignored) or "an empty folder"
    inner = [name for name in ignored if (path / name).is_dir()]
    mend = f"Did you mean {path / inner[0]}?" if inner else ""
    # MONAI's SaveImaged makes a folder for each image, and the image's name is the beginning of the file's.
    of_monai = next((file for name in inner for file in (path / name).glob(f"{escape(name)}_*.nii.gz")), None)
    if of_monai is not None:
        case = of_monai.parent.name.removesuffix("_0000")
        mend = (
            f"{of_monai.relative_to(path)} is named as MONAI's SaveImaged does. Rename it {case}.nii.gz and put it "
            'into one folder with the others, or save with separate_folder=False and output_postfix="".'
        )
    return Problem("no label map in it", str(path), expected, found, mend)


def _same_names(folders: Sequence[CaseFolder]) -> list[Problem]:
    # By what a reader sees: an é of one character and one of two would be two methods of one name.
    repeated = [name for name, count in Counter(looks(folder.name) for folder in folders).items() if count > 1]
    return [
        Problem(
            f"prediction folders of one name, {name!r}, which would be one method in the table",
            ", ".join(apart([str(folder.path) for folder in folders if looks(folder.name) == name])),
            mend="Rename one of them, or link to it under another name.",
        )
        for name in repeated
    ]


def _no_reference(reference: CaseFolder, cases: Collection[str]) -> list[Problem]:
    absent = sorted(set(cases) - reference.files.keys())
    what = f"no label map of {len(absent)} of the cases to score: {listed(absent)}"
    return [Problem(what, str(reference.path))] if absent else []


def _without(folder: CaseFolder, cases: Collection[str]) -> CaseFolder:
    return replace(folder, files={case: path for case, path in folder.files.items() if case not in cases})


def _unpaired(folder: CaseFolder, reference: CaseFolder, missing: Sequence[str]) -> list[Problem]:
    problems = []
    if missing:
        what = f"no prediction for {len(missing)} of {len(reference.files)} cases: {listed(missing)}"
        mend = "Predict them, or count them as empty with --allow-missing."
        twins = filter(None, (written_otherwise(case, folder.files) for case in missing))
        mend = next(twins, mend)
        problems.append(Problem(what, str(folder.path), mend=mend))
    extra = [path.name for case, path in folder.files.items() if case not in reference.files]
    if extra:
        what = f"predictions of cases that {reference.path} does not have: {listed(extra)}"
        mend = "A prediction is named as its reference label map is."
        meant = [
            (path.name, known)
            for case, path in folder.files.items()
            if case not in reference.files and (known := case_behind(case, reference.files))
        ]
        if meant:
            others = f", and {len(meant) - 1} others likewise" if len(meant) > 1 else ""
            mend += f" Rename {meant[0][0]} to {meant[0][1]}.nii.gz{others}."
        mend = next(filter(None, (written_otherwise(case, reference.files) for case in folder.files)), mend)
        problems.append(Problem(what, str(folder.path), mend=mend))
    return problems
