"""Lays the statistics out as tables for people: lesions by class, then patients and scans."""

from __future__ import annotations

from collections.abc import Mapping

from tabulate import SEPARATING_LINE

from mswal_bench.benchmark.data import mswal_facts as paper
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

from .summary import NOT_RECORDED, TOTAL, Summary, SummaryNumber

UNKNOWN = "–"  # noqa: RUF001


def statistics_tables(summary: Summary, *, width: int | None = None) -> str:
    """Returns both tables and the notes as text. What is not known is a dash.

    Columns that do not fit into `width` characters come below the others.
    """
    return "\n\n".join([_lesion_table(summary, width), _scan_table(summary, width), "\n".join(summary.notes)])


def _lesion_table(summary: Summary, width: int | None) -> str:
    numbers = summary.numbers
    # Each names what it is of, for a narrow terminal may begin a part of the table with it.
    heads = ["Lesion", "All\nfound", "All\npaper", "Small\n<2 cm", "Small\npaper", "Large\n≥2 cm", "Large\npaper"]
    heads += ["Patients", *(f"{point}\nmm" for point in ("Min.", "Median", "Max."))]
    rows: list[list[str] | str] = []
    for key, name in [*((lesion.key, lesion.name) for lesion in LESION_CLASSES), (TOTAL, "All")]:
        counts = [numbers[quantity][key] for quantity in ("lesions", "small", "large")]
        cells = [text for count in counts for text in (_text(count.found), _text(count.paper))]
        lengths = [numbers[f"diameter_{point}_mm"][key].found for point in ("shortest", "median", "longest")]
        rows += [SEPARATING_LINE] if key == TOTAL else []
        rows.append([name, *cells, _text(numbers["patients"][key].found), *(_text(mm, 1) for mm in lengths)])
    return _tabulated(rows, heads, width)


def _scan_table(summary: Summary, width: int | None) -> str:
    numbers = summary.numbers
    rows: list[list[str] | str] = [
        _row("Cases", numbers["cases"][TOTAL]),
        *(_row(f"  {part}", numbers["cases"][part]) for part in ("train", "test") if part in numbers["cases"]),
        _row("  with lesion counts", numbers["cases"]["with lesion counts"]),
    ]
    for title, group in (("Sex", numbers["sex"]), ("Contrast phase", numbers["phase"])):
        rows += [[title, "", ""], *_shares(group)]
    slices = numbers["slices"]
    rows += [
        _row("Slices", slices[TOTAL]),
        _range("  a case", slices, "fewest", "most", 0),
        _range("Voxels in plane", numbers["in_plane_voxels"], "smallest", "largest", 0),
        _range("Spacing in plane, mm", numbers["in_plane_spacing_mm"], "smallest", "largest", 3),
        _range("Spacing of slices, mm", numbers["slice_spacing_mm"], "smallest", "largest", 3),
    ]
    return _tabulated(rows, [summary.name, "Found", f"paper ({paper.CASES[TOTAL]})"], width)


def _tabulated(rows: list[list[str] | str], heads: list[str], width: int | None) -> str:
    return wrapped_table(heads, rows, ["left", *["right"] * (len(heads) - 1)], width=width)


def _row(label: str, number: SummaryNumber) -> list[str]:
    return [label, _text(number.found), _text(number.paper)]


def _range(label: str, group: Mapping[str, SummaryNumber], low: str, high: str, decimals: int) -> list[str]:
    ends = group[low], group[high]
    found = " to ".join(_text(end.found, decimals) for end in ends)
    if ends[0].found == ends[1].found:
        found = _text(ends[0].found, decimals)
    else:
        found += f" (median {_text(group['median'].found, decimals)})"
    printed = list(dict.fromkeys(_text(end.paper) for end in ends))
    return [label, found, " to ".join(printed)]


def _shares(group: Mapping[str, SummaryNumber]) -> list[list[str]]:
    """Counts with their part of what is recorded."""
    values = {value: number for value, number in group.items() if value != NOT_RECORDED}
    found, printed = (sum(getattr(number, side) or 0 for number in values.values()) for side in ("found", "paper"))
    rows = [
        [f"  {value}", _share(number.found, found), _share(number.paper, printed)] for value, number in values.items()
    ]
    missing = group[NOT_RECORDED].found
    return [*rows, [f"  {NOT_RECORDED}", _text(missing), UNKNOWN]] if missing else rows


def _share(count: float | None, total: int) -> str:
    return UNKNOWN if count is None else f"{_text(count)} ({count / total:.1%})"


def _text(value: float | None, decimals: int = 0) -> str:
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"
