"""What `mswal-bench transfer` refuses before it works; the whole of it is tested in `runs/`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("nnunetv2")

from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.baselines.nnunet.small_plans import write_plans
from mswal_bench.tests.benchmark.runs.test_pretrained import begin, train

LITS = {"background": 0, "liver": 1, "liver_tumor": 2}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Five training cases and a test case; the volumes are empty files."""
    root = tmp_path / "raw"
    for subset, cases in {"Tr": range(5), "Ts": range(5, 6)}.items():
        for folder, channel in (("images", "_0000"), ("labels", "")):
            (root / f"{folder}{subset}").mkdir(parents=True, exist_ok=True)
            for case in cases:
                (root / f"{folder}{subset}" / f"C{case}{channel}.nii.gz").touch()
    (root / "dataset.json").write_text(json.dumps({"labels": LITS, "numTraining": 5, "file_ending": ".nii.gz"}))
    return root


def call(raw: Path, *more: object, pretrain: str = "run", method: str = "nnunet-resenc") -> tuple[int, str]:
    arguments = ["transfer", method, "--data", raw, "--pretrain", raw.parent / pretrain, "--work", raw.parent / "work"]
    result = CliRunner().invoke(main, [str(argument) for argument in (*arguments, "--device", "cpu", *more)])
    return result.exit_code, result.output


def test_without_test_labels_there_is_nothing_to_compare(raw):
    (raw / "labelsTs" / "C5.nii.gz").unlink()
    (raw / "labelsTs").rmdir()
    code, output = call(raw)
    assert code == 1
    assert "the test labels are not there: expected a folder labelsTs" in output
    assert not (raw.parent / "work").exists()


def test_labels_that_cannot_be_scored(raw):
    description = json.loads((raw / "dataset.json").read_text())
    (raw / "dataset.json").write_text(json.dumps(description | {"labels": {"background": 0, "whole": [1, 2]}}))
    code, output = call(raw)
    assert code == 1
    assert "labels are regions made of several values, which are neither trained nor scored here" in output


def test_a_pretraining_that_is_not_there(raw):
    code, output = call(raw, pretrain="absent")
    assert code == 1
    assert "absent: is not the work folder of a run" in output


def test_a_method_that_begins_with_no_weights(raw):
    begin(raw.parent / "run", "nnunet-v1")
    code, output = call(raw, method="nnunet-v1")
    assert code == 1
    assert "error: nnunet-v1 cannot begin with the weights of another training." in output


def test_a_work_folder_that_holds_something_else(raw):
    begin(raw.parent / "run")
    write_plans(raw.parent / "run")
    train(raw.parent / "run", 0)
    (raw.parent / "work").mkdir()
    (raw.parent / "work" / "thesis.tex").write_text("precious")
    code, output = call(raw)
    assert code == 1
    assert "the work folder is not empty and is not that of a transfer: found thesis.tex." in output
    # As is one of a run, of the pretraining for one.
    code, output = call(raw, "--work", raw.parent / "run")
    assert code == 1
    assert "is not that of a transfer: found" in output


def test_a_variant_that_is_not_there(raw):
    code, output = call(raw, "--variant", "VI", method="inception-nnunet")
    assert code == 1
    assert "inception-nnunet has no variant 'VI'" in output


def test_two_ways_to_name_devices(raw):
    code, output = call(raw, "--devices", "cpu")
    assert code == 2
    assert "--device and --devices exclude each other" in output
