"""Installs the package in CONTRIBUTING.md as its reader would, and runs its method from the command line."""

import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
import yaml

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROMISED = re.findall(r"^\| `(mswal_bench\.[\w.]+)` \| (.+) \|$", TEXT, re.MULTILINE)


def block(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return code


@dataclass(frozen=True)
class Bench:
    """The command line where the package is installed."""

    site: Path

    def __call__(self, *arguments: object, exit_code: int = 0) -> str:
        """What the command prints; of one that fails, what it says of that."""
        path = os.pathsep.join([str(self.site), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-m", "mswal_bench", *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": path}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == exit_code, done.stderr
        return done.stderr if exit_code else done.stdout


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("contributed")
    install(folder / "hu-table", block("toml"), folder / "site")
    return Bench(folder / "site")


def install(source: Path, project: str, site: Path) -> None:
    source.mkdir()
    (source / "pyproject.toml").write_text(project, encoding="utf-8")
    (source / "hu_table.py").write_text(block("python"), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps"]
    pip += ["--disable-pip-version-check", "--upgrade", "--target", str(site), str(source)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("module", "names"), PROMISED)
def test_what_a_plug_in_may_import_is_there(module, names):
    found = importlib.import_module(module)
    for name in re.findall(r"`(\w+)`", names):
        assert hasattr(found, name), f"{module}.{name}"


def test_the_package_imports_nothing_else():
    assert len(PROMISED) > 5
    promised = {(module, name) for module, names in PROMISED for name in re.findall(r"`(\w+)`", names)}
    imports = re.findall(r"^ *from (mswal_bench[\w.]*) import (.+)$", block("python"), re.MULTILINE)
    assert imports
    assert {(module, name) for module, names in imports for name in names.split(", ")} <= promised


def test_it_is_listed(bench):
    table = bench("methods")
    assert "from the package hu-table 1.0" in table
    assert re.search(r"^hu-table +HU table +4,008 ", table, re.MULTILINE)
    assert bench("methods", "--names").split()[-1] == "hu-table"
    card = bench("methods", "hu-table")
    assert card.startswith("HU table (hu-table)")
    assert "less than the noise of a CT" in card


@pytest.mark.slow
def test_it_trains_predicts_is_scored_and_handed_in(bench, tmp_path):
    pytest.importorskip("psutil")
    raw, work = tmp_path / "raw", tmp_path / "work"
    bench("data", "phantom", raw, "--train", 6, "--test", 2, "--size", "tiny")
    run = ("run", "hu-table", "--data", raw, "--work", work, "--device", "cpu")
    table = bench(*run)
    assert "hu-table" in table
    assert "Kidney stone" in table
    (record,) = work.rglob("record.json")
    content = json.loads(record.read_text())
    identity = content["identity"]
    assert (identity["method"], identity["package"], identity["package_version"]) == ("hu-table", "hu-table", "1.0")
    assert all(each["packages"]["hu-table"] == "1.0" for each in content["environments"].values())
    assert content["folds"] == [0, 1, 2, 3, 4]
    # By hand, from the whole training set: five folds see every case four times.
    counts: dict[int, np.ndarray] = {}
    for image in sorted((raw / "imagesTr").iterdir()):
        labels = read(raw / "labelsTr" / image.name.replace("_0000", ""))
        for step, label in zip((read(image) // 5).ravel().tolist(), labels.ravel().tolist(), strict=True):
            counts.setdefault(int(step), np.zeros(8, int))[label] += 1
    predicted = {path.name: path for path in work.rglob("hu-table/*.nii.gz")}
    images = sorted((raw / "imagesTs").iterdir())
    assert len(images) == len(predicted) == 2
    found_some = False
    for image in images:
        steps = read(image) // 5
        expected = np.zeros(steps.shape, np.uint8)
        for step in np.unique(steps):
            if int(step) in counts:
                expected[steps == step] = counts[int(step)].argmax()
        found_some |= bool(expected.any())
        np.testing.assert_array_equal(read(predicted[image.name.replace("_0000", "")]), expected)
    assert found_some, "a stone is brighter than all else"
    assert "nothing is left to do" in bench(*run)
    hand_in(bench, tmp_path, raw, record.parent)

    # Another version of the package may do anything, and so is another run.
    newer = tmp_path / "newer"
    install(tmp_path / "hu-table", block("toml").replace('"1.0"', '"1.1"'), newer)
    said = Bench(newer)(*run, exit_code=1)
    assert "this work folder belongs to a run with another package version: expected 1.0, found 1.1" in said
    assert "Use another --work folder" in said


def hand_in(bench: Bench, tmp_path: Path, raw: Path, run: Path) -> None:
    """The run's predictions as a submission, scored, evaluated and on the board, with the card."""
    predictions, mine, results = run / "hu-table", tmp_path / "mine", tmp_path / "results"
    assert "hu-table" in bench("score", predictions, "--reference", raw / "labelsTs")
    manifest = tmp_path / "manifest.json"
    bench("manifest", raw / "labelsTs", "--track", "phantom", "-o", manifest)
    told = ("--contact", "nobody@example.org", "--author", "Nobody", "--affiliation", "Nowhere")
    bench("submission", "init", mine, "--track", "phantom", "--run", run, *told)
    form = yaml.safe_load((mine / "submission.yaml").read_text(encoding="utf-8"))
    assert (form["baseline"], form["package"]) == ("hu-table", "hu-table 1.0")
    # As valid where the package is not installed.
    Bench(tmp_path / "nothing")("validate", mine, "--manifest", manifest)
    evaluate = ("evaluate", mine, "--reference", raw / "labelsTs", "--manifest", manifest, "--results", results)
    bench("results", "keygen", tmp_path / "organiser")
    bench(*evaluate, "--verified", "--key", tmp_path / "organiser")
    bench("results", "verify", results)
    assert "HU table" in bench("results", "list", results)
    for which, site, says in (
        (bench, "site", "less than the noise of a CT"),
        (Bench(tmp_path / "nothing"), "without", "of the package hu-table 1.0, of which no card was at hand"),
    ):
        which("leaderboard", "build", results, "-o", tmp_path / site)
        pages = [path.read_text(encoding="utf-8") for path in (tmp_path / site).rglob("*.html")]
        assert any(says in page for page in pages)


def read(path: Path) -> np.ndarray:
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
