"""That prediction folds Inception nnU-Net's network, and gives what the trained network gives."""

import numpy as np
import pytest
import SimpleITK

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.networks.fold_inception import FoldedBlock
from mswal_bench.baselines.networks.inception_unet import InceptionUNet
from mswal_bench.baselines.nnunet import predictor
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans
from mswal_bench.baselines.nnunet.predictor import predict_images
from mswal_bench.baselines.nnunet.sliding_window import SlidingWindow

from .small_plans import save_weights, write_predictable_plans

ARCHITECTURE = {
    "network_class_name": f"{InceptionUNet.__module__}.{InceptionUNet.__name__}",
    "arch_kwargs": {
        "n_stages": 3,
        "features_per_stage": [4, 8, 16],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3]] * 3,
        "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
        "n_blocks_per_stage": [1, 2, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.batchnorm.BatchNorm3d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.ReLU",
        "nonlin_kwargs": {"inplace": True},
    },
    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
}


def test_the_predictors_network_is_folded_and_agrees(tmp_path, monkeypatch):
    torch.manual_seed(0)
    workspace = write_predictable_plans(tmp_path, ARCHITECTURE)
    trained = planned_network(PlansManager(read_plans(workspace)), read_dataset_json(workspace), deep_supervision=False)
    norms = [module for module in trained.modules() if isinstance(module, torch.nn.BatchNorm3d)]
    assert len(norms) > 10
    for norm in norms:
        for values, lowest, highest in (
            (norm.running_mean, -1, 1), (norm.running_var, 0.5, 2), (norm.weight.data, 0.5, 2), (norm.bias.data, -1, 1)
        ):  # fmt: skip
            values.uniform_(lowest, highest)
    save_weights(workspace, trained.state_dict())

    used = []

    def noted(networks, data):
        used.append((networks, data))
        return SlidingWindow(networks, data)

    monkeypatch.setattr(predictor, "SlidingWindow", noted)
    image = tmp_path / "a.nii.gz"
    voxels = np.random.default_rng(0).normal(90, 180, (32, 32, 32)).astype(np.float32)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(image))
    with workspace.entered("cpu"):
        predict_images(
            workspace, [0], {"a": image}, tmp_path / "out", mirroring=False, window=(32, 32, 32), speck_share=0,
            device="cpu", report=lambda done, total, note: None,
        )  # fmt: skip
    ((networks, data),) = used
    modules = list(networks.network.modules())
    assert any(isinstance(module, FoldedBlock) for module in modules)
    assert not any(isinstance(module, torch.nn.BatchNorm3d) for module in modules)
    window = SlidingWindow(networks, data)
    logits = torch.from_numpy(np.stack([window.plane(z) for z in range(32)], axis=1))

    trained.eval()
    with torch.no_grad():
        expected = trained(torch.from_numpy(data)[None])[0]
    spread = expected.std()
    assert spread > 0.01
    # nnU-Net hands logits on in half precision, which is coarse where its weight for a window's border is near nothing.
    inside = (..., *[slice(8, 24)] * 3)
    assert ((logits.float() - expected)[inside].abs().max() / spread).item() < 1e-2
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "out" / "a.nii.gz")))
    assert (labels == expected.argmax(0).numpy())[inside].mean() > 0.99
