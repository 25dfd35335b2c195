from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.saved_scores import load_scores
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import MethodScores, Scores
from mswal_bench.benchmark.scoring.scores_json import summary_json

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def scores(tmp_path: Path, save_labels: SaveLabels) -> Scores:
    reference = np.zeros((3, 4, 5), np.uint8)
    reference[2, 1, 0:2] = 6
    prediction = reference.copy()
    prediction[0, 3, 4] = 6
    # The grid's x runs to the patient's back, its y to the left.
    turned = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    save_labels(tmp_path / "ref" / "a.nii.gz", reference, direction=turned)
    save_labels(tmp_path / "mine" / "a.nii.gz", prediction, direction=turned)
    return score_folders([tmp_path / "mine"], tmp_path / "ref", jobs=1)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_three_files(tmp_path: Path, scores: Scores) -> None:
    out = tmp_path / "not" / "there" / "yet"
    scores.save(out)
    assert sorted(path.name for path in out.iterdir()) == ["cases.csv", "lesions.csv", "scores.json"]
    assert (out / "scores.json").read_text() == summary_json(scores.summary())


def test_case_rows(tmp_path: Path, scores: Scores) -> None:
    scores.save(tmp_path)
    rows = _rows(tmp_path / "cases.csv")
    assert len(rows) == 7
    (row,) = [row for row in rows if row["class"] == "liver_cyst"]
    assert row == {
        "method": "mine",
        "case": "a",
        "class": "liver_cyst",
        "missing": "0",
        "reference_voxels": "2",
        "prediction_voxels": "3",
        "intersection_voxels": "2",
        "dsc": "0.8",
        "tp": "1",
        "fp": "1",
        "fn": "0",
        "f1": repr(2 / 3),
        "reference_mm3": "4.000",
        "prediction_mm3": "6.000",
        "nsd": "",
        "hd95_mm": "",
    }
    assert [row["dsc"] for row in rows if row["class"] != "liver_cyst"] == [""] * 6


def test_lesion_rows(tmp_path: Path, scores: Scores) -> None:
    scores.save(tmp_path)
    found, false_alarm, match = _rows(tmp_path / "lesions.csv")
    assert (found["side"], found["lesion"], found["status"], found["matched"]) == ("reference", "1", "TP", "2")
    assert (match["side"], match["lesion"], match["status"], match["matched"]) == ("prediction", "2", "TP", "1")
    assert (found["voxels"], found["volume_mm3"], found["iou"]) == ("2", "4.000", "1.0")
    # Two voxels side by side, of 1 x 1 mm.
    assert (found["diameter_mm"], found["dsc"]) == (f"{5**0.5:.3f}", "1.0")
    assert (false_alarm["status"], false_alarm["matched"], false_alarm["iou"]) == ("FP", "", "0.0")
    # Indices (x, y, z) = (0.5, 1, 2) of spacing (1, 1, 2) from (10, -20, 30).
    centroid = [found[f"centroid_{axis}_mm"] for axis in "xyz"]
    assert centroid == ["11.000", "-19.500", "34.000"]


def test_distances(tmp_path: Path, scores: Scores) -> None:
    scores = score_folders([tmp_path / "mine"], tmp_path / "ref", jobs=1, details=True)
    scores.save(tmp_path)
    cysts, *others = sorted(_rows(tmp_path / "cases.csv"), key=lambda row: row["class"] != "liver_cyst")
    assert 0 < float(cysts["nsd"]) < 1
    # From the lone voxel to the cyst, 2 planes of 2 mm, 2 and 3 voxels of 1 mm; its farther corners count.
    assert 4 < float(cysts["hd95_mm"]) < 7
    assert {(row["nsd"], row["hd95_mm"]) for row in others} == {("", "")}


def _methods(folder: Path, save_labels: SaveLabels) -> Scores:
    """Two methods on three cases: `good` misses a prediction, of `poor` a case cannot be scored."""
    generator = np.random.default_rng(1)
    for number in range(3):
        reference = generator.integers(0, 8, (3, 5, 7)).astype(np.uint8) * (number < 2)
        save_labels(folder / "ref" / f"case_{number}.nii.gz", reference)
        save_labels(folder / "good" / f"case_{number}.nii.gz", reference)
        save_labels(folder / "poor" / f"case_{number}.nii.gz", np.roll(reference, 1))
    (folder / "good" / "case_1.nii.gz").unlink()
    (folder / "poor" / "case_0.nii.gz").write_bytes(b"")
    folders = [folder / "good", folder / "poor"]
    return score_folders(folders, folder / "ref", jobs=1, allow_missing=True, details=True)


