"""`mswal-bench data prepare` from the command line, on the phantom of all 484 + 210 patients."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.splits import load_split

COMMAND = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "data", "prepare"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["data", *(str(argument) for argument in arguments)])


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def as_published(phantom: Path, out: Path) -> Path:
    """The phantom as the hub has MSWAL: no test images, and a `dataset.json` that lists the cases of both parts."""
    for folder in ("imagesTr", "labelsTr"):
        shutil.copytree(phantom / folder, out / folder, copy_function=os.link)
    split = load_split("phantom")
    description = json.loads((phantom / "dataset.json").read_text()) | {
        "training": [
            {"image": f"./imagesTr/{case}.nii.gz", "label": f"./labelsTr/{case}.nii.gz"} for case in split.train
        ],
        "test": [f"./imagesTs/{case}.nii.gz" for case in split.test],
    }
    (out / "dataset.json").write_text(json.dumps(description))
    return out


def test_all_cases(phantom_mswal: Path, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    result = run("prepare", phantom_mswal, out)
    assert result.exit_code == 0, result.output
    split = load_split("phantom")
    assert result.stdout.splitlines() == [
        f"MSWAL phantom: 484 training and 210 test cases in {out}",
        "files: 1388 hard links",
        f"split: phantom, 484 training and 210 test cases, {split.digest}",
        "tracks: official-test, public-cv",
        f"no voxel was read yet: `mswal-bench data check {out}` does so, and each run before it begins",
    ]
    dataset = open_dataset(out)
    assert (tuple(dataset.train), tuple(dataset.test)) == (split.train, split.test)
    for name in ("imagesTr/PHANTOM_0001_0000.nii.gz", "labelsTs/PHANTOM_0694.nii.gz", "patients.csv"):
        assert (out / name).read_bytes() == (phantom_mswal / name).read_bytes()
    again = run("prepare", phantom_mswal, out)
    assert again.stdout.splitlines()[1] == "files: all there, nothing to do"


def test_with_a_check_every_file_is_read_and_errors_are_told(tmp_path: Path) -> None:
    source, out = tmp_path / "phantom", tmp_path / "raw"
    assert run("phantom", source, "--train", 2, "--test", 1, "--size", "tiny", "--jobs", 1).exit_code == 0
    result = run("prepare", source, out, "--partial", "--check")
    assert result.exit_code == 0, result.output
    assert "no voxel was read yet" not in result.stdout
    assert result.stdout.splitlines()[-1].startswith("3 cases, 6 files, ")
    assert result.stdout.endswith(": nothing is wrong.\n")

    image = source / "imagesTr" / "PHANTOM_0001_0000.nii.gz"
    image.write_bytes(image.read_bytes()[:3000])
    result = run("prepare", source, out, "--partial", "--check")
    assert result.exit_code == 1, result.output
    assert "PHANTOM_0001  error  truncated  imagesTr/PHANTOM_0001_0000.nii.gz" in result.stdout


def test_the_public_cases_alone(phantom_mswal: Path, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    result = run("prepare", as_published(phantom_mswal, tmp_path / "hub"), out)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[2:-1] == [
        f"split: phantom, 484 training and 210 test cases, {load_split('phantom').digest}",
        "tracks: public-cv",
        "official-test needs the images and the hidden labels of 210 test cases, which are not public",
    ]
    assert open_dataset(out).split.digest == load_split("phantom").digest


def test_names_with_a_prefix_and_without_a_channel(phantom_mswal: Path, tmp_path: Path) -> None:
    source = as_published(phantom_mswal, tmp_path / "Dataset007_Mine")
    for path in [*(source / "imagesTr").iterdir(), *(source / "labelsTr").iterdir()]:
        path.rename(path.with_name("wab_" + path.name.replace("_0000.nii", ".nii")))
    result = run("prepare", tmp_path, tmp_path.with_name(tmp_path.name + "-raw"))
    assert result.exit_code == 0, result.output
    assert load_split("phantom").digest in result.stdout
    assert "note: 484 cases got the id of MSWAL, PHANTOM_0001 for wab_PHANTOM_0001" in result.stdout


def test_a_part_is_of_no_track(tmp_path: Path) -> None:
    source, out = tmp_path / "phantom", tmp_path / "raw"
    made = run("phantom", source, "--train", 4, "--test", 1, "--size", "tiny", "--jobs", 1)
    assert made.exit_code == 0, made.output
    result = run("prepare", source, out, "--partial")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[2].startswith("split: phantom-partial, 4 training and 1 test cases, sha256:")
    assert lines[3] == "tracks: none, for this is a part"
    assert "official-test" not in result.stdout
    assert "public-cv" not in result.stdout


def test_killed_and_called_again(phantom_mswal: Path, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    with subprocess.Popen([*COMMAND, str(phantom_mswal), str(out), "--copy"], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(out.glob("imagesTr/PHANTOM_00[2-9]*")) and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
    assert not (out / "dataset.json").exists()
    result = run("prepare", phantom_mswal, out, "--copy")
    assert result.exit_code == 0, result.output
    assert "copies" in result.stdout
    assert not list(out.rglob(".partial-*"))
    found, wanted = files(out), files(phantom_mswal)
    # The phantom's own descriptions are of the phantom as it was written.
    for name in wanted.keys() - {"dataset.json", "phantom.json", "croissant.json"}:
        assert found[name] == wanted[name]


@pytest.mark.parametrize(("kind", "image"), [("lits", "LITS_000_0000.nii"), ("kits", "case_00001_0000.nii.gz")])
def test_a_phantom_of_another_data_set(tmp_path: Path, kind: str, image: str) -> None:
    source, out = tmp_path / "public", tmp_path / "raw"
    made = run("phantom", source, "--as", kind, "--train", 2, "--test", 1, "--size", "tiny", "--jobs", 1)
    assert made.exit_code == 0, made.output
    refused = run("prepare", source, out, "--as", kind)
    assert refused.exit_code == 1
    assert "take what is there with --partial" in refused.stderr
    assert not out.exists()
    result = run("prepare", source, out, "--as", kind, "--partial")
    assert result.exit_code == 0, result.output
    assert f"split: {kind}-partial, 2 training and 1 test cases, sha256:" in result.stdout
    assert "tracks" not in result.stdout
    assert (out / "imagesTr" / image).exists()
    assert len(open_dataset(out).test) == 1


def test_problems_are_sentences(tmp_path: Path) -> None:
    result = run("prepare", tmp_path / "absent", tmp_path / "raw")
    assert result.exit_code == 1
    assert "there is no such folder" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("wrong", [["a"], ["a", "b", "--as", "btcv"], ["a", "b", "c"]])
def test_a_wrong_call_exits_with_2(wrong: list[str]) -> None:
    assert run("prepare", *wrong).exit_code == 2
