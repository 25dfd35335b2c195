"""Frames of scores: they hold what the files hold, under names that mean one thing in all of them."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas
import pytest

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.labelled_arrays import score_arrays
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import Scores

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def scores(tmp_path: Path, save_labels: SaveLabels) -> Scores:
    """Two methods on a case of two lesion types, one of which the second method misses."""
    reference = np.zeros((3, 4, 6), np.uint8)
    reference[2, 1, 0:2] = 6
    reference[0, 0, 4:6] = 1
    for folder, missed in (("ref", 0), ("one", 0), ("two", 1)):
        array = np.where(reference == missed, 0, reference)
        save_labels(tmp_path / folder / "a.nii.gz", np.roll(array, folder == "two", axis=2))
    return score_folders([tmp_path / "one", tmp_path / "two"], tmp_path / "ref", jobs=1, details=True)


def values(frame: pandas.DataFrame, *keys: str) -> dict[object, float]:
    return {tuple(key): value for *key, value in frame[[*keys, "value"]].itertuples(index=False)}


def test_numbers_are_those_of_the_scores(scores: Scores) -> None:
    frame = scores.to_frame()
    assert list(frame.columns) == ["method", "lesion", "metric", "value"]
    of = values(frame, "method", "lesion", "metric")
    assert len(of) == len(frame)
    assert of["two", "liver_cyst", "dsc"] == scores["two"]["liver_cyst"].dsc == 0.5
    assert of["two", "gallstone", "fn"] == 1
    assert of["one", "average", "f1"] == scores["one"].average.f1 == 1
    assert of["two", "liver_cyst", "nsd"] == scores["two"].details["liver_cyst"].nsd
    assert isnan(of["one", "kidney_cyst", "dsc"])


def test_without_surfaces_there_are_no_details(two_methods: Scores) -> None:
    metrics = ["dsc", "f1", "tp", "fp", "fn", "f1_per_case", "cases"]
    assert two_methods.to_frame()["metric"].unique().tolist() == metrics


@pytest.mark.parametrize("table", ["cases", "lesions"])
def test_cases_and_lesions_are_those_of_the_files(table: str, scores: Scores, tmp_path: Path) -> None:
    scores.save(tmp_path / "out")
    names = {"cases": {"class": "lesion"}, "lesions": {"lesion": "number", "class": "lesion"}}[table]
    expected = pandas.read_csv(tmp_path / "out" / f"{table}.csv").rename(columns=names)
    frame = getattr(scores, table)
    assert sorted(frame.columns) == sorted(expected.columns)
    if table == "lesions":
        expected = expected.astype({"matched": "Int64"})
    pandas.testing.assert_frame_equal(frame[expected.columns], expected, check_dtype=False, atol=5e-4)


def test_a_lesion_without_a_match_has_none(scores: Scores) -> None:
    lesions = scores.lesions
    missed = lesions[(lesions["method"] == "two") & (lesions["lesion"] == "gallstone")]
    assert missed[["side", "number", "status"]].values.tolist() == [["reference", 1, "FN"]]
    assert missed["matched"].isna().all()


def test_a_frame_is_made_anew_each_time(scores: Scores) -> None:
    cases = scores.cases
    cases["dsc"] = 0.0
    assert scores.cases["dsc"].max() == 1


def test_one_case_in_arrays_gives_its_numbers() -> None:
    array = np.full((1, 1, 2), 3)
    frame = score_arrays(array, array, (1, 1, 1), MSWAL_1, details=True).to_frame()
    of = values(frame, "lesion", "metric")
    assert (of["liver_tumor", "dsc"], of["liver_tumor", "tp"], of["liver_tumor", "hd95_mm"]) == (1, 1, 0)
    assert isnan(of["gallstone", "f1"])
    assert ("gallstone", "nsd") not in values(
        score_arrays(array, array, (1, 1, 1), MSWAL_1, details=False).to_frame(), "lesion", "metric"
    )
