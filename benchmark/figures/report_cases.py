"""Gives a report the pages of its worst cases, and the links to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.data.dataset import Dataset
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.scoring.scores import Scores

from .explorer.case_content import CaseToShow
from .explorer.case_pages import page_link
from .explorer.pages_folder import write_pages
from .explorer.worst_cases import MOST_PAGES, WorstCase, WorstCases, worst_cases

FOLDER = "cases"
MOST_METHODS = 20
"""On the page of a case; every one adds its lesions to it."""


@dataclass(frozen=True)
class LinkedCase:
    """Is a link of a report to a case."""

    case: str
    href: str
    said: str
    """Tells the DSC and what was counted."""


@dataclass(frozen=True)
class WorstOfClass:
    """Holds the links of a lesion type: for each method its worst cases, the worst first."""

    lesion: LesionClass
    methods: tuple[tuple[str, tuple[LinkedCase, ...]], ...]


def write_worst_cases(
    out: Path, scores: Scores, dataset: Dataset, protocol: Protocol, most: int
) -> tuple[tuple[WorstOfClass, ...], str]:
    """Writes pages of the `most` worst cases of each method and lesion type to `out`; returns links to them, and a
    sentence that says which cases these are, which is empty where there are none.

    Pages are of at most `MOST_PAGES` cases; where there would be more, fewer are taken of each method and type.
    """
    names = list(scores)[:MOST_METHODS]
    worst = worst_cases({name: scores[name].counts for name in names}, most)
    cases = []
    for case in worst.cases:
        scored = {name: of for name in names if (of := scores[name].by_case.get(case)) is not None}
        reference = next(of.reference for of in scored.values())
        assert reference is not None
        image = dataset.test[case].image if case in dataset.test else None
        cases.append(CaseToShow(case, reference, image, {name: of.prediction for name, of in scored.items()}))
    write_pages(out / FOLDER, cases, protocol, back="../index.html", back_text="Back to the report", progress=True)
    return _links(worst, protocol), _said(worst, most, len(scores))


def _links(worst: WorstCases, protocol: Protocol) -> tuple[WorstOfClass, ...]:
    every = []
    for lesion in protocol.lesion_classes:
        of_class = [
            (name, tuple(_link(each, name, lesion) for each in keys[lesion.key]))
            for name, keys in worst.of.items()
            if keys.get(lesion.key)
        ]
        if of_class:
            every.append(WorstOfClass(lesion, tuple(of_class)))
    return tuple(every)


def _link(worst: WorstCase, method: str, lesion: LesionClass) -> LinkedCase:
    counts = worst.counts
    said = f"DSC {100 * counts.dsc:.1f}, {counts.tp} TP, {counts.fp} FP, {counts.fn} FN"
    return LinkedCase(worst.case, page_link(f"{FOLDER}/", worst.case, method, lesion.key), said)


def _said(worst: WorstCases, asked: int, methods: int) -> str:
    if not worst.cases:
        return ""
    of_each = "The worst case" if worst.most == 1 else f"The {worst.most} worst cases"
    said = f"{of_each} of each lesion type and method by DSC, of those that have the type on either side."
    if worst.most < asked:
        said += f" {asked} were asked for, which would be the pages of more than {MOST_PAGES} cases."
    if methods > MOST_METHODS:
        said += f" They are of the first {MOST_METHODS} methods."
    return said
