from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from click.testing import CliRunner
from PIL import Image

from mswal_bench.benchmark.cli.main import main

CASE = "PHANTOM_0485"


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("figure") / "data"
    arguments = ["data", "phantom", str(root), "--train", "1", "--test", "1", "--size", "tiny", "--jobs", "1"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return root


@pytest.fixture
def perfect(raw: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(raw / "labelsTs", tmp_path / "perfect"))


@pytest.fixture
def blind(raw: Path, tmp_path: Path) -> Path:
    """Predicts nothing."""
    image = SimpleITK.ReadImage(str(raw / "labelsTs" / f"{CASE}.nii.gz"))
    (tmp_path / "blind").mkdir()
    SimpleITK.WriteImage(image * 0, str(tmp_path / "blind" / f"{CASE}.nii.gz"))
    return tmp_path / "blind"


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["figure", "qualitative", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_draws_a_case_at_300_dpi(raw, perfect, blind, tmp_path):
    out = tmp_path / "figure.png"
    code, output = call(perfect, blind, "--data", raw, "--case", CASE, "--out", out)
    assert code == 0, output
    assert output.startswith(f"figure: {out} (axial slice ")
    picture = Image.open(out)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert picture.size[0] / 300 == pytest.approx(7.2, abs=0.5)
    assert np.asarray(picture.convert("L")).std() > 20
    assert not list(tmp_path.glob(".partial-*"))


def test_axes_in_another_order_look_the_same(raw, perfect, tmp_path):
    """Image, reference and prediction each stored in its own order of axes."""
    data = Path(shutil.copytree(raw, tmp_path / "data"))
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    slices = {}
    for out in (first, second):
        code, output = call(perfect, "--data", data, "--case", CASE, "--out", out)
        assert code == 0, output
        slices[out] = output.partition(" (")[2]
        for path, orientation in (
            (data / "labelsTs" / f"{CASE}.nii.gz", "IPL"),
            (data / "imagesTs" / f"{CASE}_0000.nii.gz", "RAS"),
            (perfect / f"{CASE}.nii.gz", "SAR"),
        ):
            image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), orientation)
            SimpleITK.WriteImage(image, str(path))
    # The caption has the slice's number in the file, and everything above it is one.
    pictures = [np.asarray(Image.open(out).convert("L")).astype(int) for out in (first, second)]
    assert pictures[0].shape == pictures[1].shape
    above = int(0.93 * len(pictures[0]))
    assert np.abs(pictures[0][:above] - pictures[1][:above]).max() <= 2
    code, output = call(perfect, "--data", data, "--case", CASE, "--out", second)
    assert "its axes were taken as" in output
    assert output.partition(" (")[2] != slices[first]


