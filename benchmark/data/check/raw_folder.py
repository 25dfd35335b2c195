"""Lists the files of a raw folder, and what is wrong with their names and pairs. It opens no volume.

`open_dataset` refuses a folder at the first fault of its kind; here the rest of it is to be inspected all the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.suggestions import written_otherwise
from mswal_bench.benchmark.data.label_forms import ONE_NUMBER_A_NAME, REGIONS, unusual_forms, values_of
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, LesionClass, classes_of
from mswal_bench.benchmark.tables.escaping import is_unicode, unicode_name

from .findings_catalogue import DataFinding

_CHANNEL = "_0000"
# What nnU-Net reads with SimpleITK.
_SUFFIXES = (".nii.gz", ".nii", ".mha", ".nrrd")
_MSWAL_LABELS = frozenset({0, *(lesion.id for lesion in LESION_CLASSES)})
_DESCRIPTION = "dataset.json"


@dataclass(frozen=True)
class CaseFiles:
    """A case's files; at least one of them is there."""

    case: str
    subset: str
    """`Tr` or `Ts`."""
    image: Path | None
    label: Path | None


@dataclass(frozen=True)
class Layout:
    """A raw folder as it lies on disk."""

    root: Path
    labels: frozenset[int]
    """The label values that dataset.json names, 0 included; without it, MSWAL's."""
    classes: tuple[LesionClass, ...]
    """The classes that dataset.json names; empty where its labels cannot be scored."""
    is_mswal: bool
    """Whether what the paper says of its scans is to be expected: the labels are MSWAL's, and it is no phantom."""
    cases: tuple[CaseFiles, ...]
    """Sorted by subset and case."""
    findings: tuple[DataFinding, ...]


def file_bytes(files: CaseFiles) -> int:
    """The size of a case's files on disk."""
    return sum(path.stat().st_size for path in (files.image, files.label) if path is not None and path.is_file())


@dataclass
class _Survey:
    root: Path
    ending: str = ".nii.gz"
    findings: list[DataFinding] = field(default_factory=list)

    def add(self, code: str, case: str, path: Path, found: str, expected: str = "") -> None:
        self.findings.append(
            DataFinding(code, case=case, file=path.relative_to(self.root).as_posix(), found=found, expected=expected)
        )


def lay_out(root: Path) -> Layout:
    """Lists the folder. Raises BenchError when there is no such folder, or nothing of a raw folder in it."""
    parts = ("imagesTr", "labelsTr", "imagesTs", "labelsTs")
    if not any((root / part).is_dir() for part in parts):
        expected = "a folder in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr, imagesTs)"
        found = "no such folder" if not root.is_dir() else "none of its folders"
        raise BenchError(Problem("is not a data set", str(root), expected, found))
    survey = _Survey(root)
    description = _read_description(survey)
    ending = description.get("file_ending", survey.ending)
    if ending in _SUFFIXES:
        survey.ending = ending
    else:
        survey.add("description", "", root / _DESCRIPTION, f"file_ending {ending!r}", listed(_SUFFIXES))
    labels = _label_values(survey, description)
    classes = _classes(description.get("labels"))
    by_subset = {subset: _pair(survey, subset) for subset in ("Tr", "Ts")}
    train, test = ({files.case for files in by_subset[subset] if files.image} for subset in ("Tr", "Ts"))
    announced = description.get("numTraining")
    if description and announced != len(train):
        survey.add("case-count", "", root / _DESCRIPTION, f"{len(train)} images in imagesTr", f"{announced}")
    if not train and not test:
        survey.add("no-cases", "", root / "imagesTr", "none", f"CASE{_CHANNEL}{survey.ending}")
    for case in sorted(train & test):
        survey.add("train-and-test", case, root / "imagesTs" / f"{case}{_CHANNEL}{survey.ending}", "also in imagesTr")
    return Layout(
        root=root,
        labels=labels,
        classes=classes,
        # By their names: another data set may have seven labels too.
        is_mswal="phantom" not in description and classes == LESION_CLASSES,
        cases=(*by_subset["Tr"], *by_subset["Ts"]),
        findings=tuple(survey.findings),
    )


