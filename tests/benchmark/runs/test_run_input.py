"""What `mswal-bench run` refuses, before it works."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Six training cases and one test case; the volumes are empty files."""
    root = tmp_path / "raw"
    for subset, cases in {"Tr": range(6), "Ts": range(6, 7)}.items():
        for folder, channel in (("images", "_0000"), ("labels", "")):
            (root / f"{folder}{subset}").mkdir(parents=True, exist_ok=True)
            for case in cases:
                (root / f"{folder}{subset}" / f"C{case}{channel}.nii.gz").touch()
    content = {"name": "Toy", "labels": {"background": 0, "spleen": 1}, "numTraining": 6, "file_ending": ".nii.gz"}
    (root / "dataset.json").write_text(json.dumps(content))
    return root


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["run", *(str(argument) for argument in arguments)])
    return result.exit_code, result.output


def test_no_such_method(raw, tmp_path):
    code, output = call("mars-net", "--data", raw, "--work", tmp_path / "work")
    assert code == 2
    assert "'mars-net' is not one of 'inception-nnunet', 'nnunet-v1', 'nnunet-v2'" in output
    assert not (tmp_path / "work").exists()


def test_no_such_variant(raw, tmp_path):
    code, output = call("inception-nnunet", "--variant", "VI", "--data", raw, "--work", tmp_path / "work")
    assert code == 1
    assert "inception-nnunet has no variant 'VI': expected one of: I, II, III, IV, V, released" in output
    assert not (tmp_path / "work").exists()


def test_no_such_data(tmp_path):
    pytest.importorskip("nnunetv2")
    code, output = call("nnunet-v2", "--data", tmp_path / "absent", "--work", tmp_path / "work", "--device", "cpu")
    assert code == 1
    assert "absent: there is no such folder" in output
    assert not (tmp_path / "work").exists()


def test_too_few_cases_for_folds(raw, tmp_path):
    pytest.importorskip("nnunetv2")
    for case in range(2):
        (raw / "imagesTr" / f"C{case}_0000.nii.gz").unlink()
        (raw / "labelsTr" / f"C{case}.nii.gz").unlink()
    description = json.loads((raw / "dataset.json").read_text())
    (raw / "dataset.json").write_text(json.dumps(description | {"numTraining": 4}))
    code, output = call("nnunet-v2", "--data", raw, "--work", tmp_path / "work", "--device", "cpu")
    assert code == 1
    assert "too few training cases: expected 5 or more, to cut into folds, found 4" in output
    assert not (tmp_path / "work").exists()


def test_a_gpu_that_is_not_there(raw, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("nnunetv2")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    code, output = call("nnunet-v2", "--data", raw, "--work", tmp_path / "work", "--device", "cuda")
    assert code == 1
    assert "torch sees no CUDA device" in output


def test_a_work_folder_that_holds_something_else(raw, tmp_path):
    pytest.importorskip("nnunetv2")
    (tmp_path / "thesis.tex").write_text("precious")
    code, output = call("nnunet-v2", "--data", raw, "--work", tmp_path, "--device", "cpu")
    assert code == 1
    assert "is not empty and is not that of a run" in output
    assert (tmp_path / "thesis.tex").read_text() == "precious"