def test_label_maps_alone(raw, perfect, blind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output = call(perfect, blind, "--reference", raw / "labelsTs", "--case", CASE)
    assert code == 0, output
    assert (tmp_path / f"{CASE}.png").is_file()


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_formats_for_print(raw, perfect, tmp_path, suffix):
    out = tmp_path / f"figure{suffix}"
    code, output = call(
        perfect, "--data", raw, "--case", CASE, "--out", out, "--axial", 10, "--coronal", 12, "--box", 40
    )
    assert code == 0, output
    assert "(axial slice 10, coronal slice 12)" in output
    assert out.read_bytes()[:5] in (b"<?xml", b"%PDF-")


@pytest.mark.parametrize(
    "option", [["--window", "40", "nan"], ["--window", "-inf", "400"], ["--box", "nan"], ["--width", "nan"]]
)
def test_what_is_no_number_is_a_wrong_call(raw, perfect, tmp_path, option):
    code, output = call(perfect, "--data", raw, "--case", CASE, "--out", tmp_path / "x.png", *option)
    assert code == 2
    assert "is not a finite number" in output
    assert not (tmp_path / "x.png").exists()


def test_a_case_without_a_lesion(raw, tmp_path):
    empty = SimpleITK.ReadImage(str(raw / "labelsTs" / f"{CASE}.nii.gz")) * 0
    for name in ("reference", "method"):
        (tmp_path / name).mkdir()
        SimpleITK.WriteImage(empty, str(tmp_path / name / "E.nii.gz"))
    arguments = [tmp_path / "method", "--reference", tmp_path / "reference", "--case", "E", "--out", tmp_path / "e.svg"]
    code, output = call(*arguments)
    assert code == 0, output
    code, output = call(*arguments, "--lesion", "gallstone")
    assert code == 1
    assert "neither the reference nor a prediction has a lesion gallstone" in output


def test_everything_that_is_wrong_is_said_in_one_go(raw, perfect, blind, tmp_path):
    shutil.copytree(blind, tmp_path / "cropped")
    path = tmp_path / "cropped" / f"{CASE}.nii.gz"
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(path))[1:, :, :], str(path))
    (perfect / f"{CASE}.nii.gz").write_bytes(b"no volume")
    out = tmp_path / "gone" / "figure.jpg"
    code, output = call(
        perfect, tmp_path / "cropped", tmp_path / "nowhere", "--data", raw, "--case", CASE, "--out", out,
        "--lesion", "spleen", "--axial", 9999,
    )  # fmt: skip
    assert code == 1
    for said in (
        "does not end in a figure's format", "no such folder to write to", "nowhere: no such folder", "perfect",
        "the shape (x, y, z) differs from the reference's", "no lesion type is called 'spleen'", "no such axial slice",
    ):  # fmt: skip
        assert said in output, said
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--case", "X", "--data"], "no prediction of the case X"),
        (["--case", "X", "--data"], "has no case 'X'"),
        (["--case", CASE, "--lesion", "liver_tumor:x", "--data"], "'x' is not the number of a lesion"),
        (["--case", CASE, "--lesion", "gallstone:99", "--data"], "no lesion gallstone:99"),
    ],
)
def test_what_is_not_there(raw, perfect, tmp_path, arguments, said):
    code, output = call(perfect, "--out", tmp_path / "x.png", *arguments, raw)
    assert code == 1
    assert said in output
    assert not (tmp_path / "x.png").exists()


def test_a_data_set_without_test_labels_and_none_at_all(raw, perfect, tmp_path):
    data = Path(shutil.copytree(raw, tmp_path / "data"))
    shutil.rmtree(data / "labelsTs")
    code, output = call(perfect, "--data", data, "--case", CASE, "--out", tmp_path / "x.png")
    assert code == 1
    assert f"has no label map of the case {CASE}" in output
    code, output = call(perfect, "--case", CASE, "--out", tmp_path / "x.png")
    assert code == 1
    assert "nothing says which data set" in output


def test_wrong_calls(raw, perfect):
    for wrong in (["--reference", raw / "labelsTs"], ["--window", 40, 0], ["--box", -3], ["--axial", "z"]):
        code, output = call(perfect, "--data", raw, "--case", CASE, *wrong)
        assert code == 2, output


def test_three_people_of_three_orders_of_axes(kits_raters, tmp_path):
    out = tmp_path / "raters.png"
    arguments = ["--reference", kits_raters / "rater1", "--case", "KiTS_00075", "--out", out]
    code, output = call(kits_raters / "rater2", kits_raters / "rater3", *arguments)
    assert code == 0, output
    # Slices are along the file's first axis, of 90; rows of the coronal plane are 5 mm.
    assert "axial slice 34" in output
    assert Image.open(out).size[0] > 1500


def test_a_folder_of_label_maps_has_the_names_of_its_data_set(raw, perfect, tmp_path):
    labels = {"background": 0, **{f"organ {number}": number for number in range(1, 9)}}
    reference = Path(shutil.copytree(raw / "labelsTs", tmp_path / "other" / "labels"))
    (tmp_path / "other" / "dataset.json").write_text(json.dumps({"labels": labels}))
    out = tmp_path / "figure.svg"
    code, output = call(perfect, "--reference", reference, "--case", CASE, "--out", out, "--lesion", "gallstone")
    assert code == 1
    assert "expected one of organ_1, organ_2" in output
    code, output = call(perfect, "--reference", reference, "--case", CASE, "--out", out)
    assert code == 0, output
    assert "organ_1" in out.read_text()
