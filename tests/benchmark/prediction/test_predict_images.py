"""What predicting any images does around a method, with one that predicts at once."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("psutil")

from mswal_bench.baselines import worker_memory
from mswal_bench.baselines.method import Budget, Job, MethodError, Report
from mswal_bench.baselines.worker_memory import GB
from mswal_bench.benchmark.models import trained_model
from mswal_bench.benchmark.models.notice import NOTICE
from mswal_bench.benchmark.prediction.given_images import GivenImage
from mswal_bench.benchmark.prediction.predict_images import predict_images
from mswal_bench.splits import five_folds
from mswal_bench.tests.benchmark.runs.quick_method import QuickMethod
from mswal_bench.tests.benchmark.runs.smoke_runs import call, check_geometry
from mswal_bench.tests.benchmark.volumes.dicom_files import write_series

from .predicting import predict, state_of, wrong


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Job, list[int], dict[str, Path]]]:
    """The calls of the method: the job, the folds and the images."""
    calls: list[tuple[Job, list[int], dict[str, Path]]] = []
    predict = QuickMethod.predict

    def noted(
        self: QuickMethod, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report
    ) -> float:
        assert all(path.exists() for path in images.values())
        calls.append((job, [*folds], {**images}))
        return predict(self, job, folds, images, out, report)

    monkeypatch.setattr(QuickMethod, "predict", noted)
    return calls


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_images_are_predicted_by_the_ensemble_of_the_trained_folds(raw, work, tmp_path, seen):
    data = tmp_path / "data"
    shutil.copytree(raw / "imagesTs", data)
    predictions = predict(work, data, out=tmp_path / "out", lesions=tmp_path / "lesions.csv")
    ((job, folds, images),) = seen
    assert folds == [0, 3]
    assert [*images] == [*predictions.cases] == ["PHANTOM_0485", "PHANTOM_0486"]
    # Of the format that was trained on: as they are.
    assert images["PHANTOM_0485"] == data / "PHANTOM_0485_0000.nii.gz"
    assert (job.raw, job.work, job.budget, job.device, job.seed) == (raw, work, Budget.PAPER, "cpu", 0)
    assert job.folds == five_folds(path.name.removesuffix(".nii.gz") for path in sorted((raw / "labelsTr").iterdir()))
    assert predictions.model == "Quick, trained on MSWAL phantom, folds 0 and 3"
    assert names(tmp_path / "out") == ["PHANTOM_0485.nii.gz", "PHANTOM_0486.nii.gz", "predictions.json"]
    record = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert (record["notice"], record["folds"], record["title"]) == (NOTICE, [0, 3], "Quick")
    found = GivenImage("PHANTOM_0486", data / "PHANTOM_0486_0000.nii.gz")
    assert record["images"]["PHANTOM_0486"] == {
        "image": str(data / "PHANTOM_0486_0000.nii.gz"),
        "digest": found.digest,
        "warnings": [],
    }
    assert (tmp_path / "lesions.csv").read_text().count("\n") == 1
    assert len(predictions.to_frame()) == 0


def test_a_fold_predicts_alone(raw, work, tmp_path, seen):
    predict(work, raw / "imagesTs", out=tmp_path / "out", fold=3)
    assert seen[0][1] == [3]


def test_every_format_gives_a_label_map_in_the_geometry_of_its_image(work, tmp_path, ct, seen):
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a.nii.gz", "b.nii", "c.mha", "d.mhd", "e.nrrd", "f.hdr"):
        SimpleITK.WriteImage(ct, str(images / name))
    write_series(ct, tmp_path / "series" / "g")
    told: list[str] = []
    out = tmp_path / "out"
    predictions = predict(work, images, tmp_path / "series", out=out, announce=told.append)
    assert (predictions.cases, predictions.warnings, told) == (tuple("abcdefg"), (), [])
    for case, file in zip("abcde", ("a.nii.gz", "b.nii", "c.mha", "d.mhd", "e.nrrd"), strict=True):
        check_geometry(out / f"{case}.nii.gz", images / file)
    check_geometry(out / "g.nii.gz", images / "c.mha")
    ((_, _, given),) = seen
    assert given["a"] == images / "a.nii.gz"
    assert {path.name for case, path in given.items() if case != "a"} == {f"{case}_0000.nii.gz" for case in "bcdefg"}
    # Converted ones are beside the label maps while they are predicted, and gone then.
    assert all(path.is_relative_to(out) and not path.exists() for case, path in given.items() if case != "a")
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [".lock"]


def test_a_volume_of_four_dimensions_is_converted(work, tmp_path, ct, seen):
    """Even where the method was trained on files of the same format."""

    def of_mha(state: Any) -> None:
        state.trained_on = state.trained_on.model_copy(update={"file_ending": ".mha"})

    state_of(work, of_mha)
    SimpleITK.WriteImage(SimpleITK.JoinSeries([ct]), str(tmp_path / "a.mha"))
    SimpleITK.WriteImage(ct, str(tmp_path / "b.mha"))
    predict(work, tmp_path / "a.mha", tmp_path / "b.mha", out=tmp_path / "out")
    check_geometry(tmp_path / "out" / "a.nii.gz", tmp_path / "b.mha")
    ((_, _, given),) = seen
    assert given["a"].name == "a_0000.mha"
    assert given["b"] == tmp_path / "b.mha"


def test_what_is_there_is_left(raw, work, tmp_path, seen):
    out = tmp_path / "out"
    one, other = sorted((raw / "imagesTs").iterdir())
    predict(work, one, out=out)
    before = (out / "PHANTOM_0485.nii.gz").stat().st_mtime_ns
    predictions = predict(work, one, other, out=out)
    assert [[*images] for _, _, images in seen] == [["PHANTOM_0485"], ["PHANTOM_0486"]]
    assert predictions.cases == ("PHANTOM_0485", "PHANTOM_0486")
    assert (out / "PHANTOM_0485.nii.gz").stat().st_mtime_ns == before
    assert [*json.loads((out / "predictions.json").read_text())["images"]] == ["PHANTOM_0485", "PHANTOM_0486"]
    predict(work, one, other, out=out)
    assert len(seen) == 2


def test_an_interrupted_call_goes_on(raw, work, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def interrupted(self: object, job: object, folds: object, images: dict[str, Path], out: Path, *_: object) -> None:
        case, image = next(iter(images.items()))
        SimpleITK.WriteImage(SimpleITK.ReadImage(str(image)) < -30_000, str(out / f"{case}.nii.gz"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(QuickMethod, "predict", interrupted)
        with pytest.raises(KeyboardInterrupt):
            predict(work, raw / "imagesTs", out=out)
    assert names(out) == ["PHANTOM_0485.nii.gz", "predictions.json"]
    assert predict(work, raw / "imagesTs", out=out).cases == ("PHANTOM_0485", "PHANTOM_0486")


def test_label_maps_do_not_lie_among_images(raw, work, tmp_path, ct):
    images = Path(shutil.copytree(raw / "imagesTs", tmp_path / "images"))
    write_series(ct, tmp_path / "series")
    for folder in (images, tmp_path / "series"):
        before = names(folder)
        (sentence,) = wrong(work, folder, out=folder / ".." / folder.name)
        assert "the label maps would lie among the images" in sentence
        assert names(folder) == before


def test_everything_that_is_wrong_is_told_before_anything_begins(raw, work, tmp_path):
    (tmp_path / "out").write_text("")
    sentences = wrong(
        work, raw / "imagesTs", tmp_path / "none.nii.gz", out=tmp_path / "out", fold=1, lesions=tmp_path,
        devices=("x",),
    )  # fmt: skip
    expected = (
        "fold 1 is not trained to its end: found fold 0, fold 3. `mswal-bench runs` says how far it is.",
        "cannot be used as devices",
        "there is no such file or folder",
        "is a folder: expected a file for the lesions",
    )
    assert len(sentences) == len(expected)
    for sentence, words in zip(sentences, expected, strict=True):
        assert words in sentence
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
    assert sentence == f"{tmp_path / 'out'}: is not a folder: expected a folder."
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out" / "below")
    assert sentence == f"{tmp_path / 'out'}: is not a folder: expected a folder, for {tmp_path / 'out' / 'below'}."
    (sentence,) = wrong(work, out=tmp_path / "new")
    assert sentence == "no image is named."


def test_images_that_cannot_be_predicted_are_all_named_and_nothing_is_predicted(work, tmp_path, ct, seen):
    images = tmp_path / "images"
    images.mkdir()
    SimpleITK.WriteImage(ct, str(images / "a.nii.gz"))
    SimpleITK.WriteImage(ct, str(images / "b.mha"))
    (images / "b.mha").write_bytes((images / "b.mha").read_bytes()[:-500])
    (images / "c.nii.gz").write_bytes((images / "a.nii.gz").read_bytes()[:-500])
    nan = SimpleITK.Cast(ct, SimpleITK.sitkFloat32)
    nan[3, 4, 5] = float("nan")
    SimpleITK.WriteImage(nan, str(images / "d.nrrd"))
    write_series(ct, tmp_path / "series", without=range(1, 60))
    series, b, c, d, last = wrong(work, images, tmp_path / "series", out=tmp_path / "out")
    assert "the series is not one 3D volume" in series
    assert "b.mha: the file is cut off" in b
    assert f"{images}/c.nii.gz: the file is cut off: expected 14400 bytes of voxels, found " in c
    assert "d.nrrd: voxels are NaN or infinite: expected none, found 1 voxel" in d
    assert last == "nothing was predicted, for 4 of the images cannot be. Mend them, or leave them out."
    assert seen == []
    assert not (tmp_path / "out").exists()


def test_what_is_odd_is_told_and_predicted(work, tmp_path, ct):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(5):
        SimpleITK.WriteImage(ct + 1024, str(images / f"shifted{number}.nii.gz"))
    far = SimpleITK.Image(ct)
    far.SetSpacing((0.01, 0.75, 2.5))
    SimpleITK.WriteImage(far, str(images / "small.mha"))
    write_series(ct, tmp_path / "mr", tags={"0008|0060": "MR"})
    told: list[str] = []
    predictions = predict(work, images, tmp_path / "mr", out=tmp_path / "out", announce=told.append)
    assert len(predictions.cases) == len(predictions.warnings) == 7
    mr, first, _, _, more, small = told
    assert mr.startswith(f"warning: {tmp_path}/mr: the series is no CT: expected modality CT, found MR.")
    hu = "the values are not those of a CT in Hounsfield units"
    assert first.startswith(f"warning: {images}/shifted0.nii.gz: {hu}: expected lowest ")
    assert more == f"warning: and of 2 more images {hu}"
    assert small.startswith(f"warning: {images}/small.mha: no CT has such a spacing: expected 0.05 to 20 mm")
    record = json.loads((tmp_path / "out" / "predictions.json").read_text())["images"]
    assert len(record["shifted4"]["warnings"]) == 1
    assert record["mr"]["image"] == str(tmp_path / "mr")


def test_a_model_of_mswal_knows_the_sizes_of_its_scans(work, tmp_path, ct, monkeypatch):
    monkeypatch.setattr(trained_model.TrainedModel, "knows_mswal", True)
    SimpleITK.WriteImage(ct[:, :, :30], str(tmp_path / "a.nii.gz"))
    predictions = predict(work, tmp_path / "a.nii.gz", out=tmp_path / "out")
    assert [problem.what for problem in predictions.warnings] == [
        "no scan of MSWAL has so few or so many slices",
        "MSWAL's slices have 512 x 512 pixels",
    ]


def test_cases_without_finite_output_are_named_at_the_end(raw, work, tmp_path, monkeypatch):
    out, lesions = tmp_path / "out", tmp_path / "lesions.csv"
    with monkeypatch.context() as patch:
        patch.setattr(QuickMethod, "lost", frozenset({"PHANTOM_0485"}))
        of_case, of_all = wrong(work, raw / "imagesTs", out=out, lesions=lesions)
    assert of_case.startswith("PHANTOM_0485: the network's output is not finite")
    assert "1 of the cases could not be predicted; all others are. Mend what is said of them" in of_all
    assert names(out) == ["PHANTOM_0486.nii.gz", "predictions.json"]
    assert lesions.exists()
    assert len(predict(work, raw / "imagesTs", out=out).cases) == 2


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (MethodError("It cannot."), "It cannot."),
        (MemoryError(), "out of memory"),
        (OSError(28, "full"), "disk is full"),
    ],
)
def test_what_a_method_raises_is_told(raw, work, tmp_path, monkeypatch, raised, expected):
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(QuickMethod, "predict", fail)
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
    assert expected in sentence


def test_a_fault_of_the_program_keeps_its_traceback(raw, work, tmp_path, monkeypatch):
    monkeypatch.setattr(QuickMethod, "predict", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        predict(work, raw / "imagesTs", out=tmp_path / "out")
    assert f"below {work}" in caught.value.__notes__[0]


def test_a_method_that_writes_nothing_is_found_out(raw, work, tmp_path, monkeypatch):
    monkeypatch.setattr(QuickMethod, "predict", lambda *_: None)
    sentences = wrong(work, raw / "imagesTs", out=tmp_path / "out")
    assert sentences == [f"PHANTOM_048{number}: quick wrote no label map, and did not say why." for number in (5, 6)]


def test_two_devices_share_images(raw, work, tmp_path, monkeypatch):
    """In processes of their own, which find the method by its module."""
    told: list[str] = []
    monkeypatch.setattr(worker_memory, "free_memory", lambda: 3 * GB)
    predictions = predict_images(
        work, [raw / "imagesTs"], tmp_path / "out", devices=("cpu", "cpu"), memory_bytes=8 * GB, announce=told.append
    )
    assert predictions.cases == ("PHANTOM_0485", "PHANTOM_0486")
    assert [sentence for sentence in told if "memory" in sentence] == [
        "warning: 8.0 GB of memory were given, and 3.0 GB are free"
    ]


def test_the_memory_is_the_method_s(raw, work, tmp_path, seen):
    predict(work, raw / "imagesTs", out=tmp_path / "out", memory_bytes=GB)
    assert seen[0][0].memory_bytes == GB


def test_the_command_prints_what_was_found_and_the_notice(raw, work, tmp_path):
    output = call(
        "predict", work, raw / "imagesTs", "-o", tmp_path / "out", "--lesions", tmp_path / "l.csv", "--device", "cpu"
    )
    lines = output.splitlines()
    assert "Quick, trained on MSWAL phantom, folds 0 and 3: 2 cases predicted" in lines
    assert lines[-3:] == [f"label maps: {tmp_path / 'out'}", f"lesions: {tmp_path / 'l.csv'}", NOTICE]
    assert NOTICE.lower().rstrip(".") in " ".join(call("predict", "--help").lower().split())
    output = call("predict", work, raw / "imagesTs", "-o", tmp_path / "out", "--fold", "1", exit_code=1)
    assert output.startswith("error: ")


def test_the_command_says_how_it_goes_on(raw, work, tmp_path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(QuickMethod, "predict", interrupt)
    output = call("predict", work, raw / "imagesTs", "-o", tmp_path / "out", "--device", "cpu", exit_code=130)
    assert "stopped; the same command goes on from the label maps that are there" in output


@pytest.mark.slow
def test_a_trained_network_predicts_as_its_run_did(raw, finished, tmp_path):
    """In every voxel; of another copy, for the method keeps its log in the work folder."""
    pytest.importorskip("nnunetv2")
    work = Path(shutil.copytree(finished, tmp_path / "work", symlinks=True))
    predictions = predict(work, raw / "imagesTs", out=tmp_path / "out")
    assert predictions.folds == (0,)
    for case in predictions.cases:
        by_run, now = (
            SimpleITK.ReadImage(str(folder / f"{case}.nii.gz"))
            for folder in (work / "fold-0" / "nnunet-v2", tmp_path / "out")
        )
        assert np.array_equal(SimpleITK.GetArrayViewFromImage(by_run), SimpleITK.GetArrayViewFromImage(now))
        assert SimpleITK.GetArrayViewFromImage(now).any()


@pytest.mark.slow
def test_a_real_ct_gives_the_same_label_map_in_every_format(example_ct, finished, tmp_path):
    pytest.importorskip("nnunetv2")
    work = Path(shutil.copytree(finished, tmp_path / "work", symlinks=True))
    image = SimpleITK.ReadImage(str(example_ct))
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    (tmp_path / "images").mkdir()
    shutil.copy(example_ct, tmp_path / "images" / "nifti.nii.gz")
    SimpleITK.WriteImage(image, str(tmp_path / "images" / "meta.mha"))
    write_series(image, tmp_path / "dicom")
    predict(work, tmp_path / "images", tmp_path / "dicom", out=tmp_path / "out")
    first, *others = (
        SimpleITK.ReadImage(str(tmp_path / "out" / f"{name}.nii.gz")) for name in ("nifti", "meta", "dicom")
    )
    assert len(np.unique(SimpleITK.GetArrayViewFromImage(first))) > 1
    for other in others:
        assert np.array_equal(SimpleITK.GetArrayViewFromImage(first), SimpleITK.GetArrayViewFromImage(other))
    for name in ("nifti", "meta", "dicom"):
        check_geometry(tmp_path / "out" / f"{name}.nii.gz", example_ct)
