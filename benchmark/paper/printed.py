"""The files of `results/paper`: the paper's tables as data, every value as printed."""

from __future__ import annotations

import csv
from importlib import resources

from mswal_bench import results

SOURCE = "Wu et al., MSWAL, MICCAI 2025 (arXiv 2503.13560)"


def printed_csv(name: str) -> str:
    """The file `name` (`table1` to `table4`, `table2_improvements`, `table2_underlined`): UTF-8 CSV."""
    return resources.files(results).joinpath("paper", f"{name}.csv").read_text(encoding="utf-8")


def printed_rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The cells of that file as texts, the heading row first."""
    return tuple(tuple(row) for row in csv.reader(printed_csv(name).splitlines()))
