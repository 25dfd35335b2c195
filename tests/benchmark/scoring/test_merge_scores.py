from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, protocol_of_labels
from mswal_bench.benchmark.scoring.merge_scores import merge_into, merge_scores
from mswal_bench.benchmark.scoring.saved_scores import load_scores
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.score_formats import format_table
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.table_files import TABLE_FILES

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import MadeOnce, SaveLabels

METHODS = ("zeta", "alpha", "mid", "last")
FILES = ("cases.csv", "lesions.csv", "scores.json")


@pytest.fixture(scope="module")
def folders(made_once: MadeOnce, save_labels: SaveLabels) -> Path:
    """Label maps in `ref` and of four methods: `mid` lacks one, and of `last` one is damaged. Not to be written to."""

    def make(folder: Path) -> None:
        generator = np.random.default_rng(3)
        for number in range(4):
            # Volumes and diameters that are rounded when they are written.
            spacing = tuple(generator.uniform(0.3, 2.7, 3).tolist())
            labels = np.kron(generator.integers(0, 8, (2, 3, 4)), np.ones((2, 2, 2))).astype(np.uint8)
            save_labels(folder / "ref" / f"case_{number}.nii.gz", labels, spacing=spacing)
            for method in METHODS:
                predicted = np.where(generator.random(labels.shape) < 0.1, 0, labels)
                save_labels(folder / method / f"case_{number}.nii.gz", predicted, spacing=spacing)
        (folder / "mid" / "case_2.nii.gz").unlink()
        (folder / "last" / "case_1.nii.gz").write_bytes(b"")

    return made_once("scores_to_merge", make)


def _score(folders: Path, out: Path, *methods: str, details: bool = False, allow_missing: bool = True) -> Scores:
    paths = [folders / method for method in methods]
    scores = score_folders(paths, folders / "ref", jobs=1, details=details, allow_missing=allow_missing)
    scores.save(out)
    return scores


def _apart(folders: Path, out: Path, *methods: str, details: bool = False) -> list[Path]:
    for method in methods:
        _score(folders, out / method, method, details=details)
    return [out / method for method in methods]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("details", [False, True])
def test_scored_apart_and_together_are_the_same_files(folders: Path, tmp_path: Path, details: bool) -> None:
    together = _score(folders, tmp_path / "together", *METHODS, details=details)
    apart = _apart(folders, tmp_path / "apart", *METHODS, details=details)
    merged = merge_into(tmp_path / "merged", apart)
    assert _bytes(tmp_path / "merged") == _bytes(tmp_path / "together")
    assert list(merged) == list(METHODS)
    assert (merged["mid"].missing, merged["last"].failed, merged.is_whole) == (("case_2",), ("case_1",), False)
    for name, style in TABLE_FILES.items():
        assert (tmp_path / "merged" / name).read_text() == format_table(together, style) + "\n"
    assert sorted(path.name for path in (tmp_path / "merged").iterdir()) == sorted([*FILES, *TABLE_FILES])
    for style in ("csv", "json"):
        assert format_table(merged, style) == format_table(together, style)
    assert ("HD95" in format_table(merged, "table")) is details


def test_the_methods_are_in_the_order_of_the_folders_which_may_have_several(folders: Path, tmp_path: Path) -> None:
    _score(folders, tmp_path / "two", "mid", "alpha")
    _score(folders, tmp_path / "together", "zeta", "mid", "alpha", "last")
    several = [*_apart(folders, tmp_path, "zeta"), tmp_path / "two", *_apart(folders, tmp_path, "last")]
    merge_into(tmp_path / "merged", several)
    assert _bytes(tmp_path / "merged") == _bytes(tmp_path / "together")


def test_what_was_merged_can_be_merged(folders: Path, tmp_path: Path) -> None:
    zeta, alpha, mid = _apart(folders, tmp_path, "zeta", "alpha", "mid")
    _score(folders, tmp_path / "together", "zeta", "alpha", "mid")
    merge_into(tmp_path / "first", [zeta, alpha])
    merge_into(tmp_path / "second", [tmp_path / "first", mid])
    assert _bytes(tmp_path / "second") == _bytes(tmp_path / "together")
    merge_into(tmp_path / "alone", [tmp_path / "second"])
    assert _bytes(tmp_path / "alone") == _bytes(tmp_path / "together")


