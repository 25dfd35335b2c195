"""Reads the files of `results/paper`: the paper's tables as data, every value as printed."""

from __future__ import annotations

import csv
from importlib import resources

from mswal_bench import results

SOURCE = "Wu et al., MSWAL, MICCAI 2025 (arXiv 2503.13560)"


def printed_csv(name: str) -> str:
    """Returns the text of `NAME.csv`: `table1` to `table4`, `table2_improvements` or `table2_underlined`."""
    return resources.files(results).joinpath("paper", f"{name}.csv").read_text(encoding="utf-8")


def printed_rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Returns the cells of that file as texts, the heading row first."""
    return tuple(tuple(row) for row in csv.reader(printed_csv(name).splitlines()))
