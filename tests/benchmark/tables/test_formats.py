"""One table with every kind of cell, in every format."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mswal_bench.benchmark.tables.formats import ViewFormat, format_view
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView, Title, alignments

VIEW = TableView(
    "Lesion",
    ("first & best", ""),
    (("DSC", "F1"), ("kind",)),
    (
        Row("Stone_1", (Cell("58.53", best=True, superscript="+2.53"), Cell("7.00", second=True), Cell("✓"))),
        Row("Avg.", (Cell("50.00"), Cell("100.00"), Cell("✗")), is_average=True),
    ),
    ("A note.",),
    Title("Table 9", "A <caption>", "mswal-9"),
    "Bold: best.",
)
HOSTILE = replace(
    VIEW,
    corner="a_b & <c>",
    groups=("~{x}\\", ""),
    rows=(Row("50% | $x$ #1", (Cell("~"), Cell("1"), Cell("<b>"))),),
    notes=("<script>alert(1)</script> --",),
)


def test_text() -> None:
    lines = format_view(VIEW, "table").splitlines()
    assert lines[:2] == ["Table 9. A <caption>", ""]
    assert lines[2].strip() == "first & best"
    assert lines[3].split() == ["Lesion", "DSC", "F1", "kind"]
    assert lines[5].split() == ["Stone_1", "58.53", "+2.53", "7.00", "✓"]
    # Numbers stand above each other, superscript or not.
    assert lines[5].index("58.53") == lines[7].index("50.00")
    assert set(lines[4]) == set(lines[6]) == {"─"}
    assert lines[-1] == "A note."
    assert "Bold" not in "\n".join(lines)


def test_text_with_marks() -> None:
    text = format_view(VIEW, "table", ansi=True)
    assert "\x1b[1m58.53\x1b[0m +2.53" in text
    assert "\x1b[4m7.00\x1b[0m" in text
    assert "Bold: best." in text
    plain = re.sub(r"\x1b\[\dm", "", text).replace("Bold: best.\n", "")
    assert plain == format_view(VIEW, "table")


@pytest.mark.parametrize(
    ("style", "drawn"),
    [
        ("table", "NOT < COMPARABLE.\n\nTable 9."),
        ("markdown", "**NOT \\< COMPARABLE.**\n\n**Table 9.**"),
        ("latex", r"\textbf{NOT \textless{} COMPARABLE.}"),
        ("html", "<caption><strong>NOT &lt; COMPARABLE.</strong><br>Table 9."),
    ],
)
@pytest.mark.parametrize("title", [VIEW.title, None])
def test_a_warning_stands_out(style: ViewFormat, drawn: str, title: Title | None) -> None:
    warned = replace(VIEW, warning="NOT < COMPARABLE.", title=title)
    shown = drawn if title is not None else re.split(r"\n|<br>", drawn)[0]
    assert shown in format_view(warned, style)
    assert "COMPARABLE" not in format_view(replace(warned, warning=""), style)


def test_text_breaks_between_groups() -> None:
    lines = format_view(VIEW, "table", width=32).splitlines()
    assert sum(line.startswith("Stone_1") for line in lines) == 2
    assert max(map(len, lines)) <= 32


def test_markdown() -> None:
    lines = format_view(VIEW, "markdown").splitlines()
    assert lines[0] == r"**Table 9.** A \<caption\>"
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    assert cells == [
        ["Lesion", r"first \& best DSC", r"first \& best F1", "kind"],
        [r"Stone\_1", "**58.53**<sup>+2.53</sup>", "<u>7.00</u>", "✓"],
        ["Avg.", "50.00", "100.00", "✗"],
    ]
    assert lines[-2:] == ["Bold: best.  ", "A note."]


def test_latex() -> None:
    lines = format_view(VIEW, "latex").splitlines()
    assert lines[0] == r"% needs \usepackage{booktabs,graphicx,amssymb}"
    assert r"\caption{A \textless{}caption\textgreater{}}" in lines
    assert r"\label{tab:mswal-9}" in lines
    assert r"\begin{tabular}{llrc}" in lines
    assert r" & \multicolumn{2}{c}{first \& best} & \multicolumn{1}{c}{} \\" in lines
    assert r"\cmidrule(lr){2-3}" in lines
    assert r"Lesion & DSC & F1 & kind \\" in lines
    assert r"Stone\_1 & \textbf{58.53}\textsuperscript{+2.53} & \underline{7.00} & \checkmark{} \\" in lines
    assert lines[lines.index(r"Avg. & 50.00 & 100.00 & $\times$ \\") - 1] == r"\midrule"
    assert "amssymb" not in format_view(replace(VIEW, rows=HOSTILE.rows), "latex")


def test_latex_tells_hyphens_from_the_dash_of_what_is_undefined() -> None:
    text = format_view(replace(VIEW, notes=(f"{UNDEFINED}: nothing -- a---b",)), "latex")
    assert "--: nothing -{}- a-{}-{}-b" in text


def test_latex_breaks_long_headings() -> None:
    text = format_view(replace(VIEW, groups=("Inception nnU-Net", "")), "latex")
    assert r"{\begin{tabular}[b]{@{}c@{}}Inception\\nnU-Net\end{tabular}}" in text


def test_latex_without_a_title_is_a_tabular_alone() -> None:
    text = format_view(replace(VIEW, title=None), "latex")
    assert r"\begin{table}" not in text
    assert r"\resizebox" not in text
    assert text.startswith(r"% needs \usepackage{booktabs")


def test_html() -> None:
    text = format_view(VIEW, "html")
    assert text.startswith('<figure id="mswal-9">')
    assert "<caption>Table 9. A &lt;caption&gt;</caption>" in text
    assert '<th scope="colgroup" colspan="2">first &amp; best</th>' in text
    assert "<strong>58.53</strong><sup>+2.53</sup>" in text
    assert "<u>7.00</u>" in text
    assert "<figcaption>Bold: best.<br>A note.</figcaption>" in text
    # A row set off is a body of its own.
    assert text.count("<tbody>") == text.count("</tbody>") == 2
    scopes = re.findall(r'<th scope="(\w+)"', text)
    assert scopes == ["colgroup", *["col"] * 4, "row", "row"]
    assert "<caption" not in format_view(replace(VIEW, title=None), "html")


def test_html_is_balanced_and_every_row_has_every_column() -> None:
    parser = _Table()
    parser.feed(format_view(VIEW, "html"))
    assert parser.open == []
    assert [sum(row) for row in parser.rows] == [4, 4, 4, 4]


def test_csv_has_the_values_alone() -> None:
    assert [*csv.reader(format_view(VIEW, "csv").splitlines())] == [
        ["Lesion", "first & best DSC", "first & best F1", "kind"],
        ["Stone_1", "58.53", "7.00", "✓"],
        ["Avg.", "50.00", "100.00", "✗"],
    ]


def test_sides() -> None:
    assert alignments(VIEW) == ("left", "right", "center")
    words = replace(VIEW, rows=(Row("a", (Cell("Liver cyst"), Cell("–"), Cell("Null"))),))  # noqa: RUF001
    assert alignments(words) == ("left", "right", "left")


@pytest.mark.parametrize(
    ("style", "cells"),
    [
        ("markdown", [r"a\_b \& \<c\>", r"50% \| $x$ \#1", r"\~\{x\}\\", r"\<script\>"]),
        ("latex", [r"a\_b \& \textless{}c", r"50\% \textbar{} \$x\$ \#1", r"$\sim$\{x\}", "-{}-"]),
        ("html", ["a_b &amp; &lt;c&gt;", "&lt;script&gt;alert(1)", "~{x}\\", "&lt;b&gt;"]),
        ("table", ["a_b & <c>", "<script>alert(1)</script> --"]),
    ],
)
def test_special_characters_are_shown_as_they_are(style, cells: list[str]) -> None:
    text = format_view(HOSTILE, style)
    assert [cell for cell in cells if cell not in text] == []


class _Table(HTMLParser):
    """Which elements are open, and of each row the columns that its cells span."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("col", "br"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append(int(dict(attrs).get("colspan") or 1))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
