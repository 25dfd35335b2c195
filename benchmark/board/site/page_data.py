"""Prepares the files that the script of the front page draws its table from.

The page itself names its boards alone (`board_index`). What is chosen is fetched as a script, for a page from disk can
fetch nothing else: `boards/KEY.js` has the lines of a board with their averages and ranks, `boards/KEY.METRIC.js` one
metric of its lesion classes. Numbers in them are hundredths of a percent, rounded as they are shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from jinja2.utils import htmlsafe_json_dumps

from mswal_bench.benchmark.scoring.estimates import Estimate

from .board_ranks import Place, Scheme
from .boards import Board
from .entries import GROUPS, METRICS, PAPER, Entry

_RANKED_METRICS = ("dsc", "f1")


def board_index(board: Board, schemes: Sequence[Scheme]) -> dict[str, object]:
    """Describes a board without its lines."""
    return {
        "key": board.key,
        "title": board.title,
        "hidden": board.hidden,
        "classes": [{"key": one.key, "name": one.name, "short": one.abbreviation} for one in board.known_classes],
        "schemes": [{"key": one.key, "label": one.label, "explanation": one.explanation} for one in schemes],
        "groups": [group for group in GROUPS if board.of(group)],
    }


def group_data() -> list[dict[str, str]]:
    """Returns the groups and what they mean, in the order of a board."""
    return [{"key": group, "label": group.capitalize(), "meaning": text} for group, text in GROUPS.items()]


def metric_data() -> list[dict[str, str]]:
    """Returns the metrics that can be chosen."""
    return [{"key": key, "label": label} for key, label in METRICS.items()]


def board_files(board: Board, places: Mapping[str, Mapping[str, Place]]) -> dict[str, bytes]:
    """Writes the files of one board, by name. No text in them is markup, and none ends a script."""
    key = board.key
    files = {f"boards/{key}.js": _script(key, "lines", _lines(board.entries, places))}
    for metric in METRICS:
        values = {one.key: _numbers(entry.of(one.key, metric) for entry in board.entries) for one in board.classes}
        files[f"boards/{key}.{metric}.js"] = _script(key, metric, values)
    return files


def _script(key: str, part: str, content: object) -> bytes:
    told = ", ".join(
        str(htmlsafe_json_dumps(each, dumps=json.dumps, separators=(",", ":"))) for each in (key, part, content)
    )
    return f"mswal.receive({told});\n".encode()


def _lines(entries: Sequence[Entry], places: Mapping[str, Mapping[str, Place]]) -> dict[str, object]:
    """A list for every field, with an item for each entry in the order of the board."""
    forms = [entry.record.form if entry.record else None for entry in entries]
    return {
        "id": [entry.id for entry in entries],
        "method": [entry.method for entry in entries],
        "authors": [entry.by for entry in entries],
        "affiliation": [form.affiliation if form else "" for form in forms],
        "group": [entry.group for entry in entries],
        "status": [entry.status for entry in entries],
        "rounded_down": [entry.rounded_down for entry in entries],
        "hours": [form.cost.training_gpu_hours if form else None for form in forms],
        "parameters": [form.cost.parameters if form else None for form in forms],
        "extra": [
            None if form is None else "; ".join(_extra(data.name, public=data.public) for data in form.extra_data)
            for form in forms
        ],
        "date": [entry.record.created_at.date().isoformat() if entry.record else None for entry in entries],
        "paper": [_paper(entry) for entry in entries],
        "code": [_link(form.code) if form else None for form in forms],
        "average": {metric: _numbers(entry.average[metric] for entry in entries) for metric in _RANKED_METRICS},
        "ranks": {
            scheme: [place.rank if (place := of_scheme.get(entry.id)) else None for entry in entries]
            for scheme, of_scheme in places.items()
        },
    }


def _numbers(estimates: Iterable[Estimate]) -> list[int | None]:
    """Value, low and high of each, one after the other; None where undefined."""
    return [_shown(number) for each in estimates for number in (each.value, each.low, each.high)]


def _shown(fraction: float | None) -> int | None:
    # By way of the text: the page then has the digits that every other page has.
    return None if fraction is None else int(f"{fraction * 100:.2f}".replace(".", ""))


def _paper(entry: Entry) -> str | None:
    if entry.record is not None:
        return _link(entry.record.form.paper)
    return PAPER if entry.status == "reported" else None


def _link(link: object) -> str | None:
    return None if link is None else str(link)


def _extra(name: str, *, public: bool) -> str:
    return name if public else f"{name} (not public)"
