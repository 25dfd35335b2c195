"""Tables 1, 3 and 4 from the paper's values."""

from __future__ import annotations

from decimal import Decimal

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.data import mswal_facts
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.paper.printed import printed_rows
from mswal_bench.benchmark.paper.table_1 import printed_data_sets, printed_table_1
from mswal_bench.benchmark.paper.table_2 import Pair
from mswal_bench.benchmark.paper.table_3 import printed_ablation, printed_table_3
from mswal_bench.benchmark.paper.table_4 import printed_gains, printed_table_4
from mswal_bench.benchmark.tables.view import TableView


def texts(view: TableView) -> list[tuple[str, ...]]:
    return [(row.label, *(cell.text for cell in row.cells)) for row in view.rows]


def test_table_1_has_every_cell_and_explains_every_heading() -> None:
    heads, *rows = printed_rows("table1")
    assert texts(printed_table_1()) == rows
    notes = " ".join(printed_table_1().notes)
    assert all(head in notes for head in heads[1:])


def test_the_data_sets_of_table_1() -> None:
    rows = {row.name: row for row in printed_data_sets()}
    atlas, lits, flare, mswal = (
        rows[name] for name in ("AbdomenAtlas 1.1 [12]", "LiTS [2]", "Flare'23 [15]", "MSWAL (Ours)")
    )
    assert (atlas.volumes, atlas.annotated, atlas.new_source, atlas.full_labels) == (20_460, None, False, True)
    assert atlas.classes == {"liver_tumor", "kidney_tumor", "pancreatic_cancer"}
    assert (lits.annotated, lits.annotated_is_partial, lits.specific_types) == (1_372, True, True)
    assert (flare.volumes, flare.annotated, flare.classes) == (4_500, None, frozenset())
    assert (mswal.volumes, mswal.annotated) == (mswal_facts.CASES["total"], mswal_facts.LESIONS["total"])
    assert not mswal.annotated_is_partial
    assert mswal.classes == {lesion.key for lesion in LESION_CLASSES}


def test_table_3_has_every_cell() -> None:
    assert texts(printed_table_3()) == [*printed_rows("table3")[1:]]


def test_the_variants_of_table_3_are_those_that_run() -> None:
    variants = {variant.name: variant for variant in printed_ablation()}
    inception = METHODS["inception-nnunet"].variants()
    assert set(variants) == set(inception) - {"released", "running-statistics"}
    assert variants["III"].parts == (True, False, True)
    assert variants["III"].average == Pair(Decimal("49.83"), Decimal("39.23"))


def test_table_4_has_every_cell_in_the_papers_shape() -> None:
    view = printed_table_4()
    targets, structures, *rows = printed_rows("table4")
    assert texts(view) == rows
    assert view.groups == tuple(target for target in targets[1:] if target)
    assert tuple(structure for columns in view.columns for structure in columns) == structures[1:]
    assert list(map(len, view.columns)) == [2, 3]


def test_the_gains_of_table_4_add_up() -> None:
    gains = {gain.structure: gain for gain in printed_gains()}
    assert gains["Kidney cyst"].target == "MSWAL → KiTS"
    assert (gains["Liver tumor"].scratch, gains["Liver tumor"].pretrained) == (Decimal("71.40"), Decimal("74.40"))
    assert all(gain.improvement == gain.printed for gain in gains.values())