def _read_description(survey: _Survey) -> dict[str, Any]:
    """dataset.json; empty, with a finding, where it cannot be used."""
    path = survey.root / _DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        survey.add("description", "", path, "no such file")
        return {}
    except (OSError, ValueError) as error:
        survey.add("description", "", path, f"not readable as JSON ({error})")
        return {}
    if not isinstance(description, dict) or not description:
        survey.add("description", "", path, "no object in it")
        return {}
    return description


def _label_values(survey: _Survey, description: Mapping[str, Any]) -> frozenset[int]:
    """Those that dataset.json names, in whatever form; MSWAL's where it names none."""
    path, labels = survey.root / _DESCRIPTION, description.get("labels")
    forms = dict(unusual_forms(labels))
    for form, found in forms.items():
        survey.add(form.code, "", path, found, ONE_NUMBER_A_NAME)
    if "regions_class_order" in description and REGIONS not in forms:
        survey.add(
            "class-order", "", path, f"regions_class_order {description['regions_class_order']}", "no such entry"
        )
    values = values_of(labels)
    if values is None and description and not forms:
        survey.add("description", "", path, "no usable labels", f'"labels": {ONE_NUMBER_A_NAME}')
    return values or _MSWAL_LABELS


def _classes(labels: Any) -> tuple[LesionClass, ...]:
    try:
        return classes_of(labels, _DESCRIPTION)
    except BenchError:
        return ()


def _pair(survey: _Survey, subset: str) -> list[CaseFiles]:
    images = _by_case(survey, f"images{subset}", _CHANNEL)
    labels = _by_case(survey, f"labels{subset}", "")
    # Test cases are often published without any label.
    if subset == "Tr" or (survey.root / "labelsTs").is_dir():
        for case in sorted(images.keys() - labels.keys()):
            found = written_otherwise(case, labels) or "none"
            survey.add("no-label", case, images[case], found, f"labels{subset}/{case}{survey.ending}")
    for case in sorted(labels.keys() - images.keys()):
        found = written_otherwise(case, images) or "none"
        survey.add("no-image", case, labels[case], found, f"images{subset}/{case}{_CHANNEL}{survey.ending}")
    cases = sorted(images.keys() | labels.keys())
    return [CaseFiles(case, subset, images.get(case), labels.get(case)) for case in cases]


def _by_case(survey: _Survey, folder: str, channel: str) -> dict[str, Path]:
    """The file of each case. Of several, that with the data set's ending."""
    there = survey.root / folder
    try:
        entries = visible(there) if there.is_dir() else []
    except OSError as error:
        survey.add("unreadable", "", there, f"the folder cannot be listed ({error.strerror or error})")
        entries = []
    found: dict[str, list[Path]] = defaultdict(list)
    for path in entries:
        suffix = next((one for one in (survey.ending, *_SUFFIXES) if path.name.endswith(one)), "")
        stem = path.name.removesuffix(suffix)
        case = stem.removesuffix(channel)
        if not is_unicode(path.name):
            survey.add("not-unicode", "", path, unicode_name(path.name))
        elif not suffix or not case or (channel and case == stem):
            survey.add("misnamed", "", path, path.name, f"CASE{channel}{survey.ending}")
        else:
            found[case].append(path)
    files = {}
    for case, paths in found.items():
        paths.sort(key=lambda path: not path.name.endswith(survey.ending))
        for path in paths[1:]:
            survey.add("two-files", case, path, f"{path.name} and {paths[0].name}", "one file")
        files[case] = paths[0]
        if not paths[0].name.endswith(survey.ending):
            survey.add("misnamed", case, paths[0], paths[0].name, f"{case}{channel}{survey.ending}")
    return files
