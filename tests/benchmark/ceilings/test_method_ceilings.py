"""Ceilings of methods on a small data set, and what is told of lesions that are lost."""

import csv
import json

import numpy as np
import pytest
import SimpleITK
from click.testing import CliRunner

import mswal_bench as mb
from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.ceilings import lost_figure
from mswal_bench.benchmark.ceilings.ceiling_files import WRITTEN
from mswal_bench.benchmark.ceilings.ceiling_record import read_ceilings
from mswal_bench.benchmark.ceilings.method_ceilings import method_ceilings
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.scoring.saved_scores import load_scores
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.tests.benchmark.runs.quick_method import QuickMethod


def call(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["ceiling", *map(str, arguments)])
    assert result.exit_code == exit_code, result.output
    return result


@pytest.fixture
def two_cases(tmp_path, save_labels):
    """In each a block of 2 x 2 x 2 that a grid of 1 mm cannot see, by its place, and one that it keeps."""
    root = tmp_path / "raw"
    labels = np.zeros((22, 22, 22), np.uint8)
    labels[1:3, 1:3, 1:3] = 6
    labels[6:20, 6:20, 6:20] = 4
    for case in ("a", "b"):
        save_labels(root / "imagesTr" / f"{case}_0000.nii.gz", np.ones(labels.shape, np.int16), (0.4545,) * 3)
        save_labels(root / "labelsTr" / f"{case}.nii.gz", labels, (0.4545,) * 3)
    names = ["background", "gallstone", "kidney_stone", "liver_tumor", "kidney_tumor", "pancreatic_cancer",
             "liver_cyst", "kidney_cyst"]  # fmt: skip
    description = {"labels": {name: label for label, name in enumerate(names)}, "file_ending": ".nii.gz"}
    (root / "dataset.json").write_text(json.dumps({**description, "numTraining": 2}))
    return root


def test_a_grid_that_is_the_images_keeps_all_and_a_coarser_one_does_not(two_cases):
    ceilings = method_ceilings(["nnunet-v2", "mednext", "swin-unetr"], two_cases)
    assert list(ceilings.scores) == ["nnunet-v2", "mednext", "swin-unetr"]
    assert ceilings.grids["mednext"] == LabelGrid((1.0, 1.0, 1.0), (0, 1, 2), 2)
    assert ceilings.grids["nnunet-v2"] == ceilings.grids["swin-unetr"]
    assert ceilings.scores["nnunet-v2"]["liver_cyst"].dsc == 1
    assert not ceilings.lost["nnunet-v2"]
    mednext = ceilings.scores["mednext"]
    assert (mednext["liver_cyst"].dsc, mednext["liver_cyst"].fn) == (0, 2)
    assert 0.7 < mednext["kidney_tumor"].dsc < 1
    assert [(one.case, one.class_key, one.fate, one.voxels) for one in ceilings.lost["mednext"]] == [
        ("a", "liver_cyst", "never seen", 8),
        ("b", "liver_cyst", "never seen", 8),
    ]


def test_scores_are_those_of_the_returned_label_maps(coarse, tmp_path, save_labels):
    """Written as files and scored by `score`, what comes back has the scores of the ceiling."""
    from mswal_bench.baselines.label_round_trip import LabelledImage, there_and_back
    from mswal_bench.benchmark.ceilings.cropped_case import crop_case, outside_of
    from mswal_bench.benchmark.ceilings.returned_case import lesion_boxes
    from mswal_bench.benchmark.data.dataset import open_dataset
    from mswal_bench.metrics.components import connected_components
    from mswal_bench.metrics.foreground import foreground_of

    ceilings = method_ceilings(["mednext"], coarse)
    for case in open_dataset(coarse).train.values():
        label = SimpleITK.ReadImage(str(case.label))
        array = SimpleITK.GetArrayFromImage(label)
        cropped = crop_case(case)
        image = LabelledImage(array, cropped.spacing_mm, cropped.crop, outside_of(cropped))
        lesions = list(lesion_boxes(connected_components(foreground_of(array))))
        returned = there_and_back(image, ceilings.grids["mednext"], lesions).returned
        save_labels(tmp_path / "mednext" / case.label.name, returned, label.GetSpacing())
    scores = score_folders([tmp_path / "mednext"], coarse / "labelsTr")
    assert list(ceilings.scores.case_rows()) == list(scores.case_rows())
    lost = sum(score.fn for score in scores["mednext"].values())
    assert len([one for one in ceilings.lost["mednext"] if one.fate != "never seen"]) <= lost
    assert len(ceilings.lost["mednext"]) >= lost > 0


def test_the_number_of_processes_makes_no_difference(coarse):
    one, two = (method_ceilings(["mednext", "nnunet-v1"], coarse, jobs=jobs) for jobs in (1, 2))
    assert one.lost == two.lost
    assert list(one.scores.case_rows()) == list(two.scores.case_rows())


