from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import SimpleITK
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("check") / "raw"
    write_phantom(out, train=2, test=1, size="tiny", seed=0, jobs=1, progress=False)
    return out


@pytest.fixture
def raw(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "raw"))


def _check(raw: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["data", "check", str(raw), "--jobs", "1", *options])


def _change(path: Path, *, moved: bool = False, speck: bool = False) -> None:
    volume = SimpleITK.ReadImage(str(path))
    if moved:
        volume.SetOrigin((1, 2, 3))
    if speck:
        volume[0, 0, 0] = 5
    SimpleITK.WriteImage(volume, str(path), useCompression=True)


def test_a_sound_data_set(raw: Path) -> None:
    result = _check(raw)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["3 cases, 6 files, 0.00 GB: nothing is wrong."]


def test_warnings_leave_the_status_0_unless_strict(raw: Path) -> None:
    _change(raw / "labelsTr" / "PHANTOM_0002.nii.gz", speck=True)
    result = _check(raw)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].startswith(
        "PHANTOM_0002  warning  specks  labelsTr/PHANTOM_0002.nii.gz: 1 of "
    )
    assert "no errors, 1 warning, in 1 case." in result.stdout
    assert _check(raw, "--strict").exit_code == 1


def test_an_error_is_told_mended_and_gone(raw: Path) -> None:
    _change(raw / "labelsTr" / "PHANTOM_0001.nii.gz", moved=True)
    result = _check(raw)
    assert result.exit_code == 1
    first, _, summary, _, verdict = result.stdout.splitlines()
    assert first.startswith(
        "PHANTOM_0001  error  geometry-differs  labelsTr/PHANTOM_0001.nii.gz: origin (1, 2, 3); expected origin ("
    )
    assert summary.startswith("error  geometry-differs      1  the label's header places it elsewhere than its image. ")
    assert verdict == "3 cases, 6 files, 0.00 GB: 1 error, no warnings, in 1 case. --fix repairs 1 file."
    fixed = _check(raw, "--fix")
    assert fixed.exit_code == 0
    assert fixed.stdout.splitlines()[0] == "PHANTOM_0001  repaired  labelsTr/PHANTOM_0001.nii.gz: qoffset, srow"
    assert "1 label repaired; the originals and fixes.json are in .before-fix." in fixed.stdout
    assert _check(raw).exit_code == 0
    assert _check(raw, "--fix").stdout.startswith("Nothing was repaired.\n")


def test_what_could_not_be_repaired_is_told(raw: Path, tmp_path: Path) -> None:
    _change(raw / "labelsTr" / "PHANTOM_0001.nii.gz", moved=True)
    shutil.move(raw / "labelsTr", tmp_path / "elsewhere")
    (raw / "labelsTr").symlink_to(tmp_path / "elsewhere")
    result = _check(raw, "--fix")
    assert result.exit_code == 1
    assert "is a link to another place, where --fix does not write" in result.stderr


def test_json(raw: Path) -> None:
    _change(raw / "labelsTr" / "PHANTOM_0001.nii.gz", moved=True, speck=True)
    result = _check(raw, "--json", "--fix")
    report = json.loads(result.stdout)
    assert [fix["case"] for fix in report["fixes"]] == ["PHANTOM_0001"]
    assert report["not_fixed"] == []
    assert [finding["code"] for finding in report["findings"]] == ["specks"]
    assert result.exit_code == 0


def test_wrong_calls(tmp_path: Path) -> None:
    assert _check(tmp_path / "none").exit_code == 1
    assert "no such folder" in _check(tmp_path / "none").stderr
    assert _check(tmp_path, "--jobs", "0").exit_code == 2


def test_all_of_mswal_in_order_and_readable(phantom_mswal: Path) -> None:
    """694 cases from the command line: no error, and where patients have no lesion, a warning each."""
    result = CliRunner().invoke(main, ["data", "check", str(phantom_mswal)])
    assert result.exit_code == 0
    *rows, gap, summary, _, verdict = result.stdout.splitlines()
    assert gap == ""
    assert {row.split()[2] for row in rows} == {"empty-label"}
    assert rows == sorted(rows)
    assert summary.split()[:3] == ["warning", "empty-label", str(len(rows))]
    assert verdict.startswith("694 cases, 1388 files, ")
    assert max(map(len, [*rows, summary, verdict])) <= 140


def test_two_thousand_findings_stay_a_table(raw: Path) -> None:
    """A line each, in columns, and the summary last."""
    label = raw / "labelsTr" / "PHANTOM_0001.nii.gz"
    for number in range(1000):
        shutil.copy(label, raw / "labelsTr" / f"STRAY_{number:04}.nii.gz")
    result = _check(raw)
    *rows, _, first, second, _, verdict = result.stdout.splitlines()
    assert len(rows) == 2000
    assert {row.index(" labelsTr/") for row in rows} == {rows[0].index(" labelsTr/")}
    assert [first.split()[:3], second.split()[:3]] == [
        ["error", "no-image", "1000"],
        ["error", "duplicate-label", "1000"],
    ]
    assert verdict.startswith("1003 cases, 1006 files")
    assert "2000 errors, no warnings, in 1000 cases." in verdict
