"""Reads `submission.yaml`: the form, or everything that is wrong with it in the words of who wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.suggestions import closest
from mswal_bench.benchmark.core.wrong_values import Place, expected_value, field_name, found_value

from .findings_catalogue import SubmissionFinding
from .package.plain_yaml import MOST_BYTES, PlainYamlError, read_plain_yaml
from .submission_form import FORM_FILE, PATTERNS, SubmissionForm

PLACEHOLDER = "TO FILL IN"
"""Stands in the template where something is needed. No form with it is valid."""
_EXPECTED_KINDS = {
    "list_type": "a list, each on a line of its own that begins with -",
    "model_type": "fields below it, indented",
    "too_short": "at least {min_length} in the list",
}


@dataclass(frozen=True)
class FormReading:
    """What became of reading a form."""

    form: SubmissionForm | None
    """None where a finding says why."""
    findings: tuple[SubmissionFinding, ...]
    track: str | None = None
    """The track that it names, also where something else is wrong with it."""


def read_form(data: bytes, file: str = FORM_FILE) -> FormReading:
    """Reads the form in `data`, which is refused beyond `MOST_BYTES` bytes; `file` is its name for the findings.

    A field without a value counts as left out. Raises nothing.
    """
    if len(data) > MOST_BYTES:
        return _refused(file, "form-too-large", f"more than {MOST_BYTES} bytes", f"at most {MOST_BYTES} bytes")
    try:
        content = read_plain_yaml(data)
    except PlainYamlError as error:
        return _refused(file, "form-unreadable", str(error))
    if not isinstance(content, dict):
        found = "nothing" if content is None else found_value(content)
        return _refused(file, "form-unreadable", found, "lines of `field: value`")
    content = _without_empty(content)
    findings = [
        SubmissionFinding("form-placeholder", file, found_value(text), field=field_name(place))
        for place, text in _texts(content)
        if PLACEHOLDER in text
    ]
    placeholders = {finding.field for finding in findings}
    form = None
    try:
        # Strict: `yes` is no 1, and "4" no 4.
        form = SubmissionForm.model_validate(content, strict=True)
    except ValidationError as error:
        findings += [
            finding
            for each in error.errors(include_url=False)
            if (finding := _finding(file, each)).field not in placeholders
        ]
    else:
        findings += _of_the_method(file, form)
    track = content.get("track")
    is_track = isinstance(track, str) and not any(finding.field == "track" for finding in findings)
    return FormReading(None if findings else form, tuple(findings), track if is_track else None)


def _refused(file: str, code: str, found: str, expected: str = "") -> FormReading:
    return FormReading(None, (SubmissionFinding(code, file, found, expected),))


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in fields.items()
        if value is not None
    }


def _texts(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(each, (*place, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, (*place, number))


def _finding(file: str, error: Mapping[str, Any]) -> SubmissionFinding:
    place: Sequence[str | int] = error["loc"]
    field, kind = field_name(place), error["type"]
    if kind == "missing":
        return SubmissionFinding("form-field-missing", file, expected=_meaning(place), field=field)
    if kind == "extra_forbidden":
        return SubmissionFinding(
            "form-field-unknown", file, found_value(error["input"]), _fields_at(place), field=field
        )
    found = found_value(error["input"])
    if kind == "string_type" and isinstance(error["input"], bool | int | float | date):
        # YAML takes 1.0, no and 2026-01-01 for something else than they are written as.
        found += ', which "in quotes" is text'
    expected = expected_value(error, PATTERNS, _EXPECTED_KINDS)
    return SubmissionFinding("form-field-invalid", file, found, expected, field=field)


def _of_the_method(file: str, form: SubmissionForm) -> list[SubmissionFinding]:
    """The harness's own method that the form names has to be one. What a plug-in has is its package's to say: a form is
    as valid where that is not installed."""
    people = form.drawn_by == "people"
    if people or form.baseline is None:
        expected = "none: people drew these" if people else "none without a baseline"
        return [
            SubmissionFinding("form-field-invalid", file, found_value(value), expected, field=field)
            for field, value in (("baseline", form.baseline), ("variant", form.variant), ("package", form.package))
            if value is not None
        ]
    if form.package is not None:
        if form.baseline not in METHODS:
            return []
        found, expected = found_value(form.package), f"none: {form.baseline} is no plug-in"
        return [SubmissionFinding("form-field-invalid", file, found, expected, field="package")]
    if form.baseline not in METHODS:
        expected = f"one of {', '.join(METHODS)}, none for another method, or with its package for a plug-in"
        return [SubmissionFinding("form-field-invalid", file, found_value(form.baseline), expected, field="baseline")]
    variants = METHODS[form.baseline].variants()
    if form.variant is not None and form.variant not in variants:
        expected = f"one of {', '.join(variants)}, or none" if variants else f"none: {form.baseline} has no variants"
        return [SubmissionFinding("form-field-invalid", file, found_value(form.variant), expected, field="variant")]
    return []


def _meaning(place: Place) -> str:
    """What the field at a place says, as the form describes it, for a sentence; empty where there is no such field."""
    described, part = "", _part_at(place[:-1])
    if part is not None and place:
        info = part.model_fields.get(str(place[-1]))
        described = (info.description or "") if info is not None else ""
    return described[:1].lower() + described[1:].removesuffix(".")


def _fields_at(place: Place) -> str:
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
