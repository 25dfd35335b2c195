"""Makes links to the pages of the worst cases, and says in a sentence which these are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.scoring_protocol import Protocol

from .case_pages import page_link
from .worst_cases import MOST_PAGES, WorstCase, WorstCases

MOST_METHODS = 20
"""On the page of a case; every one adds its lesions to it."""


@dataclass(frozen=True)
class LinkedCase:
    """Is a link to the page of a case."""

    case: str
    href: str
    said: str
    """Tells the DSC and what was counted."""


@dataclass(frozen=True)
class WorstOfClass:
    """Holds the links of a lesion type: for each method its worst cases, the worst first."""

    lesion: LesionClass
    methods: Mapping[str, tuple[LinkedCase, ...]]
    """Has the methods' titles for keys, and those alone that have a case."""


def worst_links(worst: WorstCases, protocol: Protocol, folder: str) -> tuple[WorstOfClass, ...]:
    """Returns the links of each lesion type that has any; `folder` is the address of the pages, with a `/`."""
    every = (
        WorstOfClass(
            lesion,
            {
                title: tuple(_link(each, title, lesion, folder) for each in keys[lesion.key])
                for title, keys in worst.of.items()
                if keys.get(lesion.key)
            },
        )
        for lesion in protocol.lesion_classes
    )
    return tuple(each for each in every if each.methods)


def worst_said(worst: WorstCases, asked: int, methods: int, *, each: str = "lesion type and method") -> str:
    """Says which cases these are, where `asked` were asked for of each of `methods` methods.

    `each` is what a list of the page is of. Empty where there are none.
    """
    if not worst.cases:
        return ""
    of_each = "The worst case" if worst.most == 1 else f"The {worst.most} worst cases"
    said = f"{of_each} of each {each} by DSC, of those that have the type on either side."
    if worst.most < asked:
        said += f" {asked} were asked for, which would be the pages of more than {MOST_PAGES} cases."
    if methods > MOST_METHODS:
        said += f" They are of the first {MOST_METHODS} methods."
    return said


def _link(worst: WorstCase, method: str, lesion: LesionClass, folder: str) -> LinkedCase:
    counts = worst.counts
    said = f"DSC {100 * counts.dsc:.1f}, {counts.tp} TP, {counts.fp} FP, {counts.fn} FN"
    return LinkedCase(worst.case, page_link(folder, worst.case, method, lesion.key), said)
