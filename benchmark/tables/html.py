"""Draws a table as an HTML `figure` for any page, with headings by which screen readers find their way."""

from __future__ import annotations

from html import escape

from .view import Alignment, Cell, Row, TableView, alignments, shown_notes


def html_table(view: TableView) -> str:
    """Returns the figure. Its only style is the alignment of columns; the page that takes it in sets all else."""
    title = view.title
    opening = f'<figure id="{title.label}">' if title is not None and title.label else "<figure>"
    above = [f"<strong>{_text(view.warning)}</strong>"] if view.warning else []
    above += [_text(f"{title.name}. {title.caption}".rstrip())] if title is not None else []
    caption = f"<caption>{'<br>'.join(above)}</caption>" if above else ""
    notes = "<br>".join(_text(note) for note in shown_notes(view))
    return "\n".join(
        part
        for part in [
            opening,
            "<table>",
            caption,
            *_columns(view),
            "<thead>",
            *_head(view),
            "</thead>",
            "<tbody>",
            *_body(view),
            "</tbody>",
            "</table>",
            f"<figcaption>{notes}</figcaption>" if notes else "",
            "</figure>",
        ]
        if part
    )


def _columns(view: TableView) -> list[str]:
    """Returns a `colgroup` for each heading over several columns."""
    if not any(view.groups):
        return []
    return ["<col>", *(f'<colgroup span="{len(heads)}"></colgroup>' for heads in view.columns)]


def _head(view: TableView) -> list[str]:
    lines = []
    if any(view.groups):
        cells = [
            f'<th scope="colgroup" colspan="{len(heads)}">{_text(group)}</th>' if group else "<td></td>" * len(heads)
            for group, heads in zip(view.groups, view.columns, strict=True)
        ]
        lines.append(f"<tr><td></td>{''.join(cells)}</tr>")
    heads = [head for of_group in view.columns for head in of_group]
    cells = [
        f'<th scope="col"{_style(side)}>{_text(head)}</th>' for head, side in zip(heads, alignments(view), strict=True)
    ]
    return [*lines, f'<tr><th scope="col"{_style("left")}>{_text(view.corner)}</th>{"".join(cells)}</tr>']


def _body(view: TableView) -> list[str]:
    lines = []
    for row in view.rows:
        # The row of averages gets a body of its own, so that a page can draw a line above it.
        lines += ["</tbody>", "<tbody>"] if row.is_average else []
        lines.append(_row(row, alignments(view)))
    return lines


def _row(row: Row, side: tuple[Alignment, ...]) -> str:
    cells = [f"<td{_style(where)}>{_cell(cell)}</td>" for cell, where in zip(row.cells, side, strict=True)]
    return f'<tr><th scope="row"{_style("left")}>{_text(row.label)}</th>{"".join(cells)}</tr>'


def _cell(cell: Cell) -> str:
    text = _text(cell.text)
    if cell.best:
        text = f"<strong>{text}</strong>"
    elif cell.second:
        text = f"<u>{text}</u>"
    return f"{text}<sup>{_text(cell.superscript)}</sup>" if cell.superscript else text


def _style(side: Alignment) -> str:
    return f' style="text-align: {side}"'


def _text(text: str) -> str:
    return escape(text, quote=False)
