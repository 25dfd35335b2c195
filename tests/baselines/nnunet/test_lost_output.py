"""A network whose output is not finite for one image: that case gets a sentence, and all others a label map."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import SimpleITK
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.method import FailedCasesError
from mswal_bench.baselines.nnunet.checkpoints import final_checkpoint
from mswal_bench.baselines.nnunet.fold_networks import FoldNetworks
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans

from .small_plans import predict_plainly, save_weights, write_predictable_plans

SHAPE = (20, 18, 16)
SAID = "the network's output is not finite and would pass for background; "


@pytest.fixture
def trained(tmp_path):
    """A workspace with a network of random weights as fold 0."""
    workspace = write_predictable_plans(tmp_path)
    network = planned_network(PlansManager(read_plans(workspace)), read_dataset_json(workspace), deep_supervision=True)
    save_weights(workspace, network.state_dict())
    return workspace


def save_image(path, *values):
    """Random HU, and at the first voxels `values`; in a format in which SimpleITK reads NaN as NaN."""
    array = np.random.default_rng(0).normal(0, 300, SHAPE).astype(np.float32)
    array[0, 0, : len(values)] = values
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path))
    return path


def test_an_image_that_is_not_finite_costs_its_case_alone(trained, tmp_path):
    images = {
        "a": save_image(tmp_path / "a_0000.mha"),
        "b": save_image(tmp_path / "b_0000.mha", np.nan),
        "c": save_image(tmp_path / "c_0000.mha"),
    }
    with pytest.raises(FailedCasesError) as caught:
        predict_plainly(trained, images, tmp_path / "out")
    assert caught.value.cases == {"b": f"{SAID}its image has voxels that are NaN or infinite: convert it again."}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.nii.gz", "c.nii.gz"]

    save_image(images["b"])
    predict_plainly(trained, images, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_that_diverged_is_told_from_a_bad_image(trained, tmp_path, value):
    weights = torch.load(final_checkpoint(trained, 0))["network_weights"]
    last = [name for name in weights if "seg_layers" in name and name.endswith("bias")][-1]
    weights[last][3] = value
    save_weights(trained, weights)
    with pytest.raises(FailedCasesError) as caught:
        predict_plainly(trained, {"a": save_image(tmp_path / "a_0000.mha")}, tmp_path / "out")
    assert caught.value.cases["a"].startswith(f"{SAID}its image is finite, so the training has diverged")
    assert list((tmp_path / "out").iterdir()) == []


def test_one_lost_fold_of_an_ensemble_is_enough(trained, tmp_path):
    weights = torch.load(final_checkpoint(trained, 0))["network_weights"]
    save_weights(trained, {name: torch.full_like(weight, torch.nan) for name, weight in weights.items()}, fold=1)
    image = save_image(tmp_path / "a_0000.mha")
    predict_plainly(trained, {"a": image}, tmp_path / "of-one")
    with pytest.raises(FailedCasesError):
        predict_plainly(trained, {"a": image}, tmp_path / "of-both", folds=[0, 1])


def test_another_error_of_the_network_is_none_of_the_case(trained, tmp_path, monkeypatch):
    def fail(networks, window):
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(FoldNetworks, "logits", fail)
    with pytest.raises(RuntimeError, match="no kernel image"):
        predict_plainly(trained, {"a": save_image(tmp_path / "a_0000.mha")}, tmp_path / "out")


def test_an_image_that_cannot_be_read_costs_its_case_alone(trained, tmp_path):
    images = {"a": tmp_path / "a_0000.mha", "b": save_image(tmp_path / "b_0000.mha")}
    images["a"].write_text("no volume")
    with pytest.raises(FailedCasesError, match=r"^a: its image cannot be read \(Unable to determine ImageIO"):
        predict_plainly(trained, images, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.nii.gz"]
