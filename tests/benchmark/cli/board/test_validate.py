from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.submissions.manifest_file import write_manifest
from mswal_bench.tests.benchmark.submissions.cases import (
    FORM,
    files_of,
    labels,
    make_labels,
    make_submission,
    manifest_for,
)
from mswal_bench.tests.benchmark.submissions.packages import pack

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def place(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """`mine`, a right submission, and `manifest.json`."""
    make_submission(tmp_path / "mine", save_labels)
    write_manifest(manifest_for(make_labels(tmp_path / "labels", save_labels)), tmp_path / "manifest.json")
    return tmp_path


def _validate(place: Path, *options: str, submission: str = "mine") -> Result:
    manifest = ["--manifest", str(place / "manifest.json")]
    return CliRunner().invoke(main, ["validate", str(place / submission), *manifest, *options])


def test_a_right_one(place: Path):
    result = _validate(place, "--deep")
    assert (result.exit_code, result.stdout) == (
        0,
        "valid: predictions of 3 of 3 cases. The headers and voxels were checked.\n",
    )
    report = json.loads(_validate(place, "--json").stdout)
    assert (report["valid"], report["deep"], report["findings"]) == (True, False, [])


def test_a_wrong_one(place: Path, save_labels: SaveLabels):
    (place / "mine/predictions/case_1.nii.gz").unlink()
    save_labels(place / "mine/predictions/case_2.nii.gz", labels("case_2")[:2])
    result = _validate(place)
    assert result.exit_code == 1
    for told in (
        "[missing-case]. Add predictions/CASE.nii.gz.\n    case_1\n",
        "[shape-differs]",
        "    predictions/case_2.nii.gz: (8, 6, 2); expected (8, 6, 4)\n",
        "not valid: 2 errors. Predictions of 2 of 3 cases were found. The headers were checked;",
    ):
        assert told in result.stdout
    as_json = _validate(place, "--json")
    assert as_json.exit_code == 1
    assert [each["code"] for each in json.loads(as_json.stdout)["findings"]] == ["missing-case", "shape-differs"]
    save_labels(place / "mine/predictions/case_2.nii.gz", labels("case_2"))
    assert _validate(place).exit_code == 1
    assert _validate(place, "--allow-missing").exit_code == 0


@pytest.mark.parametrize("packing", ["zip", "tar.gz"])
def test_an_archive(place: Path, packing: str):
    files = {f"team/{name}": content for name, content in files_of(place / "mine").items()}
    pack(place / "packed", packing, files)
    assert _validate(place, "--deep", submission="packed").exit_code == 0


def test_the_schema():
    result = CliRunner().invoke(main, ["validate", "--schema"])
    schema = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"method", "authors", "affiliation", "contact", "track"} == set(schema["required"])


def test_wrong_calls(place: Path):
    for arguments in ([], [str(place / "mine")], ["--schema", str(place / "mine")]):
        assert CliRunner().invoke(main, ["validate", *arguments]).exit_code == 2
    # A wrong manifest is not a wrong submission.
    (place / "manifest.json").write_text("{}")
    broken = _validate(place, "--json")
    assert (broken.exit_code, broken.stdout, "is no manifest" in broken.stderr) == (2, "", True)
    (place / "manifest.json").unlink()
    missing = _validate(place)
    assert (missing.exit_code, missing.stdout, "cannot be read" in missing.stderr) == (2, "", True)


# What a stranger may send.


def _told(result: Result) -> list[str]:
    assert result.exit_code == 1, result.output
    return [each["code"] for each in json.loads(result.stdout)["findings"]]


def test_markup_in_the_form_is_text(place: Path):
    hostile = "<script>alert('x')</script><img src=x onerror=alert(1)>"
    (place / "mine/submission.yaml").write_bytes(
        FORM.replace(b"affiliation: B", f'affiliation: "{hostile}"'.encode()) + b"notes: '</script><b>'\n"
    )
    result = _validate(place, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["form"]["affiliation"] == hostile


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"paper: javascript:alert(1)\n", "form-field-invalid"),
        (b"code: 'data:text/html,<script>alert(1)</script>'\n", "form-field-invalid"),
        (b'notes: "\\e]0;owned\\a"\n', "form-field-invalid"),
        (b"notes: !!python/object/apply:os.system ['touch owned']\n", "form-unreadable"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nnotes: *c\n", "form-unreadable"),
        (b"notes: " + b"[" * 100_000 + b"\n", "form-unreadable"),
        (b"notes: " + b"x" * (1 << 20) + b"\n", "form-too-large"),
    ],
)
def test_a_hostile_form(place: Path, line: bytes, code: str):
    (place / "mine/submission.yaml").write_bytes(FORM + line)
    assert _told(_validate(place, "--json")) == [code]
    assert not (place / "owned").exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../../owned.nii.gz", "path-traversal"),
        ("/tmp/owned.nii.gz", "absolute-name"),
        ("C:\\owned.nii.gz", "absolute-name"),
        ("predictions/\x1b[2Jcls.nii.gz", "control-character"),
        ("predictions/inner.zip", "nested-archive"),
    ],
)
def test_a_hostile_name(place: Path, name: str, code: str):
    with zipfile.ZipFile(place / "packed", "w") as archive:
        for each, content in files_of(place / "mine").items():
            archive.writestr(each, content)
        archive.writestr(name, b"x")
    before = sorted(place.rglob("*"))
    assert _told(_validate(place, "--json", submission="packed")) == [code]
    text = _validate(place, submission="packed").stdout
    assert "\x1b" not in text
    assert sorted(place.rglob("*")) == before


def test_a_file_without_end(place: Path):
    with zipfile.ZipFile(place / "packed", "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in files_of(place / "mine").items():
            archive.writestr(each, content)
        with archive.open("predictions/readme.txt", "w", force_zip64=True) as file:
            for _ in range(128):
                file.write(bytes(1 << 20))
    assert _told(_validate(place, "--deep", "--json", submission="packed")) == ["file-too-large"]


def test_it_starts_without_what_is_heavy(place: Path):
    code = (
        "import sys\n"
        "from mswal_bench.benchmark.cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print([name for name in ('torch', 'pandas', 'SimpleITK', 'matplotlib', 'scipy') if name in sys.modules])\n"
    )
    arguments = ["validate", str(place / "mine"), "--manifest", str(place / "manifest.json"), "--deep"]
    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"
