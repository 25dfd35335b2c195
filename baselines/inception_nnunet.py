"""Inception nnU-Net, the method of the MSWAL paper (Wu et al., MICCAI 2025, section 3)."""

from __future__ import annotations

from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Recipe, SmallNetwork, Training

# As the paper says; the released code keeps what the planner sets.
_AS_PUBLISHED = {"norm_op": "torch.nn.modules.batchnorm.BatchNorm3d", "nonlin": "torch.nn.ReLU"}
_ABLATION_COLUMNS = ("downsampling_left", "mini_right", "mini_residual")
_ABLATION = {
    "I": (False, False, False),
    "II": (False, True, True),
    "III": (True, False, True),
    "IV": (True, True, False),
    "V": (True, True, True),
}
"""The rows of the paper's Table 3: which of the three columns each variant has. V is the method itself."""

METHOD = NnUNetMethod(
    name="inception-nnunet",
    title="Inception nnU-Net",
    publication="Wu et al., MICCAI 2025, arXiv 2503.13560",
    planner="nnUNetPlannerResEncL",
    network_class="mswal_bench.baselines.networks.inception_unet.InceptionUNet",
    network_options=_AS_PUBLISHED,
    variant_options={
        **{
            variant: _AS_PUBLISHED | dict(zip(_ABLATION_COLUMNS, row, strict=True))
            for variant, row in _ABLATION.items()
        },
        "released": {
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "nonlin": "torch.nn.LeakyReLU",
        },
    },
    recipes={
        Budget.PAPER: Recipe(Training(epochs=1500, learning_rate=1e-3, decay_exponent=1.0)),
        Budget.DEMO: Recipe(
            Training(
                # An iteration takes more than twice as long as nnunet-v2's: these take no longer than its 3,000.
                epochs=22,
                iterations_per_epoch=50,
                validation_iterations=2,
                optimizer="adamw",
                decay_exponent=1.0,
                background_weight=0.01,
                foreground_patches=0.75,
                augmentation=False,
            ),
            SmallNetwork((32, 32, 32), (80, 80, 112), (8, 16, 32, 64), (1, 1, 1, 1), decoder_blocks=1, batch_size=4),
            speck_share=0.5,
        ),
        Budget.SMOKE: Recipe(
            Training(
                epochs=4, iterations_per_epoch=2, validation_iterations=1, augmentation=False, checkpoint_every_s=0
            ),
            SmallNetwork((32, 32, 32), (64, 64, 64), (4, 8, 16), (1, 2, 1), decoder_blocks=1, batch_size=2),
        ),
    },
)
