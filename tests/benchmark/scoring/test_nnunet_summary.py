"""Against the function whose file this is."""

from __future__ import annotations

import json
import math
import multiprocessing.dummy
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.scoring.nnunet_summary import summary_json, write_summaries
from mswal_bench.benchmark.scoring.score_folders import score_folders

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def folders(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """`labels` and the predictions `mine` of three cases with the classes 1 to 3; the last case is empty."""
    generator = np.random.default_rng(0)
    for number in range(3):
        reference = generator.integers(0, 4, (3, 5, 7)).astype(np.uint8) * (number < 2)
        prediction = generator.integers(0, 3, (3, 5, 7)).astype(np.uint8) * (number < 2)
        save_labels(tmp_path / "labels" / f"case_{number}.nii.gz", reference)
        save_labels(tmp_path / "mine" / f"case_{number}.nii.gz", prediction)
    return tmp_path


def _theirs(folders: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    from nnunetv2.evaluation import evaluate_predictions as evaluation  # a skip would be silent
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    # Threads for its processes: what is compared is what it computes.
    monkeypatch.setattr(evaluation, "multiprocessing", SimpleNamespace(get_context=lambda _: multiprocessing.dummy))
    out = str(folders / "theirs.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of means over no case
        evaluation.compute_metrics_on_folder(
            str(folders / "labels"), str(folders / "mine"), out, SimpleITKIO(), ".nii.gz", list(range(1, 8))
        )
    return json.loads(Path(out).read_text())


def _assert_same(mine: Any, theirs: Any, place: str = "") -> None:
    if isinstance(theirs, dict):
        assert list(mine) == list(theirs), place
        for key, value in theirs.items():
            _assert_same(mine[key], value, f"{place}.{key}")
    elif isinstance(theirs, list):
        assert len(mine) == len(theirs), place
        for number, value in enumerate(theirs):
            _assert_same(mine[number], value, f"{place}[{number}]")
    elif isinstance(theirs, float) and math.isnan(theirs):
        assert math.isnan(mine), place
    elif isinstance(theirs, str):
        assert mine == theirs, place
    else:
        assert mine == pytest.approx(theirs, rel=1e-12), place
        assert isinstance(mine, int) or not isinstance(theirs, int), place


@pytest.mark.slow
def test_it_is_nnunets(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = score_folders([folders / "mine"], folders / "labels", jobs=1)
    write_summaries(result, folders / "out")
    mine = json.loads((folders / "out" / "nnunet" / "mine" / "summary.json").read_text())
    theirs = _theirs(folders, monkeypatch)
    assert math.isnan(theirs["foreground_mean"]["Dice"])
    _assert_same(mine, theirs)


@pytest.mark.slow
def test_it_is_nnunets_where_every_class_is_defined(
    folders: Path, save_labels: SaveLabels, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything: NDArray[np.uint8] = (np.arange(105) % 8).reshape(3, 5, 7).astype(np.uint8)
    save_labels(folders / "labels" / "case_1.nii.gz", everything)
    result = score_folders([folders / "mine"], folders / "labels", jobs=1)
    write_summaries(result, folders / "out")
    mine = json.loads((folders / "out" / "nnunet" / "mine" / "summary.json").read_text())
    assert 0 < mine["foreground_mean"]["Dice"] < 1
    _assert_same(mine, _theirs(folders, monkeypatch))


def test_hand_computed(tmp_path: Path, save_labels: SaveLabels) -> None:
    reference, prediction = np.zeros((2, 1, 4), np.uint8), np.zeros((2, 1, 4), np.uint8)
    reference[0, 0, :3] = 5
    prediction[0, 0, 2:] = 5
    save_labels(tmp_path / "labels" / "a.nii.gz", reference)
    save_labels(tmp_path / "mine" / "a.nii.gz", prediction)
    result = score_folders([tmp_path / "mine"], tmp_path / "labels", jobs=1)
    write_summaries(result, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "nnunet" / "mine" / "summary.json").read_text())
    (case,) = content["metric_per_case"]
    assert case["metrics"]["5"] == {
        "Dice": 2 / 5, "IoU": 1 / 4, "TP": 1, "FP": 1, "FN": 2, "TN": 4, "n_pred": 2, "n_ref": 3,
    }  # fmt: skip
    assert content["mean"]["5"]["Dice"] == 2 / 5
    assert case["reference_file"] == str(tmp_path / "labels" / "a.nii.gz")


def test_a_missing_prediction_has_no_file(folders: Path) -> None:
    (folders / "mine" / "case_1.nii.gz").unlink()
    result = score_folders([folders / "mine"], folders / "labels", jobs=1, allow_missing=True)
    write_summaries(result, folders / "out")
    content = json.loads((folders / "out" / "nnunet" / "mine" / "summary.json").read_text())
    assert [case["prediction_file"] is None for case in content["metric_per_case"]] == [False, True, False]


def test_no_case() -> None:
    content = json.loads(summary_json([], [1, 2]))
    assert content["metric_per_case"] == []
    assert math.isnan(content["mean"]["2"]["TP"])


def test_from_the_command_line(folders: Path) -> None:
    command = ["score", str(folders / "mine"), "--reference", str(folders / "labels"), "--nnunet-summary"]
    assert CliRunner().invoke(main, command).exit_code == 2
    result = CliRunner().invoke(main, [*command, "--out", str(folders / "out")])
    assert result.exit_code == 0
    assert (folders / "out" / "nnunet" / "mine" / "summary.json").is_file()
