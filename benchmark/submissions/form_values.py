"""The fields of a submission's form and their values, in words: what is expected at a place, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from .submission_form import PATTERNS, SubmissionForm

Place = Sequence[str | int]
"""Names of fields and, of lists, positions from 0: `("extra_data", 0, "name")`."""

_LONGEST_QUOTE = 60
_KINDS = {
    "string_type": "text",
    "string_too_short": "text",
    "string_too_long": "at most {max_length} characters",
    "string_unicode": "text that is Unicode",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "greater_than_equal": "{ge:,.0f} or more",
    "less_than_equal": "at most {le:,.0f}",
    "literal_error": "{expected}",
    "list_type": "a list, each on a line of its own that begins with -",
    "too_short": "at least {min_length} in the list",
    "model_type": "fields below it, indented",
}


def field_name(place: Place) -> str:
    """`extra_data[0].name`."""
    name = ""
    for part in place:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def found_value(value: object) -> str:
    """A value of a form, for a sentence. Long text is cut."""
    if isinstance(value, str):
        quoted = repr(value[:_LONGEST_QUOTE])
        return quoted if len(value) <= _LONGEST_QUOTE else f"{quoted} and so on, {len(value)} characters"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, date):
        return f"the date {value}"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    return "fields" if isinstance(value, dict) else "nothing"


def expected_value(error: Mapping[str, Any]) -> str:
    """What is expected where pydantic found an error, one of its `errors()`."""
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith("url_"):
        return "an address that begins with https:// or http://"
    if kind == "string_pattern_mismatch":
        return PATTERNS[context["pattern"]]
    if kind == "too_long":
        of = "in the list" if context["field_type"] == "List" else "characters"
        return f"at most {context['max_length']} {of}"
    if kind in _KINDS:
        return _KINDS[kind].format(**context)
    return str(error["msg"])


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
    alike = get_close_matches(str(place[-1]), part.model_fields, n=1)
    return alike[0] if alike else ", ".join(part.model_fields)


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