def test_a_folder_without_scores_costs_itself(folders: Path, tmp_path: Path) -> None:
    together = _score(folders, tmp_path / "together", "zeta", "mid", "alpha", allow_missing=False)
    assert together.left_out == ("mid",)
    apart = _apart(folders, tmp_path, "zeta", "alpha")
    # As a job of its own `mid` was refused, and there is no folder of it.
    merged = merge_into(tmp_path / "merged", [apart[0], tmp_path / "mid", apart[1]])
    assert merged.left_out == ("mid",)
    (problem,) = merged.problems
    assert str(problem) == f"{tmp_path / 'mid' / 'scores.json'}: cannot be read (No such file or directory)."
    assert _bytes(tmp_path / "merged") == _bytes(tmp_path / "together")


def test_scores_that_were_cut_off_or_changed_cost_themselves(folders: Path, tmp_path: Path) -> None:
    paths = _apart(folders, tmp_path, "zeta", "alpha", "mid")
    (paths[1] / "lesions.csv").write_text("".join((paths[1] / "lesions.csv").read_text().splitlines(True)[:-1]))
    (paths[2] / "scores.json").write_text("{")
    merged = merge_scores(paths)
    assert (list(merged), merged.left_out, len(merged.problems)) == (["zeta"], ("alpha", "mid"), 2)
    (paths[0] / "cases.csv").unlink()
    with pytest.raises(BenchError) as caught:
        merge_scores(paths)
    assert len(caught.value.problems) == 3


def test_what_is_left_out_is_called_by_as_much_of_its_path_as_tells_it_apart(folders: Path, tmp_path: Path) -> None:
    (zeta,) = _apart(folders, tmp_path, "zeta")
    goals = [tmp_path / run / "fold-all" for run in ("unet", "nnunet")]
    assert merge_scores([zeta, *goals]).left_out == ("unet/fold-all", "nnunet/fold-all")
    assert merge_scores([zeta, goals[0]]).left_out == ("fold-all",)


def test_the_folder_that_may_be_meant_is_named(folders: Path, tmp_path: Path) -> None:
    paths = _apart(folders, tmp_path / "runs", "zeta", "alpha")
    (problem,) = merge_scores([paths[0], tmp_path / "runs"]).problems
    assert problem.mend == f"Did you mean {paths[1]}, {paths[0]}?"


def test_what_could_not_be_scored_at_the_time_is_told_again(folders: Path, tmp_path: Path) -> None:
    _score(folders, tmp_path / "first", "zeta", "mid", allow_missing=False)
    (last,) = _apart(folders, tmp_path, "last")
    merged = merge_scores([tmp_path / "first", last])
    assert (list(merged), merged.left_out) == (["zeta", "last"], ("mid",))
    assert [str(problem) for problem in merged.problems] == [
        f"{tmp_path / 'first'}: mid could not be scored.",
        f"{last}: 1 of 4 cases of last could not be scored: case_1.",
    ]
    # Another try of it went well.
    (mid,) = _apart(folders, tmp_path, "mid")
    assert merge_scores([tmp_path / "first", mid]).left_out == ()


def test_details_of_some_methods_alone(folders: Path, tmp_path: Path) -> None:
    _score(folders, tmp_path / "with", "zeta", details=True)
    (alpha,) = _apart(folders, tmp_path, "alpha")
    merged = merge_into(tmp_path / "merged", [tmp_path / "with", alpha])
    assert merged.notes == ("NSD and HD95 were measured of zeta alone, so that the table has no details",)
    assert "HD95" not in (tmp_path / "merged" / "table.txt").read_text()
    methods = json.loads((tmp_path / "merged" / "scores.json").read_text())["methods"]
    with_details = json.loads((tmp_path / "with" / "scores.json").read_text())["methods"]
    assert methods["zeta"] == with_details["zeta"]
    assert "details" not in methods["alpha"]
    assert merge_scores([alpha]).notes == merge_scores([tmp_path / "with"]).notes == ()


def test_one_method_in_two_folders(folders: Path, tmp_path: Path) -> None:
    paths = _apart(folders, tmp_path, "zeta", "alpha")
    shutil.copytree(paths[0], tmp_path / "copy")
    with pytest.raises(BenchError) as caught:
        merge_scores([*paths, tmp_path / "copy"])
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{paths[0]}, {tmp_path / 'copy'}: scores of one method, 'zeta'.")


def test_other_cases(folders: Path, tmp_path: Path) -> None:
    (zeta,) = _apart(folders, tmp_path, "zeta")
    cases = ["case_0", "case_3"]
    score_folders([folders / "alpha"], folders / "ref", cases=cases, jobs=1).save(tmp_path / "alpha")
    with pytest.raises(BenchError) as caught:
        merge_scores([zeta, tmp_path / "alpha"])
    assert str(caught.value) == (
        f"{tmp_path / 'alpha'}: was scored on other cases: expected the 4 of {zeta}, found 2, without case_1, case_2."
    )
    with pytest.raises(BenchError, match=r"expected the 2 of .*, found 4, with case_1, case_2"):
        merge_scores([tmp_path / "alpha", zeta])


