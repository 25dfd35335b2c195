"""Tables 1 to 4 are the paper's, cell by cell: against its text where that is at hand, and values typed here."""

from __future__ import annotations

import re

import pytest

from mswal_bench.benchmark.paper.printed import printed_rows

# Typed off the printed page: y for a tick, n for a cross, from NSD to KC.
TABLE_1 = """
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
# Column by column, DSC and F1 of a method each, from gallstone to Avg.: another way round than the file.
TABLE_2 = {
    "Inception nnU-Net (Ours)": (
        "57.12 35.75 58.53 44.08 48.77 58.47 47.87 50.09",
        "52.46 25.67 23.05 27.69 44.44 45.51 58.14 39.56",
    ),
    "nnU-Netv1 [8]": (
        "45.54 22.86 29.42 21.05 27.28 38.59 41.95 32.38",
        "44.36 15.83 10.23 12.24 23.89 37.67 46.47 27.24",
    ),
    "nnU-Netv2 [8]": (
        "33.60 23.13 40.74 40.47 37.40 36.56 40.90 36.11",
        "38.26 16.70 14.22 18.67 36.20 40.45 50.39 30.69",
    ),
    "nnU-Net res [9]": (
        "55.95 31.47 56.00 45.41 54.64 56.24 47.68 49.63",
        "57.81 23.70 20.57 29.00 40.90 43.77 56.43 38.88",
    ),
    "Mednext [17]": (
        "60.27 37.11 45.10 46.58 43.68 41.59 45.23 45.65",
        "64.61 32.46 17.50 22.11 37.89 41.69 51.33 38.22",
    ),
    "nnFormer [28]": (
        "42.96 37.84 42.51 37.82 42.20 46.85 30.53 40.10",
        "38.23 31.98 18.15 26.11 39.04 40.80 50.76 35.01",
    ),
    "Swin UNETR [6]": (
        "36.48 33.84 27.52 16.02 19.43 37.16 28.14 28.37",
        "36.81 23.96 11.37 23.13 20.98 33.89 33.92 26.29",
    ),
    "Average score": (
        "47.41 31.71 42.83 35.91 39.05 45.06 40.32 40.32",
        "47.50 24.32 16.44 22.70 34.76 40.54 49.63 33.69",
    ),
}
LESIONS = ("Gallstone", "Kidney stone", "Liver tumor", "Kidney tumor", "Pancrea cancer", "Liver cyst", "Kidney Cyst")
TABLE_3 = ["I nnn 49.02 38.39", "II nyy 49.46 38.78", "III yny 49.83 39.23", "IV yyn 50.02 39.42", "V yyy 50.09 39.56"]


def _ticks(letters: str) -> tuple[str, ...]:
    return tuple("✓" if letter == "y" else "✗" for letter in letters)


def test_table_1_is_as_typed() -> None:
    heads, *rows = printed_rows("table1")
    assert heads == ("dataset", "CTs", "AL", "NSD", "FL", "SLT", "GS", "KS", "LT", "KT", "PC", "LC", "KC")
    typed = [line.split("|") for line in TABLE_1.split("\n")[1:-1]]
    assert rows == [(*texts, *_ticks(ticks)) for *texts, ticks in typed]


def test_table_2_is_as_typed() -> None:
    heads, *rows = printed_rows("table2")
    assert heads == ("lesion", *(f"{method} {metric}" for method in TABLE_2 for metric in ("DSC", "F1")))
    names, *columns = zip(*rows, strict=True)
    assert names == (*LESIONS, "Avg.")
    assert columns == [tuple(numbers.split()) for pair in TABLE_2.values() for numbers in pair]


def test_the_improvements_and_underlines_are_as_typed() -> None:
    _, *rows = printed_rows("table2_improvements")
    assert rows == [
        ("Gallstone", "", ""),
        ("Kidney stone", "", ""),
        ("Liver tumor", "+2.53", "+2.48"),
        ("Kidney tumor", "", ""),
        ("Pancrea cancer", "", "+3.54"),
        ("Liver cyst", "+2.23", "+1.74"),
        ("Kidney Cyst", "+0.19", "+1.71"),
        ("Avg.", "+0.46", "+0.68"),
    ]
    _, *underlined = printed_rows("table2_underlined")
    ours = "Inception nnU-Net (Ours)"
    assert underlined == [
        ("Gallstone", ours, "DSC"),
        ("Kidney tumor", ours, "F1"),
        ("Pancrea cancer", ours, "DSC"),
    ]


def test_table_3_is_as_typed() -> None:
    heads, *rows = printed_rows("table3")
    assert heads == ("Variants", "Inception Downsampling", "Mini Inception", "Residual connection", "DSC", "F1")
    typed = [line.split() for line in TABLE_3]
    assert rows == [(name, *_ticks(ticks), *scores) for name, ticks, *scores in typed]


def test_table_4_is_as_typed() -> None:
    assert printed_rows("table4") == (
        ("Dataset", "MSWAL → LiTS", "", "MSWAL → KiTS", "", ""),
        ("Task", "Liver", "Liver tumor", "Kidney", "Kidney tumor", "Kidney cyst"),
        ("DSC", "96.79 → 96.82", "71.40 → 74.40", "95.42 → 95.49", "88.50 → 89.39", "43.57 → 44.04"),
        ("Improve", "↑ 0.03", "↑ 3.00", "↑ 0.07", "↑ 0.89", "↑ 0.47"),
    )


def _lines(paper_text: str, start: str) -> list[tuple[str, ...]]:
    lines = paper_text[paper_text.index(start) :].split("\n\n", maxsplit=1)[0].splitlines()
    return [tuple(line.split("\t")) for line in lines]


@pytest.mark.parametrize(("name", "start"), [("table1", "dataset\tCTs\tAL"), ("table3", "Variants\tInception")])
def test_a_plain_table_is_that_of_the_papers_text(paper_text: str, name: str, start: str) -> None:
    assert printed_rows(name) == (*_lines(paper_text, start),)


def test_table_2_is_that_of_the_papers_text(paper_text: str) -> None:
    (_, _, *names), _, *lines = _lines(paper_text, "lesion\tmethod\t")
    heads, *rows = printed_rows("table2")
    assert heads[1::2] == tuple(f"{name} DSC" for name in names if name)
    improvements = {row[0]: row[1:] for row in printed_rows("table2_improvements")[1:]}
    underlined = printed_rows("table2_underlined")[1:]
    marks = []
    assert len(rows) == len(lines) == 8
    for (name, empty, *cells), (row_name, *numbers) in zip(lines, rows, strict=True):
        assert (name, empty) == (row_name, "")
        found = [re.fullmatch(r"(<u>)?(\d+\.\d\d)(?:</u>)?(?: \^\{(\+\d\.\d\d)\})?", cell) for cell in cells]
        assert [match and match[2] for match in found] == numbers
        superscripts = [(match and match[3]) or "" for match in found]
        assert (*superscripts[:2],) == improvements[name]
        assert not any(superscripts[2:])
        heads_marked = [head for head, match in zip(heads[1:], found, strict=True) if match and match[1]]
        marks += [(name, *head.rsplit(" ", 1)) for head in heads_marked]
    assert (*marks,) == (*underlined,)


def test_table_4_is_that_of_the_papers_text(paper_text: str) -> None:
    for arrow, sign in ((r"\rightarrow", "→"), (r"\uparrow", "↑"), ("$", "")):
        paper_text = paper_text.replace(arrow, sign)
    assert printed_rows("table4") == (*_lines(paper_text, "Dataset\tMSWAL"),)