def test_what_is_loaded_is_what_was_saved(tmp_path: Path, save_labels: SaveLabels) -> None:
    scores = replace(_methods(tmp_path, save_labels), track="demo", left_out=("third",))
    scores.save(tmp_path / "out")
    loaded = load_scores(tmp_path / "out")
    assert (loaded.protocol, loaded.track, loaded.left_out) == (scores.protocol, "demo", ("third",))
    assert loaded.case_ids == scores.case_ids == ("case_0", "case_1", "case_2")
    assert {name: (of.missing, of.failed) for name, of in loaded.items()} == {
        "good": (("case_1",), ()),
        "poor": ((), ("case_0",)),
    }
    assert summary_json(loaded.summary()) == summary_json(scores.summary())
    for name, method in scores.items():
        assert loaded[name].counts == method.counts
        for case, scored in method.by_case.items():
            read = loaded[name].by_case[case]
            assert str(read.score.surfaces) == str(scored.score.surfaces)
            np.testing.assert_allclose(read.positions_mm, scored.positions_mm, rtol=0, atol=5e-4)
            for column in ("class_id", "is_prediction", "voxels", "diameter_mm", "matched_id", "iou", "dsc"):
                np.testing.assert_array_equal(
                    getattr(read.score.lesions, column), getattr(scored.score.lesions, column)
                )
    loaded.save(tmp_path / "again")
    for file in sorted((tmp_path / "out").iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_rounded_volumes_and_diameters_are_saved_again_as_they_were(tmp_path: Path, save_labels: SaveLabels) -> None:
    generator = np.random.default_rng(2)
    for number in range(6):
        # Voxels of less than the thousandth of a mm3 that volumes are written to.
        spacing = tuple(generator.uniform(0.05, 0.12, 3).tolist())
        for folder in ("ref", "mine"):
            labels = generator.integers(0, 8, (4, 5, 9)).astype(np.uint8)
            save_labels(tmp_path / folder / f"{number}.nii.gz", labels, spacing=spacing)
    scores = score_folders([tmp_path / "mine"], tmp_path / "ref", jobs=1, details=True)
    scores.save(tmp_path / "out")
    loaded = load_scores(tmp_path / "out")
    loaded.save(tmp_path / "again")
    for name in ("cases.csv", "lesions.csv", "scores.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    # NaN is not equal to itself; its text is.
    computed = replace(loaded["mine"], read_details=None).details
    assert str(loaded["mine"].details) == str(scores["mine"].details) != str(computed)


@pytest.mark.parametrize(
    ("name", "value"),
    [("nsd", 0.123), ("hd95_mm", None), ("hd95_cases", 9), ("matched_dsc", 0.123), ("every_size", {"tp": 9})],
)
def test_details_that_do_not_follow_from_the_cases(
    name: str, value: object, tmp_path: Path, save_labels: SaveLabels
) -> None:
    _methods(tmp_path, save_labels).save(tmp_path / "out")
    path = tmp_path / "out" / "scores.json"
    content = json.loads(path.read_text())
    details = content["methods"]["poor"]["details"]["kidney_tumor"]
    details[name] = {**details[name], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(content))
    with pytest.raises(BenchError, match=r"the details of poor are not those of .* found kidney_tumor"):
        load_scores(tmp_path / "out")


def test_a_method_of_which_nothing_could_be_scored_is_loaded_too(tmp_path: Path, scores: Scores) -> None:
    nothing = MethodScores("nothing", scores.protocol, {}, ("a",))
    with_it = replace(scores, methods={**scores.methods, "nothing": nothing})
    assert [method.details for method in with_it.summary().methods.values()] == [None, None]
    with_it.save(tmp_path / "out")
    loaded = load_scores(tmp_path / "out")
    assert (list(loaded), loaded["nothing"].failed, dict(loaded["nothing"].by_case)) == (
        ["mine", "nothing"],
        ("a",),
        {},
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("lesions.csv", ",FP,", ",FP,9", r"lesions\.csv: the lesions are not those that cases\.csv counts, in case a"),
        ("lesions.csv", "reference", "elsewhere", r"lesions\.csv: line 2 is not a row of `mswal-bench score`"),
        ("lesions.csv", "mine,a,", "mine,b,", r"lesions\.csv: the lesions are not those .* in case b"),
        ("cases.csv", "gallstone", "gall_stone", r"cases\.csv: the case a has other classes"),
        ("scores.json", '"mine": {', '"yours": {', r"cases\.csv: the methods are not those of scores\.json"),
        ("scores.json", "mswal/1", "mswal/9", r"scores\.json: the protocol is not that of its classes"),
        ("scores.json", '"tp": 1', '"tp": 2', r"the numbers of mine are not those of .* found liver_cyst"),
        ("scores.json", '"cases": 1,\n  "comp', '"cases": 2,\n  "comp', "another number of cases than .* found 2"),
        ("scores.json", '"tp": 1', '"tp": "one"', r"scores\.json: is not the file that `mswal-bench score --out`"),
    ],
)
def test_files_that_contradict_one_another(
    tmp_path: Path, scores: Scores, file: str, old: str, new: str, told: str
) -> None:
    scores.save(tmp_path)
    path = tmp_path / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BenchError, match=told):
        load_scores(tmp_path)


def test_a_case_whose_rows_were_taken_out(tmp_path: Path, save_labels: SaveLabels) -> None:
    _methods(tmp_path, save_labels).save(tmp_path / "out")
    for name in ("cases.csv", "lesions.csv"):
        path = tmp_path / "out" / name
        path.write_text("".join(line for line in path.read_text().splitlines(True) if ",case_1," not in line))
    with pytest.raises(BenchError) as caught:
        load_scores(tmp_path / "out")
    assert len(caught.value.problems) == 4


def test_a_method_with_classes_of_its_own(tmp_path: Path, save_labels: SaveLabels) -> None:
    _methods(tmp_path, save_labels).save(tmp_path / "out")
    path = tmp_path / "out" / "scores.json"
    content = json.loads(path.read_text())
    content["methods"]["poor"]["classes"].pop("gallstone")
    path.write_text(json.dumps(content))
    with pytest.raises(BenchError, match=r"the numbers of poor are not those of .* found gallstone"):
        load_scores(tmp_path / "out")


@pytest.mark.parametrize("file", ["cases.csv", "lesions.csv", "scores.json"])
def test_a_file_that_is_not_there(tmp_path: Path, scores: Scores, file: str) -> None:
    scores.save(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(BenchError, match=re.escape(f"{file}: cannot be read (No such file or directory)")):
        load_scores(tmp_path)


def test_a_place_that_cannot_be_written_to(tmp_path: Path, scores: Scores) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="cannot be written"):
        scores.save(tmp_path / "file" / "out")
