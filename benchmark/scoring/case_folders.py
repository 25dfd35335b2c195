"""Pairs prediction files with reference files by name, before any of them is read."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path

from mswal_bench.baselines.failures import LOG_FILE
from mswal_bench.benchmark.core.errors import Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import is_passed_over, visible
from mswal_bench.benchmark.core.suggestions import apart, looks, written_otherwise
from mswal_bench.benchmark.tables.escaping import unicode_name
from mswal_bench.benchmark.volumes.file_names import COMPANION_SUFFIXES, SUFFIXES, case_behind, case_id

PREDICTIONS_FILE = "predictions.json"
"""What `mswal-bench predict` writes beside label maps: what predicted them."""
# What lies beside predictions: that, the log of a method that failed, and what nnU-Net writes.
_SIDE_FILES = frozenset(
    {
        PREDICTIONS_FILE,
        LOG_FILE,
        "dataset.json",
        "plans.json",
        "postprocessing.json",
        "postprocessing.pkl",
        "predict_from_raw_data_args.json",
        "summary.json",
    }
)
_SIDE_SUFFIXES = (".npz", ".pkl", *COMPANION_SUFFIXES)
# How far below a folder that holds none its label maps are looked for, and how many such folders are told.
_DEEPEST = 3
# nnU-Net ends the names of images with the number of their channel.
_IMAGE = re.compile(r"_\d{4}$")
_MOST_MEANT = 4


@dataclass(frozen=True)
class MethodFolder:
    """A folder of a method's predictions."""

    path: Path
    name: str
    """What the method is called in tables and files."""


@dataclass(frozen=True)
class CaseFolder:
    """A folder with one label map a case."""

    path: Path
    name: str
    """The folder's own name, or another one, which names a method."""
    files: dict[str, Path]
    """Case id -> file, by case id."""
    ignored: tuple[str, ...] = ()
    """What lies there besides and is neither hidden, litter nor known to accompany predictions."""


@dataclass(frozen=True)
class Pairing:
    """Every case of the reference with the predictions for it."""

    reference: CaseFolder
    predictions: tuple[CaseFolder, ...]
    """Never empty."""
    missing: dict[str, tuple[str, ...]]
    """Prediction folder's name -> the case ids that it has no file for; a tuple for every folder."""
    problems: tuple[Problem, ...] = ()
    """Why folders that were to be scored too are not among the predictions."""

    left_out: tuple[str, ...] = ()
    """The names of those folders."""
    doubts: tuple[str, ...] = ()
    """What was paired though its names speak against it."""

    @property
    def notes(self) -> list[str]:
        """What was passed over or is doubtful, for the user to know."""
        return [
            *self.doubts,
            *(
                f"{folder.path}: not label maps, passed over: {', '.join(folder.ignored)}"
                for folder in (self.reference, *self.predictions)
                if folder.ignored
            ),
        ]


def pair(
    predictions: Sequence[Path | MethodFolder],
    reference: Path,
    *,
    allow_missing: bool,
    cases: Collection[str] | None = None,
) -> Pairing:
    """Pairs the files of prediction folders with those of the reference folder: all, or those of `cases` alone.

    What is wrong inside one of several prediction folders costs that folder, if another can be scored: no label map,
    two files for a case, predictions for cases that the reference does not have and, unless `allow_missing`, cases
    without a prediction. Raises BenchError with every problem of every folder where none can be scored, and for a call
    that is wrong: what is not a folder, two prediction folders of one name, one of `cases` that the reference does not
    have.
    """
    wrong_call: list[Problem] = []
    problems: list[Problem] = []
    of_reference = _scan(reference, folder_name(reference), wrong_call, wrong_call)
    folders = [
        each if isinstance(each, MethodFolder) else MethodFolder(each, folder_name(each)) for each in predictions
    ]
    wrong_call += _same_names(folders)
    if of_reference is not None and cases is not None:
        wrong_call += _no_reference(of_reference, cases)
    aside = of_reference.files.keys() - set(cases) if of_reference is not None and cases is not None else set()
    of_reference = None if of_reference is None else _without(of_reference, aside)
    whole, missing = [], {}
    for each in folders:
        wrong: list[Problem] = []
        folder = _scan(each.path, each.name, wrong_call, wrong, reference)
        if folder is not None and of_reference is not None:
            folder = _without(folder, aside)
            missing[folder.name] = tuple(sorted(of_reference.files.keys() - folder.files.keys()))
            wrong += _unpaired(folder, of_reference, () if allow_missing else missing[folder.name])
        if folder is not None and not wrong:
            whole.append(folder)
        problems += wrong
    if wrong_call or not whole:
        raise_if_any([*wrong_call, *problems])
    assert of_reference is not None
    kept = {folder.name: missing[folder.name] for folder in whole}
    left_out = tuple(each.name for each in folders if each.name not in kept)
    return Pairing(of_reference, tuple(whole), kept, tuple(problems), left_out)


