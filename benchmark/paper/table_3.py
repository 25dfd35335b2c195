"""Builds Table 3, the ablation: Inception nnU-Net with parts of it left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.scoring.score_view import METRIC_NAMES
from mswal_bench.benchmark.tables.view import NO, UNDEFINED, YES, Cell, Row, TableView, Title

from .own_comparison import basis_note, pair_of
from .own_results import OwnResult, shown_of
from .printed import SOURCE, printed_rows
from .table_2 import AVERAGE, METRICS, NOTHING, Pair, printed_text

WHOLE = "V"
"""Is the variant with all parts, which is Inception nnU-Net itself."""
_PARTS = ("Inception Downsampling", "Mini Inception", "Residual connection")


@dataclass(frozen=True)
class Variant:
    """Holds a row: which parts the network has, and its Avg. over the classes."""

    name: str
    """Is `I` to `V`, as in `mswal-bench run inception-nnunet --variant`."""
    parts: tuple[bool, bool, bool]
    """Says whether the network has the left branch of Inception Downsampling, the right branch of Mini Inception, and
    the input in Mini Inception's sum."""
    average: Pair


@cache
def printed_ablation() -> tuple[Variant, ...]:
    """Returns Table 3 as printed."""
    _, *rows = printed_rows("table3")
    return tuple(
        Variant(name, (down == YES, mini == YES, residual == YES), Pair(Decimal(dsc), Decimal(f1)))
        for name, down, mini, residual, dsc, f1 in rows
    )


def printed_table_3() -> TableView:
    """Builds Table 3 from the paper's values."""
    return ablation_view(printed_ablation(), [f"As printed in {SOURCE}, Table 3."])


def ablated(results: Sequence[OwnResult]) -> list[OwnResult]:
    """Returns the results that belong into Table 3; Inception nnU-Net without a variant is its last row."""
    names = {variant.name for variant in printed_ablation()}
    return [each for each in results if each.baseline == "inception-nnunet" and (each.variant or WHOLE) in names]


def own_ablation(results: Sequence[OwnResult]) -> tuple[tuple[Variant, ...], list[str]]:
    """Makes the rows of Table 3 from results that are `ablated` and of one basis, and sentences for below it.

    Among several results of a variant `shown_of` chooses. A variant without a result has no numbers.
    """
    rows: list[Variant] = []
    notes: list[str] = []
    absent: list[str] = []
    for variant in printed_ablation():
        of_variant = [each for each in results if (each.variant or WHOLE) == variant.name]
        if not of_variant:
            absent.append(variant.name)
            rows.append(Variant(variant.name, variant.parts, NOTHING))
            continue
        shown, more = shown_of(of_variant, f"Variant {variant.name}")
        notes += more
        rows.append(Variant(variant.name, variant.parts, pair_of(shown, AVERAGE)))
    notes += [f"{UNDEFINED}: no result of {listed(absent)}."] if absent else []
    return tuple(rows), [*notes, basis_note(results)]


def ablation_view(variants: Sequence[Variant], notes: Sequence[str]) -> TableView:
    """Lays out the variants in rows."""
    heads = (*_PARTS, *METRIC_NAMES)
    return TableView(
        "Variant",
        ("",) * len(heads),
        tuple((head,) for head in heads),
        tuple(Row(variant.name, _cells(variant)) for variant in variants),
        (
            "Inception Downsampling: its left branch. Mini Inception: its right branch. Residual connection: the one "
            "in Mini Inception.",
            *notes,
        ),
        Title("Table 3", "Inception nnU-Net without some of its parts: Avg. DSC and F1, in percent.", "mswal-3"),
    )


def _cells(variant: Variant) -> tuple[Cell, ...]:
    scores = [variant.average.of(metric) for metric in METRICS]
    texts = [printed_text(score) for score in scores]
    return tuple(Cell(text) for text in (*(YES if there else NO for there in variant.parts), *texts))
