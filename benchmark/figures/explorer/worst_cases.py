"""Chooses which cases are shown: of each method and lesion type those with the lowest DSC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from mswal_bench.metrics.case import ClassCounts

MOST_PAGES = 100
"""Of cases in one folder, which is then at most 300 MB beside the viewer."""

Counts = Mapping[str, Mapping[str, Mapping[str, ClassCounts]]]
"""Maps methods to cases to the keys of lesion types to what was counted."""


@dataclass(frozen=True)
class WorstCase:
    """Is a case that a method does badly on, by one lesion type."""

    case: str
    counts: ClassCounts


@dataclass(frozen=True)
class WorstCases:
    """Holds the worst cases of each method and lesion type, the worst first."""

    of: Mapping[str, Mapping[str, tuple[WorstCase, ...]]]
    """Maps methods to the keys of lesion types to cases."""
    most: int
    """Is how many cases there are of each at most: fewer than were asked for where the pages would be too many."""

    @property
    def cases(self) -> tuple[str, ...]:
        """Returns the ids of all cases, each once, sorted."""
        return tuple(sorted({worst.case for keys in self.of.values() for cases in keys.values() for worst in cases}))


def worst_cases(counts: Counts, most: int, *, most_pages: int = MOST_PAGES) -> WorstCases:
    """Returns the `most` worst cases of each method and lesion type, or as many as fit on `most_pages` pages.

    Cases are ordered by DSC, then by FP and FN together, then by id. Those without the type on either side, in which it
    has no DSC, are left out.
    """
    ordered = {
        method: {key: _ordered(of_method, key) for key in dict.fromkeys(key for of in of_method.values() for key in of)}
        for method, of_method in counts.items()
    }
    for number in range(most, 0, -1):
        chosen = WorstCases(
            {method: {key: cases[:number] for key, cases in keys.items()} for method, keys in ordered.items()}, number
        )
        if len(chosen.cases) <= most_pages:
            return chosen
    return WorstCases({method: {} for method in counts}, 0)


def _ordered(of_method: Mapping[str, Mapping[str, ClassCounts]], key: str) -> tuple[WorstCase, ...]:
    defined = [WorstCase(case, of[key]) for case, of in of_method.items() if key in of and not isnan(of[key].dsc)]
    return tuple(sorted(defined, key=lambda each: (each.counts.dsc, -(each.counts.fp + each.counts.fn), each.case)))
