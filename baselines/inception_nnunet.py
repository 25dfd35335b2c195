"""Defines Inception nnU-Net, the method of the MSWAL paper (Wu et al., MICCAI 2025), and its ablation's variants."""

from __future__ import annotations

from dataclasses import replace

from .fidelity import FidelityCard, Setting
from .method import Budget
from .nnunet.card_settings import BATCH_DICE, RATE, SINCE_2_5, VERSION
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Recipe, Training
from .nnunet.short_budgets import DEMO, SMOKE, SMOKE_STATISTICS_BATCHES, STATISTICS_BATCHES, small_u_net

_CODE = "the authors' code, github.com/tiuxuxsh76075/MSWAL-"
_README = "the authors' README, as an option (its word is OPTIONAL)"
_BLOCKS = Setting(
    "encoder's blocks",
    "Mini Inception, left(x) + right(x) + x; where the shape or the channels change Inception Downsampling, "
    "left(x) + right(x)",
    "section 3, Fig. 2",
)
_DECODER = Setting("decoder's blocks", "transposed convolution, residual blocks", "Fig. 2")
_NORM = Setting(
    "normalisation, nonlinearity",
    "BatchNorm3d, ReLU",
    "section 3, Fig. 2",
    ("network_options.norm_op", "network_options.nonlin"),
)
_EPOCHS = Setting("epochs", "1,500", "section 4", ("training.epochs",))
_RATE = Setting("learning rate", "0.001 at first, falling linearly (exponent 1)", "section 4", RATE)
_STATISTICS = Setting(
    "statistics of batch normalisation",
    "re-estimated when training is over: over 100 batches of training patches that all count the same, with their "
    "lesions as training has them",
    'precise BN: Wu and Johnson, Rethinking "Batch" in BatchNorm (2021, arXiv 2105.07576), section 3. On the phantom '
    "they bring the voxels predicted clearly nearer to training mode's after a short training, hardly after the "
    "demo's, and DSC is no higher (docs/concepts/batch-norm.md)",
    ("statistics_batches",),
)
_RUNNING = Setting(
    "statistics of batch normalisation",
    "running: averages that training moves by a tenth with every batch",
    "what the authors' trainer would leave, if they used batch normalisation",
)
_NOT_SAID = (
    "Neither the paper nor the authors' code says which statistics batch normalisation predicts with. nnU-Net's "
    "trainer, which they name, keeps the running ones of the last few dozen batches; here they are re-estimated, which "
    "changes no weight. A checkpoint keeps both. `--variant running-statistics` predicts with the running ones."
)
# Where the paper's reading is not what the authors released; `released` has none of these.
_BESIDE_CODE = (
    "The authors' code takes instance normalisation and LeakyReLU from nnU-Net's plans; the paper's text and figure, "
    "followed here, say batch normalisation and ReLU. `--variant released` has those of the code.",
    "The authors' code leaves out the 1 x 1 x 1 convolution of the one Inception Downsampling that keeps its channels, "
    "and so has 110,692,552 parameters; the paper's text and figure have it always. `--variant released` has none.",
    "In the authors' code all blocks of a decoder stage but its first are Mini Inceptions, where Fig. 2 draws residual "
    "blocks; ResEnc-L plans one block in each, so that nothing comes of it. `--variant released` builds it so.",
    "The authors' instructions change epochs and learning rate in nnU-Net's trainer and nothing else, which leaves its "
    "decay with the exponent 0.9; the paper, followed here, says linear. `--variant released` has 0.9.",
)
_FOLDING = "At prediction batch normalisations are folded into their convolutions: the same function up to rounding."

_METHOD = NnUNetMethod(
    name="inception-nnunet",
    title="Inception nnU-Net",
    publication="Wu et al., MICCAI 2025, arXiv 2503.13560",
    card=FidelityCard(
        summary="the MSWAL paper's own: parallel branches in nnU-Net's encoder",
        mswal_paper=(
            Setting("pipeline", "nnU-Net's preprocessing", "section 4, Implementation Details"),
            _BLOCKS,
            _DECODER,
            _NORM,
            Setting("stages", "six (M), each with its own number of blocks (N)", "section 4, which gives no N"),
            _EPOCHS,
            _RATE,
        ),
        own_paper=(
            Setting("planner", "nnUNetPlannerResEncL, 3d_fullres", _CODE, ("planner",)),
            Setting("blocks of each stage", "those of ResEnc-L: 1, 3, 4, 6, 6, 6; one in the decoder", _CODE),
            Setting("after a block's sum", "a nonlinearity, which Fig. 2 does not draw", _CODE),
            Setting("prediction", "the ensemble of five folds (`--fold all`)", _CODE),
            Setting(
                "evaluation",
                "nnUNetv2_evaluate_folder: DSC of each case and class, undefined ones left out",
                f"{_CODE}; the protocol mswal/1 computes DSC so. Nothing tells how the paper's F1 was made",
            ),
            BATCH_DICE,
        ),
        chosen=(
            Setting(
                "patch and batch size",
                "as planned",
                "the paper names neither; ResEnc-L is planned for 24 GB, which the paper's RTX 4090 has. The authors' "
                "instructions say to lower the batch size to what the GPU holds, not to which. It also changes how "
                "many patches must hold a lesion: 1 of 2, 1 of 3, 1 of 4, 2 of 5",
            ),
            _STATISTICS,
            VERSION,
            Setting("all else in training", "nnU-Net's own trainer", "neither the paper nor the code says otherwise"),
        ),
        differences=(
            "Fig. 2 draws an Inception Downsampling at the end of each of its M encoder blocks, which for M = 6 are "
            "six downsamplings; the authors' code and ResEnc-L's plans, followed here, have six stages and five "
            "downsamplings, at the beginning of a stage.",
            *_BESIDE_CODE,
            _FOLDING,
            _NOT_SAID,
            SINCE_2_5,
        ),
        parameters=110_795_592,
        parameters_of="six stages of 32 to 320 channels with kernels of 3 x 3 x 3, as ResEnc-L plans them",
    ),
    planner="nnUNetPlannerResEncL",
    network_class="mswal_bench.baselines.networks.inception_unet.InceptionUNet",
    network_options={"norm_op": "torch.nn.modules.batchnorm.BatchNorm3d", "nonlin": "torch.nn.ReLU"},
    recipes={
        Budget.PAPER: Recipe(
            Training(epochs=1500, learning_rate=1e-3, decay_exponent=1.0), statistics_batches=STATISTICS_BATCHES
        ),
        Budget.DEMO: replace(
            DEMO,
            plan=small_u_net(DEMO.plan, "n_blocks_per_stage", (8, 16, 32, 64), (1, 1, 1, 1)),
            statistics_batches=STATISTICS_BATCHES,
        ),
        Budget.SMOKE: replace(
            SMOKE,
            plan=small_u_net(SMOKE.plan, "n_blocks_per_stage", (4, 8, 16), (1, 2, 1)),
            statistics_batches=SMOKE_STATISTICS_BATCHES,
        ),
    },
)


