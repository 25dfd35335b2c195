"""What the headers of a data set tell, and the spacing that nnU-Net plans for it."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.stored_cases import StoredCase, planned_spacing_mm, stored_cases, stored_images

ENDING = ".mha"


def write(path, shape, kind, spacing=(0.5, 0.75, 2)):
    path.parent.mkdir(exist_ok=True)
    image = SimpleITK.GetImageFromArray(np.zeros(shape, kind), isVector=False)
    image.SetSpacing(spacing + (1,) * (image.GetDimension() - 3))
    SimpleITK.WriteImage(image, str(path))
    # Headers alone are read.
    os.truncate(path, path.stat().st_size - 50)
    return path


def test_by_headers_alone(tmp_path):
    for case, shape, kind, of_labels in (
        ("b", (3, 4, 5), np.int16, np.uint8),
        ("a", (2, 3, 9), np.float64, np.int64),
        ("c", (7, 3, 9), np.float32, np.float32),
        ("left out", (2, 2, 3, 9), np.int16, np.uint8),
        ("not asked for", (2, 3, 9), np.int16, np.uint8),
    ):
        write(tmp_path / "imagesTr" / f"{case}_0000.mha", shape, kind)
        write(tmp_path / "labelsTr" / f"{case}.mha", shape, of_labels)
    found = stored_cases(tmp_path, ENDING, ["b", "a", "left out", "c"])
    spacing = 2.0, 0.75, 0.5
    assert found == [
        StoredCase("a", (2, 3, 9), spacing, 8, 8),
        StoredCase("b", (3, 4, 5), spacing, 2, 1),
        StoredCase("c", (7, 3, 9), spacing, 4, 4, whole_labels=False),
    ]
    assert [case.voxels for case in found] == [54, 60, 189]
    assert stored_cases(tmp_path, ENDING, []) == []


def test_every_file_without_a_header_is_named(tmp_path):
    write(tmp_path / "imagesTr" / "a_0000.mha", (3, 4, 5), np.int16)
    (tmp_path / "labelsTr").mkdir()
    (tmp_path / "labelsTr" / "a.mha").write_text("no volume")
    with pytest.raises(MethodError) as caught:
        stored_cases(tmp_path, ENDING, ["a", "b"])
    for name in ("labelsTr/a.mha", "imagesTr/b_0000.mha", "labelsTr/b.mha"):
        assert f"{name}: its image cannot be read (" in str(caught.value)


def test_images_alone(tmp_path):
    whole, text = write(tmp_path / "a.mha", (3, 4, 5), np.int16), tmp_path / "text.nii.gz"
    text.write_text("no volume")
    assert stored_images({"x": whole, "y": text, "z": tmp_path / "none.mha"}) == [
        StoredCase("x", (3, 4, 5), (2.0, 0.75, 0.5), 2, 0)
    ]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("longest", [1.0, 4.0, 9.0])
def test_the_spacing_is_nnunets(seed, longest):
    planner = pytest.importorskip("nnunetv2.experiment_planning.experiment_planners.default_experiment_planner")
    rng = np.random.default_rng(seed)
    # With slices as thin as voxels are wide among them, of which the tenth percentile is made.
    count = int(rng.integers(1, 12))
    spacings = rng.uniform(0.5, 1.0, (count, 3)) * rng.choice([(longest, 1, 1), (1, 1, 1)], count, p=[0.8, 0.2])
    shapes = rng.integers(20, 40, (count, 3)) * (1, 9, 9)
    fingerprint = {"spacings": spacings.tolist(), "shapes_after_crop": shapes.tolist()}
    plans = SimpleNamespace(dataset_fingerprint=fingerprint, overwrite_target_spacing=None, anisotropy_threshold=3)
    expected = planner.ExperimentPlanner.determine_fullres_target_spacing(plans)
    cases = [
        StoredCase("", tuple(shape), tuple(spacing)) for shape, spacing in zip(shapes, spacings.tolist(), strict=True)
    ]
    assert planned_spacing_mm(cases) == tuple(expected.tolist())
