"""Draws a table in LaTeX with booktabs."""

from __future__ import annotations

from textwrap import wrap

from .escaping import latex_text
from .view import Cell, Row, TableView, alignments, shown_notes

# Headings with more letters are broken into lines, for a long name would move columns of numbers apart.
_HEAD_WIDTH = 14
_LETTERS = {"left": "l", "center": "c", "right": "r"}


def latex_table(view: TableView) -> str:
    """Returns a `table` with caption and label where the view has a title, else a `tabular` to put into a table.

    A `table` is scaled down to the width of the text where it is wider. Scripts other than Latin need LuaTeX.
    """
    tabular = _tabular(view)
    # The warning stands below the table: above a bare tabular it would become a paragraph of the text.
    notes = [rf"\textbf{{{latex_text(view.warning)}}}"] if view.warning else []
    notes += [latex_text(note) for note in shown_notes(view)]
    if view.title is None:
        lines = [r"% needs \usepackage{booktabs}", *tabular, "", r"\smallskip", r"{\footnotesize"]
        return "\n".join([*lines, *(note + r"\\" for note in notes), "}"])
    packages = "booktabs,graphicx" + (",amssymb" if any(r"\checkmark" in line for line in tabular) else "")
    lines = [
        rf"% needs \usepackage{{{packages}}}",
        r"\begin{table}",
        r"\centering\setlength{\belowcaptionskip}{4pt}",
        rf"\caption{{{latex_text(view.title.caption)}}}",
        rf"\label{{tab:{view.title.label}}}",
        r"\small\setlength{\tabcolsep}{3pt}",
        # Seventeen columns fit no page in any of LaTeX's font sizes; a narrow table stays as it is.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        *tabular[:-1],
        tabular[-1] + "}",
    ]
    if notes:
        lines += ["", r"\smallskip", r"{\footnotesize\raggedright", *(note + r"\par" for note in notes), "}"]
    return "\n".join([*lines, r"\end{table}"])


def _tabular(view: TableView) -> list[str]:
    titled = view.title is not None
    lines = [r"\begin{tabular}{l" + "".join(_LETTERS[side] for side in alignments(view)) + "}", r"\toprule"]
    if any(view.groups):
        titles, rules, start = [""], [], 2
        for group, below in zip(view.groups, view.columns, strict=True):
            text = _broken(group) if titled else latex_text(group)
            titles.append(rf"\multicolumn{{{len(below)}}}{{c}}{{{text}}}")
            rules += [rf"\cmidrule(lr){{{start}-{start + len(below) - 1}}}"] if group else []
            start += len(below)
        lines += [" & ".join(titles) + r" \\", " ".join(rules)]
    heads = [head for of_group in view.columns for head in of_group]
    texts = [_broken(head) if titled else latex_text(head) for head in heads]
    lines += [" & ".join([latex_text(view.corner), *texts]) + r" \\", r"\midrule"]
    for row in view.rows:
        lines += [r"\midrule"] if row.is_average else []
        lines.append(_row(row))
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _broken(text: str) -> str:
    lines = wrap(text, _HEAD_WIDTH, break_on_hyphens=False) or [""]
    if len(lines) == 1:
        return latex_text(text)
    inner = r"\\".join(latex_text(line) for line in lines)
    return rf"\begin{{tabular}}[b]{{@{{}}c@{{}}}}{inner}\end{{tabular}}"


def _row(row: Row) -> str:
    return " & ".join([latex_text(row.label), *(_cell(cell) for cell in row.cells)]) + r" \\"


def _cell(cell: Cell) -> str:
    text = latex_text(cell.text)
    if cell.best:
        text = rf"\textbf{{{text}}}"
    elif cell.second:
        text = rf"\underline{{{text}}}"
    return rf"{text}\textsuperscript{{{latex_text(cell.superscript)}}}" if cell.superscript else text
