"""The recipes against the package `nnunet` itself."""

from dataclasses import replace

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.registry import METHODS

METHOD = METHODS["nnunet-v1"]


@pytest.fixture(scope="module")
def own_trainer():
    """v1's trainer as its command makes it, without data."""
    module = pytest.importorskip("nnunet.training.network_training.nnUNetTrainerV2")
    return module.nnUNetTrainerV2("plans.pkl", None)


def test_paper_is_v1_untouched(own_trainer):
    settings = METHOD.settings(Budget.PAPER)
    assert (settings["network"], settings["speck_share"]) == (None, 0)
    training = Training(**settings["training"])
    assert training == Training()
    assert own_trainer.max_num_epochs == training.epochs == 1000
    assert own_trainer.num_batches_per_epoch == training.iterations_per_epoch
    assert own_trainer.num_val_batches_per_epoch == training.validation_iterations
    assert own_trainer.initial_lr == training.learning_rate
    assert own_trainer.weight_decay == training.weight_decay
    assert own_trainer.oversample_foreground_percent == training.foreground_patches


def test_the_rate_decays_as_v1_has_it():
    poly_lr = pytest.importorskip("nnunet.training.learning_rate.poly_lr").poly_lr
    training = Training()
    for epoch in range(0, 1000, 37):
        assert training.rate(epoch) == pytest.approx(poly_lr(epoch, 1000, 1e-2, 0.9))


@pytest.mark.parametrize("budget", [Budget.DEMO, Budget.SMOKE])
def test_small_networks_fit_their_patches(budget):
    network = METHOD.recipes[budget].network
    for side in (*network.patch, *network.window):
        assert side % 2**network.poolings == 0
    stage = network.stage()
    assert len(stage["conv_kernel_sizes"]) == len(stage["pool_op_kernel_sizes"]) + 1 == network.poolings + 1


@pytest.mark.parametrize("budget", [Budget.PAPER, Budget.DEMO])
def test_augmentation_without_a_trainer_for_it_is_refused(budget):
    recipe = METHOD.recipes[budget]
    other = replace(recipe.training, augmentation=not recipe.training.augmentation)
    with pytest.raises(ValueError, match="augmentation"):
        replace(recipe, training=other)


def test_parameters_at_full_configuration():
    """Of the network that v1's planner gives volumes of the paper's mean shape; see the card."""
    torch = pytest.importorskip("torch")
    v1 = pytest.importorskip("nnunet.experiment_planning.experiment_planner_baseline_3DUNet_v21")
    np = pytest.importorskip("numpy")
    from nnunet.network_architecture.generic_UNet import Generic_UNet
    from torch import nn

    planner = v1.ExperimentPlanner3D_v21.__new__(v1.ExperimentPlanner3D_v21)
    for name, value in {
        "unet_base_num_features": 32,
        "unet_max_num_filters": 320,
        "unet_max_numpool": 999,
        "unet_min_batch_size": 2,
        "unet_featuremap_min_edge_length": 4,
        "anisotropy_threshold": 3,
        "batch_size_covers_max_percent_of_dataset": 0.05,
        "conv_per_stage": 2,
    }.items():
        setattr(planner, name, value)
    spacing = np.array([1.0, 0.78, 0.78])
    stage = planner.get_properties_for_stage(spacing, spacing, np.array([276, 512, 512]), 484, 1, 8)
    assert (list(stage["patch_size"]), stage["batch_size"]) == ([96, 160, 160], 2)
    poolings, kernels = stage["pool_op_kernel_sizes"], stage["conv_kernel_sizes"]
    with torch.device("meta"):
        network = Generic_UNet(
            1, 32, 8, len(poolings), 2, 2, nn.Conv3d, nn.InstanceNorm3d, {"eps": 1e-5, "affine": True}, nn.Dropout3d,
            {"p": 0, "inplace": True}, nn.LeakyReLU, {"negative_slope": 1e-2, "inplace": True}, True, False,
            lambda x: x, None, poolings, kernels, False, True, True,
        )  # fmt: skip
    assert sum(parameter.numel() for parameter in network.parameters()) == METHOD.card.parameters
