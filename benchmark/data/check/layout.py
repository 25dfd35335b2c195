"""Lays out a raw folder for an inspection: its cases, its labels, and what is wrong with names and pairs.

`open_dataset` refuses a folder at the first fault of its kind; here the rest of it is to be inspected all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mswal_bench.baselines.raw_layout import image_name, label_name
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.suggestions import apart, written_otherwise
from mswal_bench.benchmark.data.label_forms import ONE_NUMBER_A_NAME, REGIONS, unusual_forms, values_of
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, LesionClass, classes_of
from mswal_bench.benchmark.data.raw_folder import (
    DESCRIPTION,
    FOLDERS,
    LAYOUT,
    Listing,
    RawCase,
    RawSubset,
    read_description,
    read_raw_folder,
)
from mswal_bench.benchmark.tables.escaping import unicode_name
from mswal_bench.benchmark.volumes.file_names import RAW_SUFFIXES

from .findings_catalogue import DataFinding

_MSWAL_LABELS = frozenset({0, *(lesion.id for lesion in LESION_CLASSES)})
_USUAL_ENDING = ".nii.gz"


@dataclass(frozen=True)
class Layout:
    """Describes a raw folder as it lies on disk."""

    root: Path
    labels: frozenset[int]
    """Are the label values that dataset.json names, 0 included; without it, MSWAL's."""
    classes: tuple[LesionClass, ...]
    """Are the classes that dataset.json names; empty where its labels cannot be scored."""
    is_mswal: bool
    """Says whether scans should be as the paper says: the labels are MSWAL's, and it is no phantom."""
    cases: tuple[RawCase, ...]
    """Are sorted by subset and case."""
    findings: tuple[DataFinding, ...]


@dataclass
class _Survey:
    root: Path
    findings: list[DataFinding] = field(default_factory=list)

    def add(self, code: str, case: str, path: Path, found: str, expected: str = "") -> None:
        self.findings.append(
            DataFinding(code, case=case, file=path.relative_to(self.root).as_posix(), found=found, expected=expected)
        )


def lay_out(root: Path) -> Layout:
    """Lists a raw folder. Raises BenchError when there is no such folder, or nothing of a raw folder in it."""
    if not any((root / name).is_dir() for name in FOLDERS):
        found = "no such folder" if not root.is_dir() else "none of its folders"
        raise BenchError(Problem("is not a data set", str(root), LAYOUT, found))
    survey = _Survey(root)
    description, fault = read_description(root)
    if not description:
        survey.add("description", "", root / DESCRIPTION, fault or "no object in it")
    ending = description.get("file_ending", _USUAL_ENDING)
    if ending not in RAW_SUFFIXES:
        survey.add("description", "", root / DESCRIPTION, f"file_ending {ending!r}", listed(RAW_SUFFIXES))
        ending = _USUAL_ENDING
    labels = _label_values(survey, description)
    folder = read_raw_folder(root, ending)
    for subset in (folder.train, folder.test):
        _check_names(survey, subset.images, image_name, ending)
        _check_names(survey, subset.labels, label_name, ending)
        _check_pairs(survey, subset, ending)
    train, test = folder.train.pairs.images, folder.test.pairs.images
    announced = description.get("numTraining")
    if description and announced != len(train):
        survey.add("case-count", "", root / DESCRIPTION, f"{len(train)} images in imagesTr", f"{announced}")
    if not train and not test:
        survey.add("no-cases", "", root / "imagesTr", "none", image_name("CASE", ending))
    for case in folder.in_both:
        survey.add("train-and-test", case, test[case], "also in imagesTr")
    classes = _classes(description.get("labels"))
    return Layout(
        root=root,
        labels=labels,
        classes=classes,
        # By their names: another data set may have seven labels too.
        is_mswal="phantom" not in description and classes == LESION_CLASSES,
        cases=(*folder.train.cases, *folder.test.cases),
        findings=tuple(survey.findings),
    )


def _label_values(survey: _Survey, description: Mapping[str, Any]) -> frozenset[int]:
    """Returns the label values that dataset.json names, in whatever form; MSWAL's where it names none."""
    path, labels = survey.root / DESCRIPTION, description.get("labels")
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
        return classes_of(labels, DESCRIPTION)
    except BenchError:
        return ()


def _check_names(survey: _Survey, listing: Listing, name_of: Callable[[str, str], str], ending: str) -> None:
    """Adds a finding for all that lies in a folder and is not the one volume of a case with the data set's ending."""
    if listing.fault:
        survey.add("unreadable", "", listing.folder, f"the folder cannot be listed ({listing.fault})")
    for path in listing.not_unicode:
        survey.add("not-unicode", "", path, unicode_name(path.name))
    for path in listing.strangers:
        survey.add("misnamed", "", path, path.name, name_of("CASE", ending))
    for case, (first, *others) in listing.files.items():
        for path in others:
            survey.add("two-files", case, path, " and ".join(apart([path.name, first.name])), "one file")
        if not first.name.endswith(ending):
            survey.add("misnamed", case, first, first.name, name_of(case, ending))


def _check_pairs(survey: _Survey, subset: RawSubset, ending: str) -> None:
    images, labels = subset.pairs.images, subset.pairs.labels
    for case in subset.pairs.without_label if subset.has_labels else ():
        expected = f"{subset.labels.folder.name}/{label_name(case, ending)}"
        survey.add("no-label", case, images[case], written_otherwise(case, labels) or "none", expected)
    for case in subset.pairs.without_image:
        expected = f"{subset.images.folder.name}/{image_name(case, ending)}"
        survey.add("no-image", case, labels[case], written_otherwise(case, images) or "none", expected)
