from __future__ import annotations

import csv

from mswal_bench.benchmark import mswal_facts
from mswal_bench.benchmark.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.paper_tables.paper_table import printed_csv, table_1

# Typed off the printed page: y for a tick, n for a cross, from NSD to KC.
PRINTED = """
BTCV [11]|50|Null|yynnnnnnnn
CHAOS [10]|20|Null|yynnnnnnnn
CT-ORG [16]|140|Null|nynnnnnnnn
WORD [14]|170|Null|yynnnnnnnn
RAOS [13]|413|Null|nynnnnnnnn
AbdomenAtlas 1.1 [12]|20,460|Null|nynnnyyynn
LiTS [2]|201|1,372*|yyynnynnnn
KiTS [7]|599|1,406*|yyynnnynny
MSD task07 [1]|420|423*|yyynnnnynn
ULS'23 [5]|6,994|1,618|nnnnnnnnnn
Flare'23 [15]|4500|~|nnnnnnnnnn
MSWAL (Ours)|694|5,212|yyyyyyyyyy
"""


def test_table_1_is_as_printed() -> None:
    rows = []
    for line in PRINTED.split("\n")[1:-1]:
        *texts, ticks = line.split("|")
        rows.append((*texts, *("✓" if tick == "y" else "✗" for tick in ticks)))
    table = table_1()
    assert table.rows == tuple(rows)
    classes = tuple(lesion.abbreviation for lesion in LESION_CLASSES)
    assert table.columns == ("dataset", "CTs", "AL", "NSD", "FL", "SLT", *classes)


def test_table_1_is_that_of_the_papers_text(paper_text: str) -> None:
    lines = paper_text[paper_text.index("dataset\tCTs\tAL") :].split("\n\n", maxsplit=1)[0].splitlines()
    assert [line.split("\t") for line in lines] == [*csv.reader(printed_csv(1).splitlines())]


def test_table_1_agrees_with_the_rest_of_the_paper() -> None:
    mswal = dict(zip(table_1().columns, table_1().rows[-1], strict=True))
    assert mswal["CTs"] == f"{mswal_facts.CASES['total']:,}"
    assert mswal["AL"] == f"{mswal_facts.LESIONS['total']:,}"


def test_every_heading_is_explained() -> None:
    notes = " ".join(table_1().notes)
    assert all(column in notes for column in table_1().columns[1:])
