"""Tables in a terminal of 60 columns."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.tests.benchmark.paper.own_records import run

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

COLUMNS = 60
# Runs the command in a terminal of its own, and prints what it wrote there.
IN_A_TERMINAL = f"""
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, {COLUMNS}, 0, 0))
    from mswal_bench.benchmark.cli.main import main
    main()
text = b""
try:
    while piece := os.read(terminal, 65536):
        text += piece
except OSError:
    pass
sys.stdout.buffer.write(text)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def in_a_terminal(*arguments: object) -> list[str]:
    """The lines that the command prints, without the marks."""
    command = [sys.executable, "-c", IN_A_TERMINAL, *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    done = subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode()).replace("\r\n", "\n").split("\n")


@pytest.fixture
def data(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """A data set of three cases with every lesion type, and two methods' predictions of them."""
    labels = np.zeros((4, 8, 24), np.uint8)
    for lesion in LESION_CLASSES:
        labels[1:3, 2:5, 3 * lesion.id - 2 : 3 * lesion.id] = lesion.id
    for case in "abc":
        save_labels(tmp_path / "imagesTr" / f"{case}_0000.nii.gz", np.zeros(labels.shape, np.int16))
        save_labels(tmp_path / "labelsTr" / f"{case}.nii.gz", labels)
        for shift, method in enumerate(("a-method-with-a-name", "another-method"), start=1):
            save_labels(tmp_path / method / f"{case}.nii.gz", np.roll(labels, shift, axis=1))
    names = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}
    description = {"labels": names, "numTraining": 3, "file_ending": ".nii.gz"}
    (tmp_path / "dataset.json").write_text(json.dumps(description))
    return tmp_path


def assert_narrow(lines: list[str]) -> None:
    """Sentences are left to the terminal; a line of a table has gaps, or is a rule."""
    table = [line for line in lines if re.search(r"\S {2,}\S|-{3}|─{3}", line) and "|" not in line]
    assert len(table) > 3
    assert max(map(len, table)) <= COLUMNS


def test_score_and_rank(data: Path) -> None:
    methods = [data / "a-method-with-a-name", data / "another-method"]
    lines = in_a_terminal(
        "score", *methods, "--reference", data / "labelsTr", "--details", "--out", data / "out", "--jobs", 1
    )
    assert_narrow(lines)
    assert any("HD95" in line for line in lines)
    ranked = in_a_terminal("rank", data / "out", "--resamples", 50, "--permutations", 50)
    assert_narrow(ranked)
    assert any("Ranks drawn" in line for line in ranked)
    # Which interval a part begins with is to be seen without the part above it.
    intervals = [
        above[head.start() : head.end()].strip()
        for above, line in pairwise(ranked)
        for head in re.finditer("95 % interval", line)
    ]
    assert intervals == ["DSC", "F1"]


def test_data_stats(data: Path) -> None:
    lines = in_a_terminal("data", "stats", data, "--jobs", 1)
    assert_narrow(lines)
    of_paper = [
        above[head.start() : head.end()].strip()
        for above, line in pairwise(lines)
        for head in re.finditer(r"\bpaper\b", line)
    ]
    assert of_paper[:3] == ["All", "Small", "Large"]


def test_runs(tmp_path: Path) -> None:
    for name in ("nnunet-v2", "inception-nnunet-with-a-long-name-of-its-folder"):
        run(tmp_path / "experiments" / name, "nnunet-v2", 0.5, goal="public-cv-fold-all")
    lines = in_a_terminal("runs", tmp_path)
    assert_narrow(lines)
    assert any("public-cv-fold-all" in line for line in lines)
