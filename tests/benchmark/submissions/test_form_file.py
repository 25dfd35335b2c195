from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.submissions.form_file import PLACEHOLDER, read_form
from mswal_bench.benchmark.submissions.package.plain_yaml import MOST_BYTES
from mswal_bench.benchmark.submissions.submission_form import SubmissionForm

FORM = """\
method: Mine
authors: [A. Author, B. Bearer]
affiliation: Somewhere
contact: a@somewhere.org
track: official-test
"""


def _findings(text: str) -> list[SubmissionFinding]:
    reading = read_form(text.encode())
    assert (reading.form is None) == bool(reading.findings)
    return list(reading.findings)


def _only(text: str) -> SubmissionFinding:
    (finding,) = _findings(text)
    return finding


def test_a_form_is_read():
    form = read_form(
        (FORM + "cost: {gpus: 2, training_gpu_hours: 1e3, parameters: 3.12e7}\nnotes: |\n  one\n  two\n").encode()
    ).form
    assert form is not None
    assert (form.method, form.cost.gpus, form.cost.training_gpu_hours, form.notes) == ("Mine", 2, 1000, "one\ntwo")
    assert form.cost.parameters == 31_200_000
    assert "contact" not in form.published().model_dump()


def test_a_plug_in_is_its_packages_to_say():
    """A form is as valid for a participant who has it as for an organiser who has not."""
    form = read_form((FORM + "baseline: hu-table\nvariant: fine\npackage: hu-table 1.0rc1+cpu\n").encode()).form
    assert form is not None
    assert (form.baseline, form.variant, form.package) == ("hu-table", "fine", "hu-table 1.0rc1+cpu")


def test_people_are_named_and_the_form_of_a_method_is_as_it_was():
    people, method = (read_form((FORM + more).encode()).form for more in ("drawn_by: people\n", "drawn_by: method\n"))
    assert people is not None
    assert method is not None
    assert people.published().model_dump(mode="json")["drawn_by"] == "people"
    assert method.published().model_dump_json() == read_form(FORM.encode()).form.published().model_dump_json()
    assert "drawn_by" not in method.published().model_dump_json()


def test_a_field_without_a_value_is_left_out():
    form = read_form((FORM + "paper:\ncost:\n  gpu:\nnotes: ~\n").encode()).form
    assert form is not None
    assert (form.paper, form.cost.gpu, form.notes) == (None, None, "")


