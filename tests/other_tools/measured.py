"""Keeps what the tools answered, and draws it as the tables of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mswal_bench.benchmark.tables.view import UNDEFINED

from .tools import OURS, ROOT, TOOLS

FILE = Path(__file__).with_suffix(".json")
PAGE = ROOT / "docs/concepts/how-other-tools-count.md"

# Of each table: its columns, as the page names them, and the questions.
_TABLES: Mapping[str, Mapping[str, str]] = {
    "dice": {
        "both empty": "dice, both empty",
        "only the prediction has it": "dice, reference empty",
        "only the reference has it": "dice, prediction empty",
    },
    "hd95": {
        "both empty": "hd95, both empty",
        "only the prediction has it": "hd95, reference empty",
        "only the reference has it": "hd95, prediction empty",
        "plate with a far part": "hd95, far part",
    },
    "lesions": {
        "IoU of exactly 1/2": "lesions, IoU 1/2",
        "IoU of 1/7": "lesions, IoU 1/7",
        "joined by a face": "lesions, face",
        "by an edge": "lesions, edge",
        "by a corner": "lesions, corner",
    },
    "files": {
        "the same": "files, equal",
        "origin +100 mm": "files, origin +100 mm",
        "origin -100 mm": "files, origin -100 mm",
        "axis mirrored in the header": "files, mirrored header",
        "other spacing": "files, other spacing",
        "axis turned, same place": "files, turned",
        "one of two missing": "files, missing",
    },
    "means": {
        "class 1, mean Dice": "mean, class 1",
        "mean over both classes": "mean, classes",
        "class 1, mean F1": "mean, F1",
    },
}

Answers = Mapping[str, Mapping[str, str]]


def read() -> dict[str, dict[str, str]]:
    """Reads what each tool answered, and at which version (`version`)."""
    content: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def drawn(table: str, answers: Answers) -> str:
    """Draws a table in Markdown, without tools that answer none of its questions."""
    columns = _TABLES[table]
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for tool in (OURS, *(tool.name for tool in TOOLS)):
        cells = [answers[tool].get(question, UNDEFINED) for question in columns.values()]
        if any(cell != UNDEFINED for cell in cells):
            lines.append(f"| {f'**{tool}**' if tool == OURS else tool} | {' | '.join(cells)} |")
    return "\n".join(lines)


def versions(answers: Answers) -> str:
    lines = ["| tool | version | what was called |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {tool.name} | {answers[tool.name]['version']} | {tool.asked} |" for tool in TOOLS)])


def page_with(page: str, answers: Answers) -> str:
    """Gives the page with its tables drawn anew, each between `<!-- NAME -->` and `<!-- end of NAME -->`."""
    for name in ("versions", *_TABLES):
        table = versions(answers) if name == "versions" else drawn(name, answers)
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"expected {begin} and {end} once each in the page")
        page = "".join([page[: page.index(begin)], f"{begin}\n\n{table}\n\n", page[page.index(end) :]])
    return page
