"""Says in plain words what pydantic finds wrong with a file: where, what is expected there, and what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

Place = Sequence[str | int]
"""Leads to a value by names of fields and by positions in lists, from 0: `("extra_data", 0, "name")`."""

_LONGEST_QUOTE = 60
_MOST_SHOWN = 8
_KINDS = {
    "missing": "something",
    "extra_forbidden": "no such field",
    "json_invalid": "JSON",
    "string_type": "text",
    "string_too_short": "text",
    "string_too_long": "at most {max_length} characters",
    "string_unicode": "text that is Unicode",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "greater_than": "more than {gt:,.0f}",
    "greater_than_equal": "{ge:,.0f} or more",
    "less_than": "less than {lt:,.0f}",
    "less_than_equal": "at most {le:,.0f}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "fields below it",
    "model_type": "fields below it",
    "none_required": "nothing",
    "too_short": "at least {min_length}",
}

_BOUNDS = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})


def field_name(place: Place) -> str:
    """Returns a place as text: `extra_data[0].name`."""
    name = ""
    for part in place:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def found_value(value: object) -> str:
    """Describes a value of a file for a sentence; long text is cut."""
    if isinstance(value, str):
        quoted = repr(value[:_LONGEST_QUOTE])
        return quoted if len(value) <= _LONGEST_QUOTE else f"{quoted} and so on, {len(value)} characters"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, date):
        return f"the date {value}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    fields = "fields" if value else "without fields"
    return fields if isinstance(value, dict) else "nothing"


def expected_value(
    error: Mapping[str, Any], patterns: Mapping[str, str] | None = None, kinds: Mapping[str, str] | None = None
) -> str:
    """Says what is expected where pydantic found `error`, which is one of its `errors()`.

    `patterns` has words for regular expressions. `kinds` has words for types of error, which go before those here.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith("url_"):
        return "an address that begins with https:// or http://"
    if kind.startswith(("date", "timezone")):
        return "a date and time"
    if kind == "string_pattern_mismatch":
        return (patterns or {}).get(context["pattern"], "another spelling")
    if kind == "too_long":
        of = "in the list" if context["field_type"] in ("List", "Tuple") else "characters"
        return f"at most {context['max_length']} {of}"
    words = (kinds or {}).get(kind) or _KINDS.get(kind)
    return words.format(**context) if words is not None else "another value"


def wrong_values(error: ValidationError, patterns: Mapping[str, str] | None = None) -> str:
    """Lists all that is wrong, for the `found` of a problem: `cases.a.shape[0] is 0, expected 1 or more; ...`."""
    each = [_sentence(one, patterns) for one in error.errors(include_url=False)]
    # A damaged file of many cases has the same fault in each of them.
    more = [f"and {len(each) - _MOST_SHOWN} places more"] if len(each) > _MOST_SHOWN else []
    return "; ".join([*each[:_MOST_SHOWN], *more])


def _sentence(error: Mapping[str, Any], patterns: Mapping[str, str] | None) -> str:
    where = field_name(error["loc"]) or "the whole"
    if error["type"] == "json_invalid":
        return "no JSON"
    if error["type"] == "missing":
        return f"no {where}"
    if error["type"] == "extra_forbidden":
        of = field_name(error["loc"][:-1]) or "the whole"
        return f"{of} has a field {field_name(error['loc'][-1:])} that it cannot have"
    if error["type"] in ("value_error", "assertion_error"):
        # These errors hold sentences of our own.
        return f"{where}: {error['ctx']['error']}".removesuffix(".").removeprefix("the whole: ")
    expected, value = expected_value(error, patterns), error["input"]
    if error["type"] == "too_short":
        found = f"has {len(value)}, expected" if value else "is empty, expected"
    elif error["type"] in _BOUNDS:
        found = f"is {value}, expected"
    else:
        found = f"is {found_value(value)}, not"
    return f"{where} {found} {expected}"
