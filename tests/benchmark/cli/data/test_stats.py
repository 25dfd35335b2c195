from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES

PAPER = (215, 415, 767, 240, 117, 2_287, 1_171)
SMALL = (144, 400, 438, 164, 12, 2_126, 1_003)
COUNTS = [f"{lesion.key}_{size}" for lesion in LESION_CLASSES for size in ("small", "large")]


def stats(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["data", "stats", *map(str, arguments)])


@pytest.fixture
def a_copy(phantom_mswal: Path, tmp_path: Path) -> Path:
    """The whole phantom once more, its files as links: one that is changed must be replaced, not written to."""
    copy = tmp_path / "copy"
    for path in phantom_mswal.rglob("*"):
        if path.is_file():
            (copy / path.relative_to(phantom_mswal)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(phantom_mswal)).symlink_to(path)
    return copy


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def test_the_whole_phantom_has_the_papers_lesions(phantom_mswal: Path, tmp_path: Path) -> None:
    done = stats(phantom_mswal, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    for lesion, total, small in zip(LESION_CLASSES, PAPER, SMALL, strict=True):
        numbers = [total, total, small, small, total - small, total - small]
        found = r"\s+".join(f"{number:,}" for number in numbers)
        assert re.search(rf"^{lesion.name}\s+{found}\s", done.stdout, re.M), lesion.name
    assert re.search(r"^All\s+5,212\s+5,212\s", done.stdout, re.M)
    assert re.search(r"male\s+374 \(53\.9%\)\s+374 \(53\.9%\)", done.stdout)
    # The tiny phantom's grids are not the paper's, and the lesions are.
    assert "Differs from the paper: slices total" in done.stdout
    assert "lesions total" not in done.stdout
    out = tmp_path / "out"
    with (out / "lesion_statistics.csv").open() as file:
        assert sum(1 for _ in csv.DictReader(file)) == 5_212
    with (out / "case_statistics.csv").open() as ours, (phantom_mswal / "patients.csv").open() as theirs:
        columns = ["case", "subset", "sex", "phase", "shape_x", "spacing_z_mm", *COUNTS]
        for mine, drawn in zip(csv.DictReader(ours), csv.DictReader(theirs), strict=True):
            assert [mine[column] for column in columns] == [drawn[column] for column in columns]
    assert (out / "fig1.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "fig1.svg").read_text()


def test_a_subset_is_set_beside_the_papers_694(phantom_mswal: Path) -> None:
    done = stats(phantom_mswal, "--subset", "test", "--json", "--jobs", "1")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["cases"]["total"] == {"found": 210, "paper": 210}
    assert 0 < content["lesions"]["total"]["found"] < content["lesions"]["total"]["paper"] == 5_212
    assert "The paper's numbers are of 694 patients; the lesions here are of 210." in content["notes"]


def test_damaged_files_are_named_and_the_others_counted(a_copy: Path, phantom_mswal: Path, tmp_path: Path) -> None:
    first, second, third = (a_copy / "labelsTr" / f"PHANTOM_000{number}.nii.gz" for number in (1, 2, 3))
    replace(first, first.read_bytes()[:-10])
    replace(second, b"")
    replace(third, b"\x1f\x8b" + b"\0" * 500)
    image = a_copy / "imagesTs" / "PHANTOM_0500_0000.nii.gz"
    replace(image, b"DICM")
    (a_copy / "patients.csv").unlink()
    done = stats(a_copy, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    for path in (first, second, third, image):
        assert f"error: {path}: " in done.stderr
    assert "3 of 694 cases (PHANTOM_0001, PHANTOM_0002, PHANTOM_0003)" in done.stdout
    assert "the lesions here are of 691." in done.stdout
    assert "Sex is not recorded" in done.stdout
    unread = {"PHANTOM_0001", "PHANTOM_0002", "PHANTOM_0003"}
    with (tmp_path / "out" / "case_statistics.csv").open() as ours, (phantom_mswal / "patients.csv").open() as theirs:
        for mine, drawn in zip(csv.DictReader(ours), csv.DictReader(theirs), strict=True):
            of_lesions = [mine[column] for column in COUNTS]
            assert of_lesions == ([""] * 14 if mine["case"] in unread else [drawn[column] for column in COUNTS])


def test_the_data_set_itself_is_not_written_to(phantom_mswal: Path) -> None:
    before = (phantom_mswal / "patients.csv").read_bytes()
    done = stats(phantom_mswal, "--out", phantom_mswal)
    assert done.exit_code == 1
    assert "among the data set's own files" in done.stderr
    assert (phantom_mswal / "patients.csv").read_bytes() == before


def test_wrong_folders_and_calls(tmp_path: Path) -> None:
    assert stats(tmp_path / "nowhere").exit_code == 1
    empty = stats(tmp_path, "--out", tmp_path / "out")
    assert empty.exit_code == 1
    assert "has no dataset.json" in empty.stderr
    assert not (tmp_path / "out").exists()
    assert stats().exit_code == 2
    assert stats(tmp_path, "--subset", "half").exit_code == 2
    assert stats(tmp_path, "--jobs", "0").exit_code == 2
