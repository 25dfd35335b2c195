from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.board.grand_challenge import evaluate_jobs as evaluating
from mswal_bench.benchmark.board.grand_challenge.evaluate_jobs import evaluate_jobs
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest_file import write_manifest

from .conftest import CASES

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

    from .conftest import Mounts


def test_aggregates_alone_of_a_hidden_phase(mounts: Mounts) -> None:
    evaluate_jobs(mounts.configuration())
    content = mounts.metrics()
    assert sorted(content) == ["aggregates", "bootstrap", "cases", "protocol", "schema_version", "version"]
    assert content["aggregates"]["average"]["dsc"] == {"value": 0.83, "low": None, "high": None}
    of_classes = [estimate for of in content["aggregates"]["classes"].values() for estimate in of.values()]
    assert all(estimate == {"value": None, "low": None, "high": None} for estimate in of_classes)
    text = (mounts.root / "output" / "metrics.json").read_text()
    assert not [case for case in CASES if case in text]
    assert str(mounts.root) not in text


@pytest.mark.parametrize("how", ["variable", "manifest"])
def test_cases_of_a_phase_that_is_not_hidden(how: str, mounts: Mounts) -> None:
    if how == "manifest":
        manifest = manifest_of(mounts.root / "ground_truth" / "labels", "demo", False)
        write_manifest(manifest, mounts.root / "ground_truth" / "manifest.json")
    evaluate_jobs(mounts.configuration(**({"MSWAL_HIDDEN": "false"} if how == "variable" else {})))
    results = mounts.metrics()["results"]
    assert [result["case"] for result in results] == list(CASES)
    assert [result["classes"]["liver_tumor"]["dsc"] for result in results] == [1, 1, 1, 1, 1, 0]
    assert results[5]["classes"]["liver_tumor"] == {"dsc": 0, "tp": 0, "fp": 0, "fn": 1}
    assert results[0]["classes"]["gallstone"]["dsc"] is None
    assert mounts.metrics()["aggregates"]["classes"]["liver_tumor"]["dsc"]["value"] == pytest.approx(5 / 6, abs=1e-12)


@pytest.mark.parametrize("layout", ["root", "labels", "raw", "nested"])
def test_where_the_labels_may_lie(layout: str, mounts: Mounts) -> None:
    truth = mounts.root / "ground_truth"
    labels = truth / "labels"
    if layout == "root":
        for path in labels.iterdir():
            path.rename(truth / path.name)
        labels.rmdir()
    elif layout == "raw":
        labels.rename(truth / "labelsTs")
        (truth / "imagesTs").mkdir()
        (truth / "imagesTs" / f"{CASES[0]}_0000.nii.gz").touch()
    elif layout == "nested":
        (truth / "MSWAL").mkdir()
        labels.rename(truth / "MSWAL" / "labelsTs")
    evaluate_jobs(mounts.configuration())
    assert mounts.metrics()["cases"] == 6


def test_what_is_wrong_with_predictions_is_told(mounts: Mounts, save_labels: SaveLabels) -> None:
    save_labels(mounts.output_of(CASES[0]), np.zeros((3, 6, 19), np.uint8))
    save_labels(mounts.output_of(CASES[1]), np.full((3, 6, 20), 8, np.uint8))
    mounts.output_of(CASES[2]).write_bytes(b"ObjectType = Image\n")
    with pytest.raises(BenchError) as raised:
        evaluate_jobs(mounts.configuration())
    told = [str(problem) for problem in raised.value.problems]
    assert [case for case in CASES[:3] if any(case in line for line in told)] == list(CASES[:3])
    assert any("shape-differs" in line for line in told)
    assert any("not-labels" in line for line in told)
    assert not (mounts.root / "output" / "metrics.json").exists()


