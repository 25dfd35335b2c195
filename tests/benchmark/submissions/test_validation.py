from __future__ import annotations

import json

from mswal_bench.benchmark.core.findings import counts, in_order
from mswal_bench.benchmark.submissions.findings_catalogue import KINDS, SubmissionFinding
from mswal_bench.benchmark.submissions.form_file import read_form
from mswal_bench.benchmark.submissions.validation import Validation, validation_json, validation_text

from .cases import FORM


def _validation(*findings: SubmissionFinding, predicted: int = 3, cases: int = 3, deep: bool = True) -> Validation:
    predictions = {f"case_{number}": f"predictions/case_{number}.nii.gz" for number in range(predicted)}
    return Validation(read_form(FORM).form, predictions, in_order(findings), cases, deep)


def test_a_right_one():
    assert validation_text(_validation()) == "valid: predictions of 3 of 3 cases. The headers and voxels were checked."
    text = validation_text(_validation(SubmissionFinding("extra-file", "a.txt"), deep=False))
    assert text.splitlines()[-1] == (
        "valid: predictions of 3 of 3 cases, 1 note. The headers were checked; --deep reads the voxels."
    )


def test_hundreds_of_one_kind_take_a_few_lines():
    findings = [
        SubmissionFinding("shape-differs", f"predictions/{n}.nii.gz", "(1, 2, 3)", "(3, 2, 1)", f"{n}")
        for n in range(210)
    ]
    findings += [
        SubmissionFinding("missing-case", expected=f"predictions/m{n}.nii.gz", case=f"m{n}") for n in range(100)
    ]
    lines = validation_text(_validation(*findings)).splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("error: a case of the manifest has no prediction, 100 times [missing-case]. ")
    assert lines[1].strip() == "m0, m1, m10, m11, m12, m13, m14, m15 and 92 more"
    assert lines[3].strip() == "predictions/0.nii.gz: (1, 2, 3); expected (3, 2, 1)"
    assert lines[8].strip() == "and 205 more"
    assert lines[9].startswith("not valid: 310 errors. Predictions of 3 of 3 cases were found.")


def test_every_kind_is_said_with_how_to_mend_it():
    for kind in KINDS.values():
        text = validation_text(_validation(SubmissionFinding(kind.code, "a file", "this", "that")))
        assert f"{kind.severity}: {kind.what} [{kind.code}]" in text
        assert kind.mend in text
        assert "a file: this; expected that" in text


def test_errors_come_first_and_are_counted():
    findings = [
        SubmissionFinding("extra-file", "b"),
        SubmissionFinding("track-differs", "f"),
        SubmissionFinding("extra-file", "a"),
    ]
    assert [finding.file for finding in in_order(findings)] == ["f", "a", "b"]
    assert {kind.code: count for kind, count in counts(findings).items()} == {"track-differs": 1, "extra-file": 2}


def test_a_terminal_obeys_nothing_of_it():
    hostile = "\x1b[2Jcls\n\u202evalid: "
    findings = [
        SubmissionFinding(code, hostile, hostile, hostile, field=hostile)
        for code in ("form-field-unknown", "unknown-case")
    ]
    text = validation_text(_validation(*findings, SubmissionFinding("extra-file", hostile)))
    assert not any(letter in text for letter in ("\x1b", "\u202e"))
    assert len(text.splitlines()) == 7
    assert json.loads(validation_json(_validation(*findings)))["findings"][0]["file"] == hostile


def test_json_has_everything():
    finding = SubmissionFinding("shape-differs", "predictions/a.nii.gz", "(1, 2, 3)", "(3, 2, 1)", "a")
    report = json.loads(validation_json(_validation(finding)))
    # Names that programs rely on; one more does no harm, another schema_version does.
    assert report.keys() == {"schema_version", "valid", "deep", "cases", "form", "predictions", "findings"}
    assert (report["valid"], report["deep"], report["cases"], len(report["predictions"])) == (False, True, 3, 3)
    assert report["form"]["method"] == "Mine"
    assert report["findings"] == [
        {
            "code": "shape-differs",
            "severity": "error",
            "file": "predictions/a.nii.gz",
            "case": "a",
            "field": "",
            "what": "the prediction has another shape than its case",
            "expected": "(3, 2, 1)",
            "found": "(1, 2, 3)",
            "mend": KINDS["shape-differs"].mend,
        }
    ]
