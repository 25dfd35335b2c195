"""Pictures of predicted cases: when one is drawn, and what is never replaced."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

pytest.importorskip("psutil")

from mswal_bench.benchmark.models.notice import NOTICE
from mswal_bench.benchmark.prediction import overlays
from mswal_bench.tests.benchmark.runs.quick_method import QuickMethod
from mswal_bench.tests.benchmark.runs.smoke_runs import call
from mswal_bench.tests.benchmark.volumes.dicom_files import write_series

from .predicting import predict, wrong


@pytest.fixture
def images(raw: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(raw / "imagesTs", tmp_path / "images"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def plant(label_map: Path) -> None:
    """Puts a lesion into a label map that is there."""
    image = SimpleITK.ReadImage(str(label_map))
    labels = SimpleITK.GetArrayFromImage(image)
    labels[3:5, 4:8, 4:8] = 6
    planted = SimpleITK.GetImageFromArray(labels.astype(np.uint8))
    planted.CopyInformation(image)
    SimpleITK.WriteImage(planted, str(label_map))


def test_every_case_gets_a_picture_once(images: Path, work: Path, tmp_path: Path) -> None:
    one, _ = sorted(images.iterdir())
    out, overlay = tmp_path / "out", tmp_path / "new" / "pictures"
    # Predicted by an earlier call, without a picture.
    predict(work, one, out=out)
    predict(work, images, out=out, overlay=overlay)
    assert names(overlay) == ["PHANTOM_0485.png", "PHANTOM_0486.png"]
    with Image.open(overlay / "PHANTOM_0485.png") as picture:
        texts = picture.info
        assert min(picture.size) > 500
    assert (texts["Title"], texts["Disclaimer"]) == ("PHANTOM_0485", NOTICE)
    before = {name: (overlay / name).stat().st_mtime_ns for name in names(overlay)}
    predict(work, images, out=out, overlay=overlay)
    assert before == {name: (overlay / name).stat().st_mtime_ns for name in names(overlay)}

    # Of another image with the same label map.
    changed = Path(shutil.copytree(images, tmp_path / "changed"))
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(changed / one.name)) + 1, str(changed / one.name))
    predict(work, changed, out=tmp_path / "of changed", overlay=overlay)
    with Image.open(overlay / "PHANTOM_0485.png") as picture:
        assert picture.info != texts
    predict(work, images, out=out, overlay=overlay)
    before = {name: (overlay / name).stat().st_mtime_ns for name in names(overlay)}

    # Of another label map, and of another model with the same one.
    plant(out / "PHANTOM_0486.nii.gz")
    predict(work, images, out=out, overlay=overlay)
    after = {name: (overlay / name).stat().st_mtime_ns for name in names(overlay)}
    assert [name for name in after if after[name] != before[name]] == ["PHANTOM_0486.png"]
    predict(work, images, out=tmp_path / "of fold 3", overlay=overlay, fold=3)
    assert all((overlay / name).stat().st_mtime_ns != time for name, time in after.items())


def test_what_is_no_picture_of_this_command_is_not_replaced(
    images: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuickMethod, "predict", lambda *_: pytest.fail("before anything is predicted"))
    overlay = tmp_path / "pictures"
    overlay.mkdir()
    Image.new("L", (3, 3)).save(overlay / "PHANTOM_0485.png")
    (overlay / "PHANTOM_0486.png").write_text("mine")
    sentences = wrong(work, images, out=tmp_path / "out", overlay=overlay)
    assert [sentence.split(": ")[1] for sentence in sentences] == [
        "is not a picture of a prediction, and is not replaced. Give another folder."
    ] * 2
    assert (overlay / "PHANTOM_0486.png").read_text() == "mine"
    (sentence,) = wrong(work, images, out=tmp_path / "out", overlay=overlay / "PHANTOM_0486.png")
    assert "PHANTOM_0486.png: is not a folder: expected a folder." in sentence


def test_pictures_do_not_lie_among_slices(work: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(-1000, 1500, (60, 10, 12)).astype(np.int16)
    write_series(SimpleITK.GetImageFromArray(values), tmp_path / "series")
    (sentence,) = wrong(work, tmp_path / "series", out=tmp_path / "out", overlay=tmp_path / "series")
    assert "the pictures would lie among the slices of an image" in sentence
    predict(work, tmp_path / "series", out=tmp_path / "out", overlay=tmp_path / "pictures")
    assert names(tmp_path / "pictures") == ["series.png"]


def test_what_cannot_be_drawn_is_told_when_all_else_is_done(images: Path, work: Path, tmp_path: Path) -> None:
    out, overlay = tmp_path / "out", tmp_path / "pictures"
    predict(work, images, out=out)
    (out / "PHANTOM_0485.nii.gz").write_bytes((out / "PHANTOM_0485.nii.gz").read_bytes()[:-50])
    sentences = wrong(work, images, out=out, overlay=overlay)
    assert len(sentences) == 1
    assert "PHANTOM_0485.nii.gz: the file is cut off" in sentences[0]
    assert names(overlay) == ["PHANTOM_0486.png"]


def test_a_place_that_cannot_be_written_to_is_told_first(images: Path, work: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / "below"
    sentences = wrong(work, images, out=tmp_path / "out", overlay=below / "again", lesions=below)
    assert sentences == [
        f"{tmp_path / 'file'}: is not a folder: expected a folder.",
        f"{tmp_path / 'file'}: is not a folder: expected a folder, for {below / 'again'}.",
    ]
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_is_told_when_all_else_is_done(
    images: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(overlays, "draw_findings", full)
    sentences = wrong(work, images, out=tmp_path / "out", overlay=tmp_path / "p", lesions=tmp_path / "lesions.csv")
    assert sentences == [
        f"{tmp_path / 'p'}/PHANTOM_048{number}.png: cannot be written (No space left on device)." for number in (5, 6)
    ]
    assert (tmp_path / "lesions.csv").exists()


def test_a_lost_case_leaves_the_others_their_pictures(
    images: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuickMethod, "lost", frozenset({"PHANTOM_0485"}))
    sentences = wrong(work, images, out=tmp_path / "out", overlay=tmp_path / "pictures")
    assert sentences[0].startswith("PHANTOM_0485: the network's output is not finite")
    assert names(tmp_path / "pictures") == ["PHANTOM_0486.png"]


@pytest.mark.slow
def test_many_are_drawn_by_several_processes(images: Path, work: Path, tmp_path: Path) -> None:
    (image, _) = sorted(images.iterdir())
    for number in range(8):
        shutil.copy(image, images / f"more{number}.nii.gz")
    predict(work, images, out=tmp_path / "out", overlay=tmp_path / "pictures")
    assert len(names(tmp_path / "pictures")) == 10


def test_the_command_says_where_they_are(images: Path, work: Path, tmp_path: Path) -> None:
    output = call("predict", work, images, "-o", tmp_path / "out", "--overlay", tmp_path / "p", "--device", "cpu")
    assert f"pictures: {tmp_path / 'p'}" in output.splitlines()
    assert names(tmp_path / "p") == ["PHANTOM_0485.png", "PHANTOM_0486.png"]
