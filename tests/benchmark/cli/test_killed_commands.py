"""Commands that are killed at any step and called again leave what an undisturbed call leaves, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.tests.benchmark.signed_records import key_file

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

# Of all steps so many, spread over them, for the suite is to be quick; MSWAL_BENCH_KILLS=999 takes all.
_MOST = int(os.environ.get("MSWAL_BENCH_KILLS", "10"))
_FORM = "method: {name}\nauthors: [A]\naffiliation: Here\ncontact: a@here.org\ntrack: demo\n"
_EVALUATE = ["evaluate", "sub", "--reference", "labels", "--results", "results", "--manifest", "m.json"]
_EVALUATE += ["--jobs", "1", "--resamples", "2"]


@pytest.fixture
def start(tmp_path: Path, save_labels: SaveLabels, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two cases, predictions and a submission, in which the test is too."""
    folder = tmp_path / "start"
    for number in (1, 2):
        labels = np.zeros((3, 4, 8), np.uint8)
        labels[1, 1:3, 2 : 4 + number] = 3
        for name, array in (("labels", labels), ("sub/predictions", np.roll(labels, 1, axis=2))):
            save_labels(folder / name / f"case_{number}.nii.gz", array)
        save_labels(folder / "raw" / "labelsTr" / f"case_{number}.nii.gz", labels, origin=(0.0, 0.0, float(number)))
        save_labels(folder / "raw" / "imagesTr" / f"case_{number}_0000.nii.gz", labels.astype(np.int16) * 100 - number)
    names = ["background", *(lesion.name for lesion in LESION_CLASSES)]
    description = {
        "channel_names": {"0": "CT"},
        "labels": {name: number for number, name in enumerate(names)},
        "numTraining": 2,
        "file_ending": ".nii.gz",
    }
    (folder / "raw" / "dataset.json").write_text(json.dumps(description))
    (folder / "sub" / "submission.yaml").write_text(_FORM.format(name="One"))
    monkeypatch.chdir(folder)
    return folder


def _call(*arguments: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output


def _manifest(hidden: str) -> None:
    _call("manifest", "labels", "-o", "m.json", "--track", "demo", f"--{hidden}")


def _evaluated() -> None:
    _manifest("public")
    _call(*_EVALUATE)


def _built() -> None:
    _evaluated()
    _call("leaderboard", "build", "results", "-o", "site", "--resamples", "100")
    Path("sub/submission.yaml").write_text(_FORM.format(name="Two"))
    _call(*_EVALUATE, "--verified", "--key", str(key_file(Path.cwd())))


def _scored() -> None:
    _call("score", "sub/predictions", "--reference", "labels", "--out", "one")
    Path("sub/predictions").rename("sub/other")
    _call("score", "sub/other", "--reference", "labels", "--out", "two")
    Path("sub/other").rename("sub/predictions")


_BUILD = ["leaderboard", "build", "results", "-o", "site", "--resamples", "100"]
_COMMANDS: dict[str, tuple[Callable[[], None] | None, list[str]]] = {
    "score": (None, ["score", "sub/predictions", "--reference", "labels", "--out", "out", "--jobs", "1"]),
    "summary": (None, ["score", "sub/predictions", "--reference", "labels", "--out", "o", "--nnunet-summary"]),
    "merge": (_scored, ["merge", "one", "two", "--out", "merged"]),
    "fix": (None, ["data", "check", "raw", "--fix", "--jobs", "1"]),
    "stats": (None, ["data", "stats", "raw", "--out", "stats", "--jobs", "1"]),
    "manifest": (None, ["manifest", "labels", "-o", "new/m.json", "--track", "demo"]),
    "init": (None, ["submission", "init", "mine", "--predictions", "sub/predictions", "--method", "One"]),
    "evaluate": (lambda: _manifest("public"), _EVALUATE),
    "hidden": (lambda: _manifest("hidden"), [*_EVALUATE, "--private", "private", "--nnunet-summary"]),
    "build": (_evaluated, _BUILD),
    "build again": (_built, _BUILD),
    "verify": (_evaluated, ["results", "verify", "results", "--submission", "sub", "--reference", "labels"]),
}


@pytest.mark.parametrize("name", _COMMANDS)
def test_nothing_stays_behind_and_nothing_is_lost(name: str, start: Path, tmp_path: Path) -> None:
    prepare, arguments = _COMMANDS[name]
    if prepare is not None:
        prepare()
    (tmp_path / "work").mkdir()
    driver = "mswal_bench.tests.benchmark.cli.killed_at_steps"
    command = [sys.executable, "-m", driver, str(start), str(tmp_path / "work"), str(_MOST), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["faults"] == []
