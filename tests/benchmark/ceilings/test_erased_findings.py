"""Warnings of `data check` about lesions that a grid erases."""

import json

import SimpleITK
from click.testing import CliRunner

from mswal_bench.benchmark.ceilings.method_ceilings import method_ceilings
from mswal_bench.benchmark.cli.main import main


def check(raw, *options):
    return CliRunner().invoke(main, ["data", "check", str(raw), "--jobs", "1", *options])


def erased(result):
    return [one for one in json.loads(result.stdout)["findings"] if one["code"] == "erased-lesions"]


def test_erased_lesions_are_warnings(coarse):
    result = check(coarse, "--json", "--plans", "nnunet-v2", "--plans", "mednext", "--plans", "nnformer")
    assert result.exit_code == 0, result.output
    found = erased(result)
    ceilings = method_ceilings(["nnunet-v2", "mednext"], coarse)
    never = {(method, one.case) for method, lost in ceilings.lost.items() for one in lost if one.fate == "never seen"}
    assert {(one["case"], "mednext" in one["found"]) for one in found} == {
        (case, method == "mednext") for method, case in never
    }
    assert any("nnunet-v2, nnformer: " in one["found"] for one in found)
    assert {one["severity"] for one in found} == {"warning"}
    assert check(coarse, "--strict", "--plans", "mednext").exit_code == 1
    assert not erased(check(coarse, "--json"))


def test_cases_with_errors_are_passed_over(coarse, tmp_path):
    import shutil

    raw = shutil.copytree(coarse, tmp_path / "raw")
    whole = {one["case"] for one in erased(check(raw, "--json", "--plans", "mednext"))}
    label = raw / "labelsTr" / f"{min(whole)}.nii.gz"
    moved = SimpleITK.ReadImage(str(label))
    moved.SetOrigin((1, 2, 3))
    SimpleITK.WriteImage(moved, str(label))
    left = {one["case"] for one in erased(check(raw, "--json", "--plans", "mednext"))}
    assert left == whole - {min(whole)}


def test_a_name_that_stands_for_nothing(coarse):
    result = check(coarse, "--plans", "mednexd")
    assert result.exit_code == 1
    assert "there is no method 'mednexd'" in result.stderr
