from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.figures.explorer import case_content as module
from mswal_bench.benchmark.figures.explorer.case_content import MOST_BYTES, CaseToShow, case_content
from mswal_bench.benchmark.figures.explorer.packed_volumes import LEVELS_HU, mean_levels
from mswal_bench.benchmark.figures.explorer.viewer_grid import ViewerGrid
from mswal_bench.benchmark.scoring.score_files import score_files
from mswal_bench.benchmark.volumes.geometry import Geometry

from .explorer_cases import SHAPE, make_case, save

GRIDS = ["plain", "flipped", "permuted", "oblique"]


def shown(script: bytes) -> dict[str, Any]:
    """What the page's script holds."""
    return json.loads(script.decode().removeprefix("globalThis.shownCase = ").rstrip().removesuffix(";"))


def unpacked(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype)


def as_image(folder: Path, content: dict[str, Any], header: str, values: np.ndarray) -> SimpleITK.Image:
    """The volume as a reader of NIfTI has it."""
    path = folder / "drawn.nii"
    path.write_bytes(base64.b64decode(header) + values.tobytes())
    return SimpleITK.ReadImage(str(path))


def numbers(side: dict[str, Any]) -> np.ndarray:
    return unpacked(side["data"], "<u2")


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("most_bytes", [MOST_BYTES, 17_000])
def test_what_is_drawn_lies_where_the_files_lie(tmp_path: Path, kind: str, most_bytes: int) -> None:
    made = make_case(tmp_path, kind)
    packed = case_content(made.files, MSWAL_1, most_bytes=most_bytes)
    content = shown(packed.script)
    assert len(packed.script) <= most_bytes
    assert (packed.grid.factors == (1, 1, 1)) == (most_bytes == MOST_BYTES)
    hu = np.array(LEVELS_HU, "<i2")[unpacked(content["ct"]["data"], "u1")]
    ct = as_image(tmp_path, content, content["ct"]["header"], hu)
    drawn = as_image(tmp_path, content, content["header"], numbers(content["reference"]).astype("u1"))
    assert drawn.GetSize() == ct.GetSize() == tuple(content["shape"])
    for method in content["methods"]:
        for side, number, *_, x, y, z in method["rows"]:
            at = made.image.TransformPhysicalPointToIndex((x, y, z))
            # In the lesion itself, although the centroid of the shell is not.
            array = made.reference if side == "reference" else made.prediction
            assert array[at[::-1]] > 0
            index = drawn.TransformPhysicalPointToIndex((x, y, z))
            if side == "reference":
                assert drawn[index] == number
                if packed.grid.factors == (1, 1, 1):
                    assert ct[index] > 200


@pytest.mark.parametrize("kind", GRIDS)
def test_no_voxel_is_moved_or_lost_where_blocks_are_voxels(tmp_path: Path, kind: str) -> None:
    made = make_case(tmp_path, kind)
    content = shown(case_content(made.files, MSWAL_1).script)
    drawn = as_image(tmp_path, content, content["header"], numbers(content["reference"]).astype("u1"))
    places = np.argwhere(SimpleITK.GetArrayFromImage(drawn) > 0)
    found = {
        made.image.TransformPhysicalPointToIndex(drawn.TransformIndexToPhysicalPoint(place[::-1].tolist()))[::-1]
        for place in places
    }
    assert found == {tuple(place) for place in np.argwhere(made.reference).tolist()}


def test_lists_and_counts_are_those_of_score(tmp_path: Path) -> None:
    made = make_case(tmp_path)
    content = shown(case_content(made.files, MSWAL_1).script)
    method = content["methods"][0]
    score = score_files(made.files.reference, tmp_path / "prediction.nii.gz")
    assert [tuple(row[2:4]) + tuple(row[6:9]) for row in method["rows"]] == [
        (each.class_id, each.lesion_id, int(each.iou * 10_000 + 1e-6) / 10_000, each.matched_id or 0, each.status)
        for each in score.lesions
    ]
    assert {int(key): value[:3] for key, value in method["counts"].items()} == {
        key: [of.tp, of.fp, of.fn] for key, of in score.classes.items()
    }
    assert sum(value[1] for value in method["counts"].values()) == 1
    assert sum(value[2] for value in method["counts"].values()) == 3
    # By number, as the viewer colours them.
    rows = method["rows"]
    assert method["found"] == [row[1] for row in rows if row[0] == "reference" and row[8] == "TP"]
    assert method["matched"] == [row[1] for row in rows if row[0] == "prediction" and row[8] == "TP"]
    missing = content["methods"][1]
    assert missing["missing"]
    assert not method["missing"]
    assert {row[8] for row in missing["rows"]} == {"FN"}


