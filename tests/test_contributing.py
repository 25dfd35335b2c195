"""The method in CONTRIBUTING.md, as its reader would add it, from the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
# What the module in baselines/ and the line in its registry do, without writing into the checkout.
WITH_METHOD = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("mswal_bench.baselines.hu_table", sys.argv.pop(1))
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
from mswal_bench.baselines.registry import METHODS
METHODS[module.METHOD.name] = module.METHOD
from mswal_bench.benchmark.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path_factory.mktemp("contributed") / "hu_table.py"
    path.write_text(code)
    return path


def bench(module: Path, *arguments: object) -> str:
    command = [sys.executable, "-c", WITH_METHOD, str(module), *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_listed(module):
    assert "hu-table" in bench(module, "methods")
    card = bench(module, "methods", "hu-table")
    assert card.startswith("HU table (hu-table)")
    assert "less than the noise of a CT" in card


def test_it_trains_predicts_and_is_scored(module, tmp_path):
    raw, work = tmp_path / "raw", tmp_path / "work"
    bench(module, "data", "phantom", raw, "--train", 6, "--test", 2, "--size", "tiny")
    run = ("run", "hu-table", "--data", raw, "--work", work, "--device", "cpu")
    table = bench(module, *run)
    assert "hu-table" in table
    assert "Kidney stone" in table
    (record,) = work.rglob("record.json")
    content = json.loads(record.read_text())
    assert content["identity"]["method"] == "hu-table"
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
    assert "nothing is left to do" in bench(module, *run)


def read(path: Path) -> np.ndarray:
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