def test_a_case_that_could_not_be_scored_is_no_other_case(folders: Path, tmp_path: Path) -> None:
    last, zeta = _apart(folders, tmp_path, "last", "zeta")
    assert merge_scores([last, zeta]).case_ids == merge_scores([zeta, last]).case_ids == load_scores(zeta).case_ids


def test_other_labels_under_the_same_names(folders: Path, tmp_path: Path) -> None:
    (zeta,) = _apart(folders, tmp_path, "zeta")
    score_folders([folders / "alpha"], folders / "zeta", jobs=1).save(tmp_path / "alpha")
    with pytest.raises(BenchError) as caught:
        merge_scores([zeta, tmp_path / "alpha"])
    (problem,) = caught.value.problems
    assert problem.where == str(tmp_path / "alpha")
    assert problem.what.startswith(f"was scored against other labels than {zeta}, in case_0, ")


def test_another_track(folders: Path, tmp_path: Path) -> None:
    paths = _apart(folders, tmp_path, "zeta", "alpha", "mid")
    for path, track in zip(paths, (None, "public-cv", "official-test"), strict=True):
        replace(load_scores(path), track=track).save(path)
    with pytest.raises(BenchError) as caught:
        merge_scores(paths)
    (problem,) = caught.value.problems
    assert str(problem) == (
        f"{paths[2]}: was scored on another track: expected public-cv, as in {paths[1]}, found official-test."
    )
    # Of predictions that were scored by themselves the track is not known, as it is not where all are scored together.
    assert merge_scores(paths[:2]).track is merge_scores(paths[1::-1]).track is None
    replace(load_scores(paths[0]), track="public-cv").save(paths[0])
    assert merge_scores(paths[:2]).track == "public-cv"


def test_another_protocol(folders: Path, tmp_path: Path) -> None:
    (zeta,) = _apart(folders, tmp_path, "zeta")
    tumor = protocol_of_labels({"background": 0, "tumor": 1}, "dataset.json")
    assert tumor.id != MSWAL_1.id
    score_folders([folders / "alpha"], folders / "ref", jobs=1, protocol=MSWAL_1).save(tmp_path / "alpha")
    other = score_folders([_of_one_class(folders, tmp_path)], tmp_path / "ref", jobs=1, protocol=tumor)
    other.save(tmp_path / "tumor")
    with pytest.raises(BenchError) as caught:
        merge_scores([zeta, tmp_path / "alpha", tmp_path / "tumor"])
    assert str(caught.value.problems[0]) == (
        f"{tmp_path / 'tumor'}: was scored under another protocol: expected mswal/1, as in {zeta}, found {tumor.id}."
    )


def _of_one_class(folders: Path, to: Path) -> Path:
    import SimpleITK

    for name in ("ref", "one"):
        (to / name).mkdir()
        for path in (folders / "ref").iterdir():
            SimpleITK.WriteImage(SimpleITK.ReadImage(str(path)) == 3, str(to / name / path.name))
    return to / "one"


def test_all_that_does_not_fit_is_told_in_one_go(folders: Path, tmp_path: Path) -> None:
    zeta, alpha = _apart(folders, tmp_path, "zeta", "alpha")
    replace(load_scores(zeta), track="public-cv").save(zeta)
    only = score_folders([folders / "zeta"], folders / "alpha", cases=["case_0"], jobs=1)
    replace(only, track="official-test").save(tmp_path / "only")
    with pytest.raises(BenchError) as caught:
        merge_scores([zeta, alpha, tmp_path / "only"])
    assert len(caught.value.problems) == 4


def test_calls_that_are_wrong(folders: Path, tmp_path: Path) -> None:
    (zeta,) = _apart(folders, tmp_path, "zeta")
    with pytest.raises(BenchError, match="no folder of scores is named"):
        merge_scores([])
    with pytest.raises(BenchError, match=r"scores\.json: is a file: expected a folder of scores"):
        merge_scores([zeta, zeta / "scores.json"])
    before = _bytes(zeta)
    (tmp_path / "link").symlink_to(zeta)
    with pytest.raises(BenchError, match="would be written over some that are merged"):
        merge_into(tmp_path / "link", [zeta])
    assert _bytes(zeta) == before
    (tmp_path / "taken").touch()
    with pytest.raises(BenchError, match="cannot be written"):
        merge_into(tmp_path / "taken", [zeta])
