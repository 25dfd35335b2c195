"""A pipe in the place of a file, a name that is too long, a disk that is full: each is a sentence, at once."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core import worker_pool
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import MadeOnce, SaveLabels

_FORM = "method: One\nauthors: [A]\naffiliation: Here\ncontact: a@here.org\ntrack: demo\n"
_EVALUATE = ["evaluate", "sub", "--reference", "labels", "--results", "results", "--manifest", "m.json"]
_EVALUATE += ["--jobs", "1", "--resamples", "2"]
_SCORE = ["score", "sub/predictions", "--reference", "labels", "--out", "out", "--jobs", "1"]
_BUILD = ["leaderboard", "build", "results", "-o", "site", "--resamples", "100"]
_VERIFY = ["results", "verify", "results"]


@pytest.fixture
def folder(tmp_path: Path, save_labels: SaveLabels, made_once: MadeOnce, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A track with a record, in which the test is."""

    def make(path: Path) -> None:
        monkeypatch.chdir(_track(path, save_labels))
        for call in (["manifest", "labels", "-o", "m.json", "--track", "demo", "--public"], _EVALUATE, _SCORE, _BUILD):
            assert _output(call)[0] == 0

    folder = Path(shutil.copytree(made_once("track-with-a-record", make), tmp_path / "track"))
    monkeypatch.chdir(folder)
    return folder


def _track(tmp_path: Path, save_labels: SaveLabels) -> Path:
    for number in (1, 2):
        labels = np.zeros((3, 4, 8), np.uint8)
        labels[1, 1:3, 2 : 4 + number] = 3
        save_labels(tmp_path / "labels" / f"case_{number}.nii.gz", labels)
        save_labels(tmp_path / "raw" / "labelsTr" / f"case_{number}.nii.gz", labels, origin=(0.0, 0.0, 0.0))
        save_labels(tmp_path / "raw" / "imagesTr" / f"case_{number}_0000.nii.gz", labels.astype(np.int16) - number)
    shutil.copytree(tmp_path / "labels", tmp_path / "sub" / "predictions")
    names = ["background", *(lesion.name for lesion in LESION_CLASSES)]
    labels_of = {name: number for number, name in enumerate(names)}
    description = {"channel_names": {"0": "CT"}, "labels": labels_of, "numTraining": 2, "file_ending": ".nii.gz"}
    (tmp_path / "raw" / "dataset.json").write_text(json.dumps(description))
    (tmp_path / "sub" / "submission.yaml").write_text(_FORM)
    return tmp_path


def _output(arguments: list[str]) -> tuple[int, str]:
    """Exit status and what is told on stderr."""
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, result.stderr + result.stdout


@contextmanager
def _at_once() -> Iterator[None]:
    """Whoever waits for a pipe waits for ever, which would be the end of the tests."""

    def wait(number: int, frame: object) -> None:
        pytest.fail("waits for a pipe")

    handled = signal.signal(signal.SIGALRM, wait)
    signal.alarm(60)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handled)


_PIPES: dict[str, list[list[str]]] = {
    "results/records/demo/*/record.json": [_BUILD, _VERIFY, _EVALUATE],
    "results/records/demo/*/cases.csv": [_VERIFY],
    "results/records/demo/*/lesions.csv": [_VERIFY],
    "m.json": [_EVALUATE],
    "sub/submission.yaml": [_EVALUATE],
    "sub/predictions/case_1.nii.gz": [_EVALUATE, _SCORE],
    "labels/case_1.nii.gz": [_EVALUATE, _SCORE, ["manifest", "labels", "-o", "m2.json"]],
    "raw/dataset.json": [["data", "check", "raw", "--jobs", "1"], ["data", "stats", "raw"]],
    "raw/labelsTr/case_1.nii.gz": [["data", "check", "raw", "--fix"], ["data", "prepare", "raw", "out", "--partial"]],
    "raw/imagesTr/case_1_0000.nii.gz": [["data", "check", "raw", "--jobs", "1"]],
    "out/scores.json": [["merge", "out", "--out", "merged"]],
    "out/cases.csv": [["merge", "out", "--out", "merged"]],
    "out/lesions.csv": [["merge", "out", "--out", "merged"]],
    "site/board.json": [_BUILD],
}


