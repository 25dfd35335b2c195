from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.benchmark.scoring import score_files
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.scores_json import summary_json
from mswal_bench.metrics import CaseScore, score_case

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


def _labels(*values: int) -> NDArray[np.uint8]:
    """A volume of 3 x 4 x 5 voxels (z, y, x) that begins with `values`."""
    labels = np.zeros((3, 4, 5), np.uint8)
    labels.ravel()[: len(values)] = values
    return labels


@pytest.fixture
def folders(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """References `ref` and predictions of the methods `good` and `poor` for three cases."""
    for case, reference in {"a": _labels(1, 1, 0, 3, 3), "b": _labels(1, 1, 1, 1), "c": _labels()}.items():
        save_labels(tmp_path / "ref" / f"{case}.nii.gz", reference)
        save_labels(tmp_path / "good" / f"{case}.nii.gz", reference)
        save_labels(tmp_path / "poor" / f"{case}.mha", np.where(reference == 3, 0, np.roll(reference, 1)))
    return tmp_path


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_hand_computed(folders: Path, jobs: int | None) -> None:
    table = score_folders([folders / "good", folders / "poor"], folders / "ref", jobs=jobs)
    good, poor = table["good"], table["poor"]
    assert table.case_ids == ("a", "b", "c")
    assert (good["gallstone"].dsc, good["gallstone"].f1, good["gallstone"].cases) == (1, 1, 2)
    # Case a: 1 of 2 and 2 voxels shared, IoU 1/3. Case b: 3 of 4 and 4, IoU 3/5.
    assert poor["gallstone"].dsc == pytest.approx((2 / 4 + 6 / 8) / 2)
    assert (poor["gallstone"].tp, poor["gallstone"].fp, poor["gallstone"].fn) == (1, 1, 1)
    assert poor["gallstone"].f1 == 0.5
    assert (good["liver_tumor"].dsc, good["liver_tumor"].cases) == (1, 1)
    assert table.average_score["gallstone"].f1 == 0.75
    assert np.isnan(table.average_score["liver_cyst"].dsc)


def test_a_missing_prediction_counts_as_empty_where_allowed(folders: Path) -> None:
    (folders / "good" / "b.nii.gz").unlink()
    result = score_folders([folders / "good"], folders / "ref", jobs=1, allow_missing=True)
    method = result["good"]
    assert method.missing == ("b",)
    assert (method.classes["gallstone"].dsc, method.classes["gallstone"].fn) == (0.5, 1)
    assert [case.prediction is None for case in result["good"].by_case.values()] == [False, True, False]


def test_only_the_cases_asked_for_are_scored(folders: Path) -> None:
    (folders / "good" / "b.nii.gz").write_bytes(b"nobody reads this")
    result = score_folders([folders / "good"], folders / "ref", cases=["a", "c"], jobs=1)
    assert result.problems == ()
    assert result.case_ids == ("a", "c")
    assert list(result["good"].by_case) == ["a", "c"]
    assert result["good"].classes["gallstone"].cases == 1


def test_the_problems_of_all_cases_are_told(folders: Path, save_labels: SaveLabels) -> None:
    save_labels(folders / "good" / "a.nii.gz", _labels(9), origin=(0.0, 0.0, 0.0))
    (folders / "good" / "b.nii.gz").write_bytes(b"")
    save_labels(folders / "poor" / "b.mha", _labels(), spacing=(1.0, 1.0, 3.0))
    save_labels(folders / "ref" / "c.nii.gz", _labels().astype(float) + 0.5)
    for jobs in (1, 2):
        result = score_folders([folders / "good", folders / "poor"], folders / "ref", jobs=jobs)
        problems = [str(problem) for problem in result.problems]
        assert len(problems) == 5
        expected = ["good/a.nii.gz", "good/a.nii.gz", "good/b.nii.gz", "poor/b.mha", "ref/c.nii.gz"]
        assert all(name in problem for name, problem in zip(expected, problems, strict=True))
        failed = {name: method.failed for name, method in result.items()}
        assert failed == {"good": ("a", "b", "c"), "poor": ("b", "c")}
        assert list(result["poor"].by_case) == ["a"]


def test_scores_are_kept_and_taken_up_again(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def score() -> Scores:
        return score_folders([folders / "good", folders / "poor"], folders / "ref", jobs=1, out=folders / "out")

    first = score()
    assert not first.notes
    monkeypatch.setattr(score_files, "score_case", pytest.fail)
    again = score()
    assert summary_json(again.summary()) == summary_json(first.summary())
    assert again.notes == (f"6 of 6 scores were in {folders / 'out'} already and taken from there",)
    monkeypatch.undo()
    shutil.copy(folders / "ref" / "c.nii.gz", folders / "good" / "b.nii.gz")
    changed = score()
    assert changed.notes == (f"5 of 6 scores were in {folders / 'out'} already and taken from there",)
    assert changed["good"].classes["gallstone"].fn == 1


def test_nothing_of_an_interrupted_scoring_is_lost(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def interrupted(*arguments: object, **options: object) -> CaseScore:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return score_case(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(score_files, "score_case", interrupted)
    with pytest.raises(KeyboardInterrupt):
        score_folders([folders / "good", folders / "poor"], folders / "ref", jobs=1, out=folders / "out")
    monkeypatch.undo()
    result = score_folders([folders / "good", folders / "poor"], folders / "ref", jobs=1, out=folders / "out")
    assert result.notes[0].startswith("3 of 6 scores")
    assert not list((folders / "out").rglob(".partial-*"))


@pytest.mark.slow
def test_dsc_is_nnunets(kits_raters: Path) -> None:
    rater = "rater2"
    from nnunetv2.evaluation import evaluate_predictions as evaluation  # a skip would be silent
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    result = score_folders([kits_raters / rater], kits_raters / "rater1", jobs=1)
    theirs: dict[int, list[float]] = {4: [], 7: []}
    for case in result[rater].by_case.values():
        name = f"{case.case}.nii.gz"
        files = str(kits_raters / "rater1" / name), str(kits_raters / rater / name)
        metrics = evaluation.compute_metrics(*files, SimpleITKIO(), [4, 7])["metrics"]
        for class_id, values in theirs.items():
            values.append(metrics[class_id]["Dice"])
            np.testing.assert_allclose(case.score.classes[class_id].dsc, values[-1], atol=1e-6)
    classes = result[rater]
    assert classes["kidney_tumor"].dsc == pytest.approx(np.nanmean(theirs[4]), abs=1e-6)
    assert classes["kidney_cyst"].dsc == pytest.approx(np.nanmean(theirs[7]), abs=1e-6)
