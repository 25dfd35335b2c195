"""What a run has prepared, by nnU-Net's own hand, is what its ceiling is measured on."""

import json

import numpy as np
import pytest

from mswal_bench.baselines.label_round_trip import LabelledImage, there_and_back
from mswal_bench.benchmark.ceilings.asked_grids import asked_grids, grid_of_run
from mswal_bench.benchmark.ceilings.cropped_case import outside_of
from mswal_bench.benchmark.ceilings.method_ceilings import crop_cases
from mswal_bench.benchmark.ceilings.returned_case import lesion_boxes
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.metrics.components import connected_components
from mswal_bench.tests.benchmark.runs.smoke_runs import call, options


def of_v2(work, case):
    blosc2 = pytest.importorskip("blosc2")
    (file,) = (work / "nnunet/preprocessed/Dataset001_Bench").glob(f"*/{case}_seg.b2nd")
    return blosc2.open(str(file))[:][0]


def of_v1(work, case):
    (file,) = (work / "nnunet/preprocessed/Task001_Bench").glob(f"*/{case}.npz")
    return np.load(file)["data"][-1]


@pytest.mark.parametrize(
    ("method", "package", "stored"), [("nnunet-v2", "nnunetv2", of_v2), ("nnunet-v1", "nnunet", of_v1)]
)
def test_labels_of_a_prepared_run(coarse, tmp_path, method, package, stored):
    pytest.importorskip("torch")
    pytest.importorskip(package)
    work = tmp_path / "work"
    call("run", method, *options(coarse, work, "--track", "public-cv", "--until", "prepare"))
    cropped = crop_cases(list(open_dataset(coarse).train.values()))
    assert any(outside_of(case) is not None for case in cropped)
    grid = grid_of_run(work).planned
    (of_method,) = asked_grids([method])
    assert of_method.on([case.as_planned for case in cropped]) == grid
    seen = []
    for case in cropped:
        labels = read_label_map(case.case.label, 7)
        image = LabelledImage(labels.to_array(), case.spacing_mm, case.crop, outside_of(case))
        found = there_and_back(image, grid, list(lesion_boxes(connected_components(labels))))
        expected = stored(work, case.case.id)
        seen += found.is_seen
        np.testing.assert_array_equal(found.seen, np.maximum(expected, 0))
    assert not all(seen)
    # Beside the method itself the run is called as its folder is.
    said = call("ceiling", work, method, "--data", coarse, "--jobs", 1, "--format", "json")
    scores = json.loads(said[said.index("{") : said.rindex("}") + 1])["methods"]
    assert scores.keys() == {"work", method}
    assert scores["work"] == scores[method]