@pytest.mark.parametrize("place", _PIPES)
def test_a_pipe_in_the_place_of_a_file(place: str, folder: Path) -> None:
    (path,) = folder.glob(place)
    path.unlink()
    os.mkfifo(path)
    for arguments in _PIPES[place]:
        with _at_once():
            code, told = _output(arguments)
        assert code == 1, arguments
        assert path.name in told


def test_a_pipe_among_kept_scores_and_records_is_let_be(folder: Path) -> None:
    for path in (*(folder / "out" / "cases").iterdir(), folder / "results" / "records" / "demo" / "pipe"):
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    for arguments in (_SCORE, _BUILD, _VERIFY):
        with _at_once():
            assert _output(arguments)[0] == 0


_LONG = "a" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        [*_EVALUATE[:5], _LONG, *_EVALUATE[6:]],
        [*_EVALUATE[:3], _LONG, *_EVALUATE[4:]],
        ["results", "verify", _LONG],
        ["leaderboard", "build", _LONG, "-o", "site"],
        ["leaderboard", "build", "results", "-o", _LONG],
        [*_SCORE[:5], _LONG],
        ["score", _LONG, "--reference", "labels"],
        ["manifest", "labels", "-o", _LONG],
        ["manifest", _LONG, "-o", "m2.json"],
        ["submission", "init", _LONG],
        ["submission", "init", "mine", "--predictions", _LONG],
        ["data", "check", _LONG, "--fix"],
        ["data", "prepare", "raw", _LONG, "--partial"],
        ["merge", "out", "--out", _LONG],
        ["runs", _LONG],
    ],
    ids=lambda arguments: " ".join(arguments).replace(_LONG, "LONG"),
)
@pytest.mark.usefixtures("folder")
def test_a_name_of_300_letters(arguments: list[str]) -> None:
    code, told = _output(arguments)
    assert code == 1
    assert _LONG in told
    assert "File name too long" in told
    assert not Path("mine").exists()


@contextmanager
def _files_of_at_most(size_bytes: int) -> Iterator[None]:
    """As on a full disk, writing more fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handled)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([*_EVALUATE[:5], "results2", *_EVALUATE[6:]], "results2"),
        ([*_SCORE[:5], "out2"], "out2/cases/"),
        (["manifest", "labels", "-o", "m2.json"], "m2.json: "),
        (["leaderboard", "build", "results", "-o", "site2"], "site2: "),
        (["submission", "init", "mine", "--predictions", "sub/predictions"], "mine/predictions/case_1.nii.gz: "),
        (["merge", "out", "--out", "merged"], "merged/cases.csv: "),
        (["data", "check", "raw", "--fix", "--jobs", "1"], "raw/labelsTr/case_1.nii.gz: "),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_full_disk(arguments: list[str], names: str, folder: Path) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}
    with _files_of_at_most(100):
        code, told = _output(arguments)
    assert code == 1
    assert names in told
    assert "File too large" in told
    assert ".partial-" not in told
    assert {path for path in folder.rglob("*") if path.is_file()} == before


def test_a_private_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _output(["manifest", "labels", "-o", "m.json", "--track", "demo", "--hidden"])[0] == 0
    # Who may write anywhere, as root may, is stopped by a file in the place of a folder.
    (folder / "private").mkdir(mode=0o555)
    for blocked in (".evaluating", "evaluation.log"):
        place = folder / "private" / blocked
        folder.joinpath("private").chmod(0o755)
        place.mkdir() if blocked.endswith("log") else place.write_text("")
        folder.joinpath("private").chmod(0o555)
    code, told = _output([*_EVALUATE, "--private", "private"])
    assert code == 1
    assert "for a reason on the organiser's side" in told
    assert "private/evaluation.log: cannot be written" in told


@pytest.mark.usefixtures("folder")
def test_shared_memory_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker_pool, "ProcessPoolExecutor", full)
    code, told = _output([*_SCORE[:5], "new", "--jobs", "2"])
    assert code == 1
    assert told == (
        "error: worker processes cannot be started (No space left on device). "
        "Make room in /dev/shm, or use one job (--jobs 1).\n"
    )
