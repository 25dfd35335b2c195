"""Makes the table of what is reported and never ranked on: a row a method and lesion type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

from tabulate import tabulate

from mswal_bench.benchmark.tables.escaping import latex_text, markdown_text
from mswal_bench.benchmark.tables.notebook import plain_view
from mswal_bench.benchmark.tables.view import UNDEFINED, TableView, percent
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table
from mswal_bench.metrics.details import ClassDetails

from .score_view import warning
from .scored_methods import ScoredMethods


@dataclass(frozen=True)
class DetailColumn:
    """One of the details, in every table that has them."""

    key: str
    """In data, where lengths are in mm and ratios are fractions."""
    heading: tuple[str, str]
    """For people, in two lines."""
    value: Callable[[ClassDetails], float]
    """NaN where it is undefined."""
    text: Callable[[float], str]
    """The value for people."""


def _ml(sign: str) -> Callable[[float], str]:
    return lambda volume_mm3: UNDEFINED if isnan(volume_mm3) else format(volume_mm3 / 1000, f"{sign}.2f")


def _mm(length_mm: float) -> str:
    return UNDEFINED if isnan(length_mm) else f"{length_mm:.2f}"


DETAIL_COLUMNS = (
    DetailColumn("precision", ("Prec.", ""), lambda details: details.every_size.precision, percent),
    DetailColumn("recall", ("Recall", ""), lambda details: details.every_size.recall, percent),
    DetailColumn("recall_small", ("Recall", "small"), lambda details: details.small.recall, percent),
    DetailColumn("recall_large", ("Recall", "large"), lambda details: details.large.recall, percent),
    DetailColumn("f1_small", ("F1", "small"), lambda details: details.small.f1, percent),
    DetailColumn("f1_large", ("F1", "large"), lambda details: details.large.f1, percent),
    DetailColumn("matched_dsc", ("DSC of", "matches"), lambda details: details.matched_dsc, percent),
    DetailColumn("volume_error_mm3", ("Volume", "error, ml"), lambda details: details.volume_error_mm3, _ml("+")),
    DetailColumn(
        "absolute_volume_error_mm3", ("Abs. vol.", "error, ml"), lambda d: d.absolute_volume_error_mm3, _ml("")
    ),
    DetailColumn("nsd", ("NSD", ""), lambda details: details.nsd, percent),
    DetailColumn("hd95_mm", ("HD95", "mm"), lambda details: details.hd95_mm, _mm),
    DetailColumn("hd95_cases", ("HD95", "cases"), lambda details: details.hd95_cases, str),
)


def details_table(scores: ScoredMethods, style: Literal["table", "markdown", "latex"], width: int | None = None) -> str:
    """Writes the details of every method, which the scores must have, and what the columns mean.

    A lesion type that a method's cases have on neither side has no row. `width` is the terminal's, in characters.
    """
    headings, rows, notes = _HEADINGS, _rows(scores), _notes(scores)
    if not rows:
        return "\n".join(notes)
    if style == "table":
        titles = ["\n".join(filter(None, heading)) for heading in headings]
        text = wrapped_table(titles, rows, _alignment(headings), width=width, keep=2)
        return f"{text}\n\n" + "\n".join(notes)
    if style == "markdown":
        rows = [[markdown_text(text) for text in row] for row in rows]
        # Two spaces at the end of a line are a line break.
        return f"{_tabulated(headings, rows, 'pipe')}\n\n" + "  \n".join(map(markdown_text, notes))
    # tabulate escapes what is in the table.
    rows = [[text.replace(UNDEFINED, "--") for text in row] for row in rows]
    small = "".join(f"{latex_text(note)}\\\\\n" for note in notes)
    return f"{_tabulated(headings, rows, 'latex_booktabs')}\n\n\\smallskip\n{{\\footnotesize\n{small}}}"


def details_view(scores: ScoredMethods) -> TableView:
    """The same table laid out for HTML."""
    return plain_view([_in_one_line(heading) for heading in _HEADINGS], _rows(scores), _notes(scores))


_HEADINGS = (("Method", ""), ("Lesion", ""), *(column.heading for column in DETAIL_COLUMNS))


def _rows(scores: ScoredMethods) -> list[list[str]]:
    return [
        [name, lesion, *(column.text(column.value(details)) for column in DETAIL_COLUMNS)]
        for name, lesion, details in _classes(scores)
    ]


def _in_one_line(heading: tuple[str, str]) -> str:
    return " ".join(filter(None, heading))


def _tabulated(headings: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], style: str) -> str:
    titles = [_in_one_line(heading) for heading in headings]
    return tabulate(rows, titles, tablefmt=style, disable_numparse=True, colalign=_alignment(headings))


def _alignment(headings: Sequence[object]) -> list[str]:
    return ["left", "left", *["right"] * (len(headings) - 2)]


def _classes(scores: ScoredMethods) -> Iterator[tuple[str, str, ClassDetails]]:
    for name, method in scores.items():
        for lesion in scores.lesion_classes:
            if method[lesion.key].cases:
                yield name, lesion.name, method.details[lesion.key]


def _notes(scores: ScoredMethods) -> list[str]:
    limit = f"{scores.protocol.large_from_mm:g} mm"
    return [
        *([warning(scores)] if not scores.is_whole else []),
        "Reported, never ranked on. Precision, recall and F1 pool the lesions of all cases, as does DSC of matches.",
        f"Small: a longest axial diameter below {limit}, of the reference's lesion where there is one.",
        "Volume error, predicted less reference, and NSD: mean over the cases where either side has the lesion type.",
        f"NSD is at {scores.protocol.nsd_tolerance_mm:g} mm.",
        "HD95: mean over the cases where both sides have it; a method that finds little has few.",
        *_absent(scores),
    ]


def _absent(scores: ScoredMethods) -> list[str]:
    shown = {lesion for _, lesion, _ in _classes(scores)}
    names = [lesion.name.lower() for lesion in scores.lesion_classes if lesion.name not in shown]
    return [f"In no case on either side: {', '.join(names)}."] if names else []
