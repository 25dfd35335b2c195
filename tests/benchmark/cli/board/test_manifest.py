from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


def _manifest(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["manifest", *map(str, arguments)])


def test_a_manifest_of_images_and_of_labels(tmp_path: Path, save_labels: SaveLabels):
    for name in ("labels/a.nii.gz", "images/a_0000.nii.gz"):
        save_labels(tmp_path / name, np.ones((2, 3, 4), np.uint8))
    for kind in ("labels", "images"):
        result = _manifest(tmp_path / kind, "-o", tmp_path / f"{kind}.json", "--track", "mine", "--hidden")
        assert result.exit_code == 0, result.output
        assert "1 cases of mine, hidden labels, sha256:" in result.stdout
    assert (tmp_path / "labels.json").read_bytes() == (tmp_path / "images.json").read_bytes()
    assert json.loads((tmp_path / "labels.json").read_text())["cases"]["a"]["shape"] == [4, 3, 2]


def test_which_tracks_are_hidden(tmp_path: Path, save_labels: SaveLabels):
    for folder in ("labelsTr", "any"):
        save_labels(tmp_path / folder / "a.nii.gz", np.ones((2, 3, 4), np.uint8))
    for folder, options, track, hidden in (
        ("any", [], "official-test", True),
        ("any", ["--public"], "official-test", False),
        ("any", ["--track", "mine"], "mine", False),
        ("labelsTr", [], "public-cv", False),
    ):
        assert _manifest(tmp_path / folder, "-o", tmp_path / "m.json", *options).exit_code == 0
        made = json.loads((tmp_path / "m.json").read_text())
        assert (made["track"], made["hidden"]) == (track, hidden)


def test_wrong_input_and_wrong_calls(tmp_path: Path):
    nothing = _manifest(tmp_path, "-o", tmp_path / "m.json")
    assert (nothing.exit_code, "has no volume in it" in nothing.stderr) == (1, True)
    assert not (tmp_path / "m.json").exists()
    assert _manifest(tmp_path).exit_code == 2
