from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mswal_bench.benchmark.paper_tables.paper_table import PaperTable, table_1
from mswal_bench.benchmark.paper_tables.table_formats import format_paper_table

HOSTILE = replace(table_1(), columns=("a_b & <c>", "n"), rows=(("50% | $x$ #1", "~"),), notes=("<b>~{x}\\",))


def test_text_has_every_cell() -> None:
    lines = format_paper_table(table_1(), "text").splitlines()
    for row in table_1().rows:
        (line,) = [line for line in lines if line.startswith(row[0])]
        assert line.removeprefix(row[0]).split() == [*row[1:]]


def test_markdown_has_every_cell() -> None:
    lines = format_paper_table(table_1(), "markdown").splitlines()
    rows = [[cell.strip().replace("\\", "") for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    assert rows[0] == [*table_1().columns]
    assert [tuple(row) for row in rows[2:]] == [*table_1().rows]


def test_latex_has_every_cell() -> None:
    text = format_paper_table(table_1(), "latex")
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    marks = {r"\ding{51}": "✓", r"\ding{55}": "✗", r"\textasciitilde{}": "~"}
    rows = [line.removesuffix(r" \\").split(" & ") for line in body.splitlines() if line.endswith(r"\\")]
    assert [tuple(marks.get(cell, cell) for cell in row) for row in rows] == [*table_1().rows]
    (columns,) = re.findall(r"\\begin{tabular}{(\w+)}", text)
    assert len(columns) == len(table_1().columns)
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert text.count("{") == text.count("}")
    assert text.isascii()


def test_html_has_every_cell() -> None:
    assert _cells(format_paper_table(table_1(), "html")) == [
        [*table_1().columns],
        *(list(row) for row in table_1().rows),
    ]


@pytest.mark.parametrize(
    ("style", "cells"),
    [
        ("markdown", [r"a\_b & \<c\>", r"50% \| $x$ \#1", r"\~", r"\<b\>\~\{x\}\\"]),
        ("latex", [r"a\_b \& <c>", r"50\% | \$x\$ \#1", r"\textasciitilde{}", r"\textbackslash{}"]),
        ("html", ["a_b &amp; &lt;c&gt;", "&lt;b&gt;~{x}\\"]),
    ],
)
def test_special_characters_are_shown_as_they_are(style, cells: list[str]) -> None:
    text = format_paper_table(HOSTILE, style)
    assert all(cell in text for cell in cells)


def test_html_of_special_characters_reads_back() -> None:
    table: PaperTable = HOSTILE
    assert _cells(format_paper_table(table, "html")) == [[*table.columns], [*table.rows[0]]]


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        self._in_cell = tag in ("td", "th")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def _cells(html: str) -> list[list[str]]:
    parser = _Table()
    parser.feed(html)
    return parser.rows