@pytest.mark.parametrize(
    ("line", "field", "found", "expected"),
    [
        ("method: 1.0", "method", "the number 1.0", "text"),
        ("affiliation: no", "affiliation", "the truth value false", "text"),
        ("method: =HYPERLINK(A1)", "method", "'=HYPERLINK(A1)'", "begins with none of = + - @"),
        ("method: \uff1d1+1", "method", "1+1'", "begins with none of = + - @"),
        ("authors: ['  @SUM(1)']", "authors[0]", "@SUM(1)'", "begins with none of = + - @"),
        ('affiliation: "-2+3"', "affiliation", "'-2+3'", "begins with none of = + - @"),
        ("cost: {gpu: +1}", "cost.gpu", "the number 1", "text"),
        ('method: "Mi\\u200bne"', "method", r"Mi\u200bne", "invisible characters"),
        ("notes: 2026-11-23", "notes", "the date 2026-11-23", "text"),
        ("authors: A. Author", "authors", "'A. Author'", "a list"),
        ("authors: []", "authors", "an empty list", "at least 1"),
        ("authors: [A, 3]", "authors[1]", "the number 3", "text"),
        ('contact: "a\\u200bb@y.org"', "contact", "@y.org", "an e-mail address"),
        ("contact: somebody", "contact", "'somebody'", "an e-mail address"),
        ("contact: '\"<x@y.z>'", "contact", "<x@y.z>", "an e-mail address"),
        ("track: Official Test", "track", "'Official Test'", "small letters"),
        ("paper: javascript:alert(1)", "paper", "'javascript:alert(1)'", "an address that begins with https://"),
        ("code: 'https://a.b/\"><script>'", "code", "<script>", "an address"),
        ("code: https://a.b/" + "c" * 600, "code", "and so on, 612 characters", "at most 500 characters"),
        (f"method: {'m' * 61}", "method", "and so on, 61 characters", "at most 60 characters"),
        ('method: "red \\e[31m"', "method", r"\x1b[31m", "without control or invisible characters"),
        ('method: "gpj \\u202e exe"', "method", r"\u202e", "without control or invisible characters"),
        ('notes: "half \\ud800"', "notes", r"\ud800", "Unicode"),
        ("cost: {gpus: '4'}", "cost.gpus", "'4'", "a whole number"),
        ("cost: {gpus: yes}", "cost.gpus", "the truth value true", "a whole number"),
        ("cost: {gpus: -1}", "cost.gpus", "the number -1", "0 or more"),
        ("cost: {parameters: 1.5}", "cost.parameters", "the number 1.5", "a whole number"),
        ("cost: {peak_gpu_mib: .nan}", "cost.peak_gpu_mib", "the number nan", "a finite number"),
        ("cost: 5", "cost", "the number 5", "fields below it"),
        ("ensemble: {models: 2000}", "ensemble.models", "the number 2000", "at most 1,000"),
        ("extra_data: [{name: n, public: perhaps, use: u}]", "extra_data[0].public", "'perhaps'", "true or false"),
        ("baseline: nnunet-v9", "baseline", "'nnunet-v9'", "one of inception-nnunet"),
        ("variant: I", "variant", "'I'", "none without a baseline"),
        ("baseline: nnunet-v2\nvariant: I", "variant", "'I'", "nnunet-v2 has no variants"),
        ("package: hu-table 1.0", "package", "'hu-table 1.0'", "none without a baseline"),
        ("baseline: nnunet-v2\npackage: hu-table 1.0", "package", "'hu-table 1.0'", "none: nnunet-v2 is no plug-in"),
        ("baseline: hu-table\npackage: hu-table", "package", "'hu-table'", "a package's name, a space and its version"),
        ("drawn_by: robots", "drawn_by", "'robots'", "'method' or 'people'"),
        ("drawn_by: people\nbaseline: nnunet-v2", "baseline", "'nnunet-v2'", "none: people drew these"),
        ("schema_version: 2", "schema_version", "the number 2", "1"),
    ],
)
def test_a_value_of_another_kind_is_told_with_its_place(line: str, field: str, found: str, expected: str):
    kept = [each for each in FORM.splitlines() if each.partition(":")[0] != line.partition(":")[0]]
    finding = _only("\n".join([*kept, line]))
    assert (finding.code, finding.file, finding.field) == ("form-field-invalid", "submission.yaml", field)
    assert found in finding.found
    assert expected in finding.expected


def test_everything_is_told_in_one_go():
    told = {
        (each.code, each.field): each.expected for each in _findings("method: 1\nauthor: [A]\ncost: {gpuhours: 1}\n")
    }
    assert {
        ("form-field-missing", "authors"): "the authors' names, as in a paper",
        ("form-field-invalid", "method"): "text",
        ("form-field-unknown", "author"): "authors",
    }.items() <= told.items()
    assert "gpus" in told["form-field-unknown", "cost.gpuhours"]
    assert {field for code, field in told if code == "form-field-missing"} == {
        "authors", "affiliation", "contact", "track",
    }  # fmt: skip


def test_a_placeholder_is_refused_and_told_once():
    text = FORM.replace("Mine", PLACEHOLDER).replace("a@somewhere.org", PLACEHOLDER)
    text += f"cost: {{gpus: {PLACEHOLDER}}}\nextra_data: [{{name: x, public: {PLACEHOLDER}, use: y}}]\n"
    told = [(finding.code, finding.field) for finding in _findings(text)]
    fields = ["method", "contact", "cost.gpus", "extra_data[0].public"]
    assert told == [("form-placeholder", field) for field in fields]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "form-unreadable"),
        ("- a", "form-unreadable"),
        ("just text", "form-unreadable"),
        ("a: [", "form-unreadable"),
        (FORM + "method: Again\n", "form-unreadable"),
        (FORM + "notes: &a [*a]\n", "form-unreadable"),
        ("#" * (MOST_BYTES + 1), "form-too-large"),
    ],
)
def test_what_is_no_form_is_refused(text: str, code: str):
    assert _only(text).code == code


def test_markup_is_text():
    hostile = "<script>alert(1)</script>"
    form = read_form(FORM.replace("Mine", hostile).replace("Somewhere", "'{{7*7}} $(id) `id`'").encode()).form
    assert form is not None
    assert (form.method, form.affiliation) == (hostile, "{{7*7}} $(id) `id`")


def test_the_schema_describes_every_field():
    schema = SubmissionForm.model_json_schema()
    described = [schema, *schema["$defs"].values()]
    assert all(field.get("description") for part in described for field in part["properties"].values())
    json.dumps(schema)
    with pytest.raises(ValidationError):
        SubmissionForm.model_validate({})
