"""The fields of a submission's form and their values, in words: what a place means, and what is expected there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from mswal_bench.benchmark.core import wrong_values
from mswal_bench.benchmark.core.suggestions import closest
from mswal_bench.benchmark.core.wrong_values import Place

from .submission_form import PATTERNS, SubmissionForm

_KINDS = {
    "list_type": "a list, each on a line of its own that begins with -",
    "model_type": "fields below it, indented",
    "too_short": "at least {min_length} in the list",
}


def expected_value(error: Mapping[str, Any]) -> str:
    """What the form expects where pydantic found an error, one of its `errors()`."""
    return wrong_values.expected_value(error, PATTERNS, _KINDS)


def meaning(place: Place) -> str:
    """What the field at a place says, as the form describes it, for a sentence; empty where there is no such field."""
    described, part = "", _part_at(place[:-1])
    if part is not None and place:
        info = part.model_fields.get(str(place[-1]))
        described = (info.description or "") if info is not None else ""
    return described[:1].lower() + described[1:].removesuffix(".")


def fields_at(place: Place) -> str:
    """For a field that does not exist: the one that may be meant, or all there are in its place."""
    part = _part_at(place[:-1])
    if part is None:
        return ""
    return closest(str(place[-1]), part.model_fields) or ", ".join(part.model_fields)


def _part_at(place: Place) -> type[BaseModel] | None:
    """The model of the fields below a place."""
    part: type[BaseModel] | None = SubmissionForm
    for name in place:
        if part is not None and isinstance(name, str):
            info = part.model_fields.get(name)
            part = _model_in(info.annotation) if info is not None else None
    return part


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None
