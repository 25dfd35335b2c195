"""LaTeX that compiles, whatever the methods are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.paper.build_tables import OWN_TABLES, TABLES, own_tables, printed_tables
from mswal_bench.benchmark.paper.table_2 import MethodColumns, Pair, printed_comparison
from mswal_bench.benchmark.paper.table_2_view import comparison_view
from mswal_bench.benchmark.tables.formats import format_view

from .own_records import run, submit, transfer

HOSTILE = [
    r"_ & % $ # { } ~ ^ \ <",
    r"\input{/etc/passwd} \end{table}",
    "100% _under_ #1 ^2 <b>|`x'`| --- ?",
    "a_name_without_any_space_that_is_as_long_as_a_form_lets_it_be",
    "[1] Ünïcödé ß é",
    "$x^2$ {",
    "} \\\\ & &",
    "[2pt] at first [3cm] behind a break",
    "* starred once and then * again",
]


def test_every_table_compiles_and_fits_the_text(compiled: Callable[[str], str]) -> None:
    log = compiled("\n\n".join(format_view(view, "latex") for view in printed_tables(TABLES)))
    assert "Overfull" not in log


def test_hostile_names_compile_and_are_drawn(compiled: Callable[[str], str]) -> None:
    pair = Pair(Decimal("10.00"), Decimal("20.00"))
    classes = {lesion.key: pair for lesion in LESION_CLASSES}
    comparison = printed_comparison()
    hostile = tuple(MethodColumns(name, name, classes, pair) for name in HOSTILE)
    view = comparison_view(
        replace(comparison, methods=(*comparison.methods, *hostile)),
        [f"Note of {name}" for name in HOSTILE],
        HOSTILE[0],
    )
    log = compiled(format_view(view, "latex"))
    assert "Overfull" not in log
    # LaTeX tells every file that it reads.
    assert "/etc/passwd" not in log


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_every_format(name: str) -> None:
    pair = Pair(Decimal("10.00"), Decimal("20.00"))
    method = MethodColumns(name, name, {lesion.key: pair for lesion in LESION_CLASSES}, pair)
    comparison = replace(printed_comparison(), methods=(*printed_comparison().methods, method))
    view = comparison_view(comparison, [])
    html = format_view(view, "html")
    assert "<b>" not in html
    latex = format_view(view, "latex")
    assert r"\input" not in latex
    assert latex.count(r"\end{table}") == 1


def test_tables_of_ones_own_compile(compiled: Callable[[str], str], tmp_path: Path) -> None:
    folder = tmp_path / "results_of & mine"
    submit(folder, HOSTILE[0], 0.5)
    submit(folder, "Inception", 0.6, baseline="inception-nnunet")
    run(folder / "work_1 %", "nnunet-v2", 0.3)
    run(folder / "work_2", "nnunet-v2", 0.2)
    run(folder / "III", "inception-nnunet-III", 0.3)
    transfer(folder / "lits", "LiTS_{&}", {"Liver tumor": (0.1, None), "Liver": (0.9, 0.8)})
    views, _ = own_tables(OWN_TABLES, folder, None)
    assert len(views) == len(OWN_TABLES)
    assert "Overfull" not in compiled("\n\n".join(format_view(view, "latex") for view in views))
