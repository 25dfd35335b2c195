from __future__ import annotations

from dataclasses import replace

from mswal_bench.benchmark.data.patients import Patients
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics
from mswal_bench.benchmark.data.stats.statistics_tables import statistics_tables
from mswal_bench.benchmark.data.stats.summary import summarise


def rows(text: str) -> dict[str, list[str]]:
    """Name of a row -> its cells; cells are two spaces or more apart."""
    lines = [[cell for cell in line.strip().split("  ") if cell] for line in text.splitlines() if line.strip()]
    return {cells[0]: [cell.strip() for cell in cells[1:]] for cells in lines}


def test_found_and_paper_stand_side_by_side(paper_like: DatasetStatistics) -> None:
    table = rows(statistics_tables(summarise(paper_like)))
    assert table["Liver cyst"][:7] == ["2,287", "2,287", "2,126", "2,126", "161", "161", "360"]
    assert table["All"][:6] == ["5,212", "5,212", "4,287", "4,287", "925", "925"]
    assert table["Cases"] == ["694", "694"]
    assert table["male"] == ["374 (53.9%)", "374 (53.9%)"]
    assert table["delayed"] == ["37 (5.3%)", "37 (5.3%)"]
    assert table["Slices"] == ["191,417", "191,417"]
    assert table["a case"][1] == "52 to 1,089"
    assert table["Voxels in plane"] == ["512", "512"]
    assert table["Spacing of slices, mm"] == ["1.250", "–"]  # noqa: RUF001
    assert "not recorded" not in table


def test_the_unknown_is_a_dash(paper_like: DatasetStatistics) -> None:
    cases = tuple(replace(case, lesions=None, has_label=False) for case in paper_like.cases[484:])
    text = statistics_tables(summarise(replace(paper_like, cases=cases, patients=Patients())))
    table = rows(text)
    dash = "–"  # noqa: RUF001
    assert table["Gallstone"] == [dash, "215", dash, "144", dash, "71", dash, dash, dash, dash]
    assert table["male"] == [dash, "374 (53.9%)"]
    assert table["not recorded"] == ["210", dash]
    assert "nan" not in text.lower()
    assert "None" not in text


def test_lines_fit_a_terminal_but_for_the_notes(paper_like: DatasetStatistics) -> None:
    summary = summarise(paper_like)
    tables = statistics_tables(replace(summary, notes=()))
    assert max(len(line) for line in tables.splitlines()) <= 110
