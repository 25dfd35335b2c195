from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cc3d
import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.phantom import dataset_writer
from mswal_bench.benchmark.data.phantom.case import make_case
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.benchmark.data.phantom.drawing import draw_all, write_volume


def write(out: Path, train: int = 2, test: int = 1, seed: int = 0, size: str = "tiny", jobs: int = 1) -> None:
    write_phantom(out, train=train, test=test, size=size, seed=seed, jobs=jobs, progress=False)


def contents(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantom") / "raw"
    write(out)
    return out


def test_layout(written: Path) -> None:
    assert list(contents(written)) == [
        "dataset.json",
        "imagesTr/PHANTOM_0001_0000.nii.gz",
        "imagesTr/PHANTOM_0002_0000.nii.gz",
        "imagesTs/PHANTOM_0485_0000.nii.gz",
        "labelsTr/PHANTOM_0001.nii.gz",
        "labelsTr/PHANTOM_0002.nii.gz",
        "labelsTs/PHANTOM_0485.nii.gz",
        "patients.csv",
        "phantom.json",
    ]


def test_dataset_json(written: Path) -> None:
    description = json.loads((written / "dataset.json").read_text())
    assert description["channel_names"] == {"0": "CT"}
    assert description["labels"] == {"background": 0} | {lesion.key: lesion.id for lesion in LESION_CLASSES}
    assert (description["numTraining"], description["file_ending"]) == (2, ".nii.gz")
    assert description["phantom"]["seed"] == 0
    assert description["phantom"]["size"] == "tiny"


def test_volumes_are_the_cases_with_their_geometry(written: Path) -> None:
    case = make_case(0, 485, "tiny")
    image = SimpleITK.ReadImage(str(written / "imagesTs/PHANTOM_0485_0000.nii.gz"))
    label = SimpleITK.ReadImage(str(written / "labelsTs/PHANTOM_0485.nii.gz"))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), case.image)
    assert np.array_equal(SimpleITK.GetArrayFromImage(label), case.label)
    assert (image.GetPixelIDValue(), label.GetPixelIDValue()) == (SimpleITK.sitkInt16, SimpleITK.sitkUInt8)
    for volume in (image, label):
        assert volume.GetSpacing() == case.spacing_mm
        assert volume.GetOrigin() == pytest.approx(case.origin_mm)
        assert volume.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)


def test_patients_csv_counts_what_the_labels_hold(written: Path) -> None:
    rows = list(csv.DictReader((written / "patients.csv").open()))
    assert [(row["case"], row["subset"]) for row in rows] == [
        ("PHANTOM_0001", "train"),
        ("PHANTOM_0002", "train"),
        ("PHANTOM_0485", "test"),
    ]
    for row in rows:
        folder = "labelsTr" if row["subset"] == "train" else "labelsTs"
        label = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(written / folder / f"{row['case']}.nii.gz")))
        assert [int(row[f"shape_{axis}"]) for axis in "zyx"] == list(label.shape)
        assert [float(row[f"spacing_{axis}_mm"]) for axis in "xyz"] == [4, 4, 4]
        for lesion in LESION_CLASSES:
            count = cc3d.connected_components(label == lesion.id, connectivity=26, return_N=True)[1]
            assert int(row[f"{lesion.key}_small"]) + int(row[f"{lesion.key}_large"]) == count


def test_same_bytes_on_another_day_in_several_processes(written: Path, tmp_path: Path) -> None:
    time.sleep(1.1)
    write(tmp_path / "raw", jobs=2)
    assert contents(tmp_path / "raw") == contents(written)


def test_only_what_is_missing_is_made_again(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "raw"
    write(out)
    made: list[int] = []

    def note(draw: Callable[[Any], None], jobs: Sequence[Any], **options: Any) -> None:
        made.extend(job.slot for job in jobs)
        draw_all(draw, jobs, **options)

    monkeypatch.setattr(dataset_writer, "draw_all", note)
    write(out)
    assert made == []
    (out / "labelsTr" / "PHANTOM_0002.nii.gz").unlink()
    (out / "dataset.json").unlink()
    (out / "labelsTr" / ".partial-abc.nii.gz").write_bytes(b"half")
    write(out)
    assert made == [2]
    assert contents(out) == contents(written)
    # More cases of the same phantom are added to those that are there.
    write(out, train=3)
    assert made == [2, 3]
    assert json.loads((out / "dataset.json").read_text())["numTraining"] == 3


def test_an_interrupted_call_leaves_no_dataset_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(path: Path, *volume: Any) -> None:
        if "0002" in path.name:
            raise KeyboardInterrupt
        write_volume(path, *volume)

    monkeypatch.setattr(dataset_writer, "write_volume", stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "raw")
    assert (tmp_path / "raw/labelsTr/PHANTOM_0001.nii.gz").exists()
    assert not (tmp_path / "raw/dataset.json").exists()
    assert not (tmp_path / "raw/patients.csv").exists()


def foreign_file(out: Path) -> None:
    (out / "notes.txt").write_text("mine")


def foreign_case(out: Path) -> None:
    write(out)
    (out / "labelsTr" / "MSWAL_0001.nii.gz").write_bytes(b"")


def other_seed(out: Path) -> None:
    write(out, seed=1)


def other_size(out: Path) -> None:
    write(out, size="small", train=1)


def other_version(out: Path) -> None:
    write(out)
    mark = json.loads((out / "phantom.json").read_text())
    (out / "phantom.json").write_text(json.dumps(mark | {"generator_version": 1}))


def more_cases(out: Path) -> None:
    write(out, train=3)


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (foreign_file, "other than a phantom"),
        (foreign_case, "MSWAL_0001"),
        (other_seed, "another phantom"),
        (other_size, "another phantom"),
        (other_version, "another phantom"),
        (more_cases, "PHANTOM_0003"),
    ],
)
def test_a_folder_with_something_else_is_refused_untouched(tmp_path: Path, prepare: object, says: str) -> None:
    assert callable(prepare)
    prepare(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(BenchError, match=says):
        write(tmp_path)
    assert contents(tmp_path) == before


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("")
    with pytest.raises(BenchError, match="not a folder"):
        write(tmp_path / "raw")


def test_all_wrong_arguments_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(BenchError) as caught:
        write_phantom(tmp_path / "raw", train=485, test=-1, size="huge", seed=-1, jobs=0)
    assert len(caught.value.problems) == 5
    with pytest.raises(BenchError, match="one case at least"):
        write(tmp_path / "raw", train=0, test=0)
    assert not (tmp_path / "raw").exists()