@pytest.mark.parametrize("hidden", ["true", "false"])
def test_voxels_that_are_not_labels_are_told_by_case(hidden: str, mounts: Mounts, save_labels: SaveLabels) -> None:
    for case in CASES[1:3]:
        save_labels(mounts.output_of(case), np.full((3, 6, 20), 8, np.uint8))
    with pytest.raises(BenchError) as raised:
        evaluate_jobs(mounts.configuration(MSWAL_HIDDEN=hidden))
    told = [str(problem) for problem in raised.value.problems]
    assert [line.partition(":")[0] for line in told] == [f"prediction of {case}" for case in CASES[1:3]]
    assert all("[not-labels]" in line and str(mounts.root) not in line for line in told)


def test_every_file_is_unpacked_once(mounts: Mounts, voxels_read: list[str]) -> None:
    evaluate_jobs(mounts.configuration())
    assert len(voxels_read) == 2 * len(CASES)


def test_what_is_wrong_with_labels_is_not_told(mounts: Mounts, save_labels: SaveLabels) -> None:
    spoilt = np.zeros((3, 6, 20), np.uint8)
    spoilt[1, 2, 3] = 77
    save_labels(mounts.root / "ground_truth" / "labels" / f"{CASES[3]}.nii.gz", spoilt)
    with pytest.raises(BenchError) as raised:
        evaluate_jobs(mounts.configuration())
    told = str(raised.value)
    assert "the evaluation failed on the organiser's side" in told
    assert not [word for word in ("77", CASES[3], "labels of", str(mounts.root)) if word in told]
    assert raised.value.__suppress_context__
    assert not (mounts.root / "output" / "metrics.json").exists()


def test_a_crash_tells_nothing(mounts: Mounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("4711 voxels of label 3")

    monkeypatch.setattr(evaluating, "score_folders", crash)
    with pytest.raises(BenchError, match="on the organiser's side") as raised:
        evaluate_jobs(mounts.configuration())
    assert "4711" not in str(raised.value)


@pytest.mark.parametrize("what", ["no ground truth", "no labels", "no manifest"])
def test_a_ground_truth_that_is_none(what: str, mounts: Mounts) -> None:
    truth = mounts.root / "ground_truth"
    if what == "no ground truth":
        truth.rename(mounts.root / "elsewhere")
    elif what == "no labels":
        for path in (truth / "labels").iterdir():
            path.unlink()
    else:
        (truth / "manifest.json").write_text(json.dumps({"track": "x"}))
    with pytest.raises(BenchError, match="on the organiser's side"):
        evaluate_jobs(mounts.configuration())


def test_a_prediction_stored_along_other_axes(mounts: Mounts) -> None:
    import SimpleITK

    path = mounts.output_of(CASES[4])
    SimpleITK.WriteImage(SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "SRA"), str(path))
    evaluate_jobs(mounts.configuration(MSWAL_HIDDEN="false"))
    assert mounts.metrics()["aggregates"]["classes"]["liver_tumor"]["dsc"]["value"] == pytest.approx(5 / 6, abs=1e-12)


def test_the_scores_are_those_of_a_submission(mounts: Mounts, tmp_path: Path) -> None:
    """One scoring code: `score` on the same files says the same."""
    from mswal_bench.benchmark.scoring.score_folders import score_folders

    folder = tmp_path / "as_a_folder"
    folder.mkdir()
    for case in CASES:
        (folder / f"{case}.mha").symlink_to(mounts.output_of(case))
    (method,) = score_folders([folder], mounts.root / "ground_truth" / "labels", jobs=1).values()
    evaluate_jobs(mounts.configuration(MSWAL_HIDDEN="false"))
    aggregates = mounts.metrics()["aggregates"]
    for key, score in method.classes.items():
        found = aggregates["classes"][key]["dsc"]["value"]
        assert found == (None if np.isnan(score.dsc) else pytest.approx(score.dsc))


def test_a_manifest_of_other_labels_than_the_ground_truth_s(mounts: Mounts) -> None:
    truth = mounts.root / "ground_truth"
    write_manifest(manifest_of(truth / "labels", "demo", False), truth / "manifest.json")
    (truth / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "kidney": 1}}))
    with pytest.raises(BenchError, match="names other labels than the manifest"):
        evaluate_jobs(mounts.configuration(MSWAL_HIDDEN="false"))