def test_a_full_size_case_of_noise_fits(tmp_path: Path) -> None:
    shape = (276, 512, 512)
    # Every level of grey is as likely as the others: nothing can be packed.
    save(np.random.default_rng(0).integers(-1000, 1230, shape, np.int16), tmp_path / "ct.nii")
    labels = np.zeros(shape, np.uint8)
    labels[2:5, 2:9, 2:9] = 3
    labels[270:274, 500:510, 500:510] = 6
    labels[100, 100, 100] = 1
    save(labels, tmp_path / "labels.nii")
    files = CaseToShow("noise", tmp_path / "labels.nii", tmp_path / "ct.nii", {"one": tmp_path / "labels.nii"})
    packed = case_content(files, MSWAL_1)
    assert 1_000_000 < len(packed.script) <= MOST_BYTES
    # The voxel that is a lesion is still there.
    assert set(np.unique(numbers(shown(packed.script)["reference"])).tolist()) == {0, 1, 2, 3}


def test_the_list_of_specks_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    made = make_case(tmp_path)
    specks = np.zeros(SHAPE, np.uint8)
    specks[::4, ::4, ::4] = 2
    specks[10:12, 20:22, 20:22] = 4
    save(specks, tmp_path / "prediction.nii.gz")
    method = shown(case_content(made.files, MSWAL_1).script)["methods"][0]
    of_prediction = [row for row in method["rows"] if row[0] == "prediction"]
    assert len(of_prediction) == 5
    assert 4 in {row[2] for row in of_prediction}
    assert method["counts"]["2"][1] + method["counts"]["4"][1] == len(of_prediction) + method["leftOut"]


def test_without_a_ct_and_without_a_lesion(tmp_path: Path) -> None:
    packed = case_content(make_case(tmp_path, ct=False, lesions=False).files, MSWAL_1)
    content = shown(packed.script)
    assert content["ct"] is None
    assert tuple(content["shape"]) == SHAPE[::-1]
    assert not numbers(content["reference"]).any()
    assert [method["rows"] for method in content["methods"]] == [[], []]
    assert {value[3] for value in content["methods"][0]["counts"].values()} == {None}


@pytest.mark.parametrize("fault", ["another grid", "cut off", "no volume"])
def test_a_ct_that_cannot_be_used_costs_itself(tmp_path: Path, fault: str) -> None:
    made = make_case(tmp_path)
    path = tmp_path / "ct.nii.gz"
    if fault == "another grid":
        save(np.zeros((24, 40, 31), np.int16), path)
    else:
        path.write_bytes(path.read_bytes()[:2000] if fault == "cut off" else b"nothing")
    packed = case_content(made.files, MSWAL_1)
    content = shown(packed.script)
    assert content["ct"] is None
    assert content["ctFault"] == packed.ct_problems[0].what
    # A page may be published, and nobody's folders are.
    assert str(tmp_path) not in packed.script.decode()
    assert content["methods"][0]["rows"]


def test_label_maps_on_other_grids_are_refused(tmp_path: Path) -> None:
    made = make_case(tmp_path)
    save(np.zeros((24, 40, 31), np.uint8), tmp_path / "prediction.nii.gz")
    with pytest.raises(BenchError, match="the shape"):
        case_content(made.files, MSWAL_1)


def test_means_of_blocks() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (9, 10, 11), np.uint8)
    turned = Geometry((11, 10, 9), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    grid = ViewerGrid(turned, (1, 2, 0), (11, 9, 9), (3, 2, 4))
    means = mean_levels(levels, grid)
    assert means.shape == grid.shape[::-1] == (3, 4, 4)
    for z, y, x in np.ndindex(means.shape):
        block = levels[4 * z : min(4 * z + 4, 9), 2 + 2 * y : min(4 + 2 * y, 9), 1 + 3 * x : min(4 + 3 * x, 11)]
        assert means[z, y, x] == np.rint(block.mean())


def test_levels_are_fine_in_organs_and_reach_lung_and_bone() -> None:
    steps = np.diff(LEVELS_HU)
    assert (LEVELS_HU[0], LEVELS_HU[-1]) == (-1000, 1229)
    assert max(steps[(np.array(LEVELS_HU[:-1]) >= -160) & (np.array(LEVELS_HU[:-1]) < 239)]) == 3
    assert max(steps) == 15
