"""Prepares the plain values that the script of the front page draws its table from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mswal_bench.benchmark.scoring.estimates import Estimate

from .board_ranks import Place, Scheme
from .boards import Board
from .entries import METRICS, PAPER, STATUSES, Entry

AVERAGE = "average"
"""Stands for the Avg. among the keys of lesion classes."""


def board_data(board: Board, schemes: Sequence[Scheme], places: Mapping[str, Mapping[str, Place]]) -> dict[str, object]:
    """Describes one board. Numbers are fractions, `[value, low, high]`, None where undefined; no text is markup."""
    return {
        "key": board.key,
        "title": board.title,
        "classes": [{"key": lesion.key, "name": lesion.name} for lesion in board.classes],
        "metrics": [{"key": key, "label": label} for key, label in METRICS.items()],
        "schemes": [{"key": one.key, "label": one.label, "explanation": one.explanation} for one in schemes],
        "rows": [_row(entry, order, places) for order, entry in enumerate(board.entries)],
    }


def status_data() -> list[dict[str, str]]:
    """Returns the statuses and what they mean, in the order of the board."""
    return [{"key": status, "label": status.capitalize(), "meaning": text} for status, text in STATUSES.items()]


def _row(entry: Entry, order: int, places: Mapping[str, Mapping[str, Place]]) -> dict[str, object]:
    form = entry.record.form if entry.record else None
    links = {"Paper": form.paper, "Code": form.code} if form else {"Paper": PAPER}
    return {
        "id": entry.id,
        "order": order,
        "method": entry.method,
        "authors": ", ".join(form.authors) if form else "as printed in the paper",
        "affiliation": form.affiliation if form else "",
        "status": entry.status,
        "rounded_down": entry.rounded_down,
        "ranks": {
            scheme: [place.rank, place.shared]
            for scheme, of_scheme in places.items()
            if (place := of_scheme.get(entry.id)) is not None
        },
        "values": {
            AVERAGE: {metric: _number(estimate) for metric, estimate in entry.average.items()},
            **{
                lesion: {metric: _number(estimate) for metric, estimate in values.items()}
                for lesion, values in entry.classes.items()
            },
        },
        "gpu_hours": form.cost.training_gpu_hours if form else None,
        "parameters": form.cost.parameters if form else None,
        "extra": None if form is None else [_extra(data.name, public=data.public) for data in form.extra_data],
        "date": entry.record.created_at.date().isoformat() if entry.record else None,
        "links": [{"label": label, "href": str(link)} for label, link in links.items() if link is not None],
    }


def _number(estimate: Estimate) -> list[float | None]:
    return [estimate.value, estimate.low, estimate.high]


def _extra(name: str, *, public: bool) -> str:
    return name if public else f"{name} (not public)"