def _ablated(row: str, left: bool, right: bool, residual: bool, parameters: int) -> NnUNetMethod:
    """A row of the paper's Table 3; the arguments are its columns, true for a check mark."""
    columns = {
        "downsampling_left": ("left branch of Inception Downsampling", left),
        "mini_right": ("right branch of Mini Inception", right),
        "mini_residual": ("input in Mini Inception's sum", residual),
    }
    missing = [name for name, there in columns.values() if not there]
    card = _METHOD.card
    return replace(
        _METHOD,
        name=f"{_METHOD.name}-{row}",
        title=f"{_METHOD.title}, variant {row}",
        card=replace(
            card,
            summary=f"row {row} of the ablation: {len(missing) or 'none'} of three parts left out",
            mswal_paper=(
                *card.mswal_paper,
                *(
                    Setting(name, "on" if there else "off", f"Table 3, row {row}", (f"network_options.{key}",))
                    for key, (name, there) in columns.items()
                ),
            ),
            parameters=parameters,
        ),
        network_options={**_METHOD.network_options, **{key: there for key, (_, there) in columns.items()}},
    )


def _as_released(recipe: Recipe) -> Recipe:
    """With nnU-Net's decay of the learning rate, and nothing to re-estimate for instance normalisation."""
    training = replace(recipe.training, decay_exponent=Training().decay_exponent)
    return replace(recipe, training=training, statistics_batches=0)


_RELEASED = replace(
    _METHOD,
    name=f"{_METHOD.name}-released",
    title=f"{_METHOD.title}, variant released",
    card=replace(
        _METHOD.card,
        summary="as its authors released it: network, learning rate and its decay",
        mswal_paper=tuple(
            setting for setting in _METHOD.card.mswal_paper if setting not in (_BLOCKS, _DECODER, _NORM, _EPOCHS, _RATE)
        ),
        own_paper=(
            replace(_BLOCKS, source=_CODE),
            Setting(
                "1 x 1 x 1 convolution after a pooling that keeps the channels",
                "off",
                _CODE,
                ("network_options.pooled_projection",),
            ),
            Setting("decoder's blocks", "transposed convolution, in each stage first a residual block", _CODE),
            Setting(
                "Mini Inceptions in the decoder",
                "on: all blocks of a stage but its first; ResEnc-L plans no others",
                _CODE,
                ("network_options.mini_decoder",),
            ),
            replace(_NORM, value="InstanceNorm3d, LeakyReLU", source=f"{_CODE}, which takes those of nnU-Net's plans"),
            replace(_EPOCHS, source=_README),
            replace(
                _RATE,
                value="0.001 at first, times (1 - e/E) ** 0.9 in epoch e of E",
                source=f"{_README}; the exponent is nnU-Net's",
            ),
            *_METHOD.card.own_paper,
        ),
        chosen=tuple(setting for setting in _METHOD.card.chosen if setting is not _STATISTICS),
        # Instance normalisation cannot be folded, and keeps no statistics.
        differences=tuple(
            said for said in _METHOD.card.differences if said not in (*_BESIDE_CODE, _FOLDING, _NOT_SAID)
        ),
        parameters=110_692_552,
    ),
    network_options={
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "nonlin": "torch.nn.LeakyReLU",
        "pooled_projection": False,
        "mini_decoder": True,
    },
    recipes={budget: _as_released(recipe) for budget, recipe in _METHOD.recipes.items()},
)

_WITH_RUNNING = replace(
    _METHOD,
    name=f"{_METHOD.name}-running-statistics",
    title=f"{_METHOD.title}, variant running-statistics",
    card=replace(
        _METHOD.card,
        summary="the same with the running statistics of batch normalisation",
        chosen=tuple(_RUNNING if setting is _STATISTICS else setting for setting in _METHOD.card.chosen),
        differences=tuple(said for said in _METHOD.card.differences if said is not _NOT_SAID),
    ),
    recipes={budget: replace(recipe, statistics_batches=0) for budget, recipe in _METHOD.recipes.items()},
)

METHOD = replace(
    _METHOD,
    variations={
        "I": _ablated("I", False, False, False, 93_958_984),
        "II": _ablated("II", False, True, True, 96_799_176),
        "III": _ablated("III", True, False, True, 107_955_400),
        "IV": _ablated("IV", True, True, False, 110_795_592),
        "V": _ablated("V", True, True, True, 110_795_592),
        "released": _RELEASED,
        "running-statistics": _WITH_RUNNING,
    },
)