def folder_name(path: Path) -> str:
    """Returns the name of a folder as text: a link's own, which is the one that the user chose."""
    return unicode_name(os.path.basename(os.path.abspath(path)))  # noqa: PTH100, PTH119


def cases_in(folder: Path) -> set[str]:
    """Returns the ids of the cases that have a label map in a folder; none where it cannot be listed."""
    try:
        return {unicode_name(case) for entry in visible(folder) if (case := case_id(entry.name)) is not None}
    except OSError:
        return set()


def _scan(
    path: Path, name: str, wrong_call: list[Problem], problems: list[Problem], reference: Path | None = None
) -> CaseFolder | None:
    """The folder's content; None, and a problem more, when there is nothing to pair in it."""
    if not path.is_dir():
        what = "not a folder" if path.exists() else "no such folder"
        mend = _against_a_file(path, reference) if path.is_file() else ""
        wrong_call.append(Problem(what, str(path), f"a folder of label maps ({', '.join(SUFFIXES)})", mend=mend))
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
        of_case = case_id(entry.name)
        if of_case is None:
            if entry.name not in _SIDE_FILES and not entry.name.lower().endswith(_SIDE_SUFFIXES):
                ignored.append(entry.name)
            continue
        case = unicode_name(of_case)
        if (other := seen.setdefault(looks(case), entry)) is not entry:
            found = " and ".join(apart([other.name, entry.name]))
            problems.append(Problem("two files for one case", str(path), "one", found, "Remove one of them."))
        else:
            files[case] = entry
    if not files:
        problems.append(_empty(path, ignored))
        return None
    return CaseFolder(path, name, dict(sorted(files.items())), tuple(ignored))


def _against_a_file(path: Path, reference: Path | None) -> str:
    if reference is None:
        return ""
    of_case = reference / path.name
    return f"A file alone is scored with --reference {of_case if of_case.is_file() else 'FILE, that of its case'}."


def _empty(path: Path, ignored: list[str]) -> Problem:
    expected = f"label maps ({', '.join(SUFFIXES)})"
    found = ", ".join(ignored) or "an empty folder"
    mend = meant_folder(path)
    # MONAI's SaveImaged makes a folder for each image, and the image's name is the beginning of the file's.
    inner = [name for name in ignored if (path / name).is_dir()]
    of_monai = next((file for name in inner for file in (path / name).glob(f"{escape(name)}_*.nii.gz")), None)
    if of_monai is not None:
        mend = (
            f"{of_monai.relative_to(path)} is named as MONAI's SaveImaged does. Name each file as its reference is "
            'and put all into one folder, or save with separate_folder=False and output_postfix="".'
        )
    return Problem("no label map in it", str(path), expected, found, mend)


def meant_folder(path: Path) -> str:
    """Asks about the folders of label maps below a folder that holds none; empty where there is none."""
    holding = [str(folder) for folder in _folders_of_label_maps(path)]
    return f"Did you mean {' or '.join(holding[:_MOST_MEANT])}?" if holding else ""


def _folders_of_label_maps(path: Path) -> Iterator[Path]:
    """The folders below that hold some, by path. Links are not followed, and images are no label maps."""
    for place, subfolders, files in os.walk(path):
        deep = len(Path(place).relative_to(path).parts) >= _DEEPEST
        subfolders[:] = (
            []
            if deep
            else sorted(name for name in subfolders if not is_passed_over(name) and not name.startswith("images"))
        )
        named = (case_id(name) for name in files if not is_passed_over(name))
        if any(case is not None and not _IMAGE.search(case) for case in named):
            yield Path(place)


def _same_names(folders: Sequence[MethodFolder]) -> list[Problem]:
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
            more = len(meant) - 1
            others = f", and {'one other' if more == 1 else f'{more} others'} likewise" if more else ""
            mend += f" Rename {meant[0][0]} to {meant[0][1]}.nii.gz{others}."
        mend = next(filter(None, (written_otherwise(case, reference.files) for case in folder.files)), mend)
        problems.append(Problem(what, str(folder.path), mend=mend))
    return problems