def test_the_command_writes_what_rank_and_load_scores_read(coarse, tmp_path):
    out = tmp_path / "out"
    said = call("nnunet-v2", "mednext", "--data", coarse, "--out", out, "-j", 1)
    assert sorted(file.name for file in out.iterdir()) == sorted(WRITTEN)
    assert "lesions are lost" in said.stdout
    assert "1 x 1 x 1 mm, brought back by nnU-Net v2" in said.stdout
    assert list(load_scores(out)) == ["nnunet-v2", "mednext"]
    record, _ = read_ceilings(out)
    assert [[one.name for one in grid.methods] for grid in record.grids] == [["nnunet-v2"], ["mednext"]]
    assert record.grids[1].spacing_mm == (1, 1, 1)
    assert (record.track, record.cases, record.training_cases) == ("public-cv", 5, 5)
    labels = {file.name.removesuffix(".nii.gz"): file for file in (coarse / "labelsTr").iterdir()}
    assert record.reference_digest == labels_digest(labels)
    with (out / "lost_lesions.csv").open() as file:
        rows = list(csv.DictReader(file))
    ceilings = method_ceilings(["nnunet-v2", "mednext"], coarse)
    assert len(rows) == sum(map(len, ceilings.lost.values())) > 0
    result = CliRunner().invoke(main, ["rank", str(out), "--resamples", "10"])
    assert result.exit_code == 0, result.output
    for name, of_method in ceilings.lost.items():
        every, lost = lost_figure.lost_by_diameter(ceilings, name)
        assert every.sum() == sum(score.tp + score.fn for score in ceilings.scores[name].values())
        assert sum(counts.sum() for counts in lost.values()) == len(of_method)


def test_formats_for_programs_hold_the_scores_alone(two_cases):
    said = call("mednext", "--data", two_cases, "--format", "json")
    assert json.loads(said.stdout)["methods"].keys() == {"mednext"}


def test_a_label_map_that_cannot_be_used_costs_its_case(two_cases, save_labels):
    save_labels(two_cases / "labelsTr" / "b.nii.gz", np.zeros((3, 3, 3), np.uint8))
    said = call("mednext", "--data", two_cases, exit_code=1)
    assert "NOT COMPARABLE" in said.stdout
    assert "b.nii.gz" in said.stderr


def test_every_image_is_needed_for_planning(two_cases):
    for case in "ab":
        (two_cases / "imagesTr" / f"{case}_0000.nii.gz").write_bytes(b"no image")
    with pytest.raises(BenchError) as error:
        method_ceilings(["mednext"], two_cases)
    assert {problem.where.rpartition("/")[2] for problem in error.value.problems} == {"a_0000.nii.gz", "b_0000.nii.gz"}


def test_all_names_that_stand_for_nothing_are_told(two_cases, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "quick", QuickMethod())
    said = call("mednexd", tmp_path, "mednext", "mednext", "--data", two_cases, exit_code=1)
    assert "there is no method 'mednexd'" in said.stderr
    assert "is not the work folder of a run" in said.stderr
    assert "2 columns of the table would have one name" in said.stderr
    said = call("quick", "--data", two_cases, exit_code=1)
    assert "does not tell on which grid its network sees labels" in said.stderr


def test_a_variant_has_the_grid_of_its_method(two_cases):
    grids = method_ceilings(["inception-nnunet", "inception-nnunet-II"], two_cases).grids
    assert len(set(grids.values())) == 1


def test_test_cases_are_measured_on_the_grid_of_the_training_cases(two_cases, save_labels, tmp_path):
    said = call("nnunet-v2", "--data", two_cases, "--track", "official-test", exit_code=1)
    assert "the test labels are not there" in said.stderr
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[2:6, 2:6, 2:6] = 3
    save_labels(two_cases / "imagesTs" / "c_0000.nii.gz", np.ones(labels.shape, np.int16), (2.0,) * 3)
    save_labels(two_cases / "labelsTs" / "c.nii.gz", labels, (2.0,) * 3)
    ceilings = method_ceilings(["nnunet-v2"], two_cases, track=Track.OFFICIAL_TEST)
    assert ceilings.scores.case_ids == ("c",)
    assert ceilings.grids["nnunet-v2"] == method_ceilings(["nnunet-v2"], two_cases).grids["nnunet-v2"]
    ceilings.save(tmp_path / "out")
    record, _ = read_ceilings(tmp_path / "out")
    assert (record.track, record.cases, record.training_cases) == ("official-test", 1, 2)
    assert record.reference_digest == labels_digest({"c": two_cases / "labelsTs" / "c.nii.gz"})


def test_a_ceiling_from_python_prints_as_the_command_and_has_frames(two_cases, tmp_path, save_labels):
    ceilings = mb.ceiling("mednext", two_cases, jobs=1, out=tmp_path / "out")
    assert str(ceilings) == call("mednext", "--data", two_cases, "-j", 1).stdout.rstrip("\n")
    assert "never seen" in ceilings._repr_html_()
    lost = ceilings.lost_frame()
    assert lost["lesion"].tolist() == ["liver_cyst"] * 2
    assert lost["voxels"].tolist() == [8, 8]
    assert (tmp_path / "out" / "ceiling.json").is_file()
    save_labels(two_cases / "labelsTr" / "b.nii.gz", np.zeros((3, 3, 3), np.uint8))
    with pytest.warns(UserWarning, match=r"b\.nii\.gz"):
        assert mb.ceiling(["mednext"], mb.load_dataset(two_cases), jobs=1).scores.problems
    with pytest.raises(BenchError, match="no method is named"):
        mb.ceiling([], two_cases)
