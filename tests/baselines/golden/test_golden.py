"""The networks of this repository against logits of the originals, recorded in the files of this folder.

Weights and input are made by a formula (`formula.py`), the files by the originals (`make_golden.py`).
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")
pytest.importorskip("nnunetv2")

from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from monai.networks.nets.swin_unetr import PatchMerging
from torch import Tensor, nn

from mswal_bench.baselines.networks.fold_inception import folded
from mswal_bench.baselines.networks.inception_unet import InceptionUNet
from mswal_bench.baselines.networks.mednext import MedNeXt
from mswal_bench.baselines.networks.nnformer import NnFormer
from mswal_bench.baselines.networks.nnformer_blocks import WindowAttention
from mswal_bench.baselines.networks.swin_unetr import SwinUnetr
from mswal_bench.tests.baselines.networks.inception_arguments import RELEASED

from .formula import formula_tensor, network_input, points, unique_tensors
from .original_names import INCEPTION, MEDNEXT, NNFORMER, SWIN_UNETR, UNCHANGED, renamed

TOLERANCES = {torch.float64: 1e-10, torch.float32: 1e-5}
"""In units of the largest logit."""
# In double precision it takes twenty times as long.
IN_SINGLE_PRECISION = {"swin_unetr"}

INSTANCE: dict[str, Any] = {
    "norm_op": nn.InstanceNorm3d,
    "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    "nonlin": nn.LeakyReLU,
    "nonlin_kwargs": {"inplace": True},
}
U_NET: dict[str, Any] = {
    "input_channels": 1,
    "num_classes": 8,
    "n_stages": 4,
    "features_per_stage": (4, 6, 8, 8),
    "kernel_sizes": [[1, 3, 3]] + [[3, 3, 3]] * 3,
    "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2]],
    "n_conv_per_stage_decoder": (1, 2, 1),
    "deep_supervision": True,
}
BLOCKS: Any = {"n_blocks_per_stage": (2, 2, 1, 3)}
OF_NNUNET: Any = U_NET | INSTANCE | {"conv_op": nn.Conv3d, "conv_bias": True}
RELEASED_INCEPTION: Any = U_NET | BLOCKS | INSTANCE | RELEASED | {"n_conv_per_stage_decoder": (2, 1, 3)}
PAPER_INCEPTION: Any = U_NET | BLOCKS | {"features_per_stage": (4, 6, 8, 10), "n_conv_per_stage_decoder": (1, 1, 1)}


def nnformer(*, released_index: bool) -> NnFormer:
    network = NnFormer(
        1, 8, patch_size=(32, 64, 64), embedding=12, heads=(1, 2, 2, 4), drop_path=0, deep_supervision=True
    )
    for module in network.modules():
        if released_index and isinstance(module, WindowAttention):
            module.relative = slipped_index(round(module.relative.shape[0] ** (1 / 3)))
    return network


def released_swin_unetr() -> SwinUnetr:
    network = SwinUnetr(1, 8, feature_size=12)
    for module in network.modules():
        if isinstance(module, PatchMerging):
            module.forward = partial(released_merging, module)
    return network


def released_merging(layer: Any, x: Tensor) -> Any:
    """Of each 2 x 2 x 2 tokens, two are taken twice and two are left out, as in monai before 1.5.0."""
    taken = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 0), (0, 0, 1), (1, 1, 1)]
    return layer.reduction(layer.norm(torch.cat([x[:, i::2, j::2, k::2] for i, j, k in taken], -1)))


def slipped_index(side: int) -> Tensor:
    """The released code's rows of the bias table in a cubic window: its strides are not those of an array."""
    places = torch.stack(torch.meshgrid(*[torch.arange(side)] * 3, indexing="ij")).flatten(1)
    z, y, x = places[:, :, None] - places[:, None, :] + side - 1
    return z * (3 * side - 1) + y * (2 * side - 1) + x


NETWORKS: dict[str, Any] = {
    "inception_released": (lambda: InceptionUNet(**RELEASED_INCEPTION), INCEPTION),
    "inception_paper": (lambda: InceptionUNet(**PAPER_INCEPTION), INCEPTION),
    "mednext": (lambda: MedNeXt(1, 8, size="L", kernel=3, channels=2, deep_supervision=True), MEDNEXT),
    "nnformer": (lambda: nnformer(released_index=True), NNFORMER),
    "swin_unetr": (released_swin_unetr, SWIN_UNETR),
    "plain_unet": (lambda: PlainConvUNet(**OF_NNUNET, n_conv_per_stage=(2, 2, 1, 3)), UNCHANGED),
    "resenc_unet": (lambda: ResidualEncoderUNet(**OF_NNUNET, **BLOCKS), UNCHANGED),
}
# The original's gradient checkpointing wanted it, and no logit depends on it.
UNUSED = {"mednext": {"dummy_tensor"}}


def golden(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text())
    return content


def fill(network: nn.Module, tensors: dict[str, list[int]], rules: Any, unused: set[str]) -> nn.Module:
    """The network in double precision with the original's tensors, of which all but the unused are in it."""
    network = network.double()
    own = {renamed(name, rules): tensor for name, tensor in unique_tensors(network).items()}
    assert own.keys() == tensors.keys() - unused
    with torch.no_grad():
        for number, (name, shape) in enumerate(tensors.items()):
            if name not in unused:
                assert list(own[name].shape) == shape
                own[name].copy_(formula_tensor(number, name, shape))
    return network


def filled(name: str, network: nn.Module | None = None) -> nn.Module:
    build, rules = NETWORKS[name]
    return fill(network or build(), golden(name)["tensors"], rules, UNUSED.get(name, set()))


def difference(network: nn.Module, content: dict[str, Any], run: dict[str, Any]) -> float:
    """The largest, in units of the largest logit."""
    kind = next(network.parameters()).dtype
    with torch.no_grad():
        found = points(network(network_input(content["input_shape"]).to(kind)))
    assert [output["shape"] for output in found] == [output["shape"] for output in run["outputs"]]
    pairs = [
        (torch.tensor(one["values"], dtype=torch.float64), torch.tensor(other["values"], dtype=torch.float64))
        for one, other in zip(found, run["outputs"], strict=True)
    ]
    return max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_those_of_the_original(name):
    content = golden(name)
    kind = torch.float32 if name in IN_SINGLE_PRECISION else torch.float64
    for run in content["runs"]:
        network = filled(name).to(kind).train(run["training"])
        assert difference(network, content, run) < TOLERANCES[kind]


def test_folded_for_prediction_they_are_so_too():
    content = golden("inception_paper")
    (evaluated,) = (run for run in content["runs"] if not run["training"])
    network: Any = filled("inception_paper")
    assert difference(folded(network), content, evaluated) < TOLERANCES[torch.float64]


def test_nnformers_logits_depend_on_the_index_of_biases():
    content = golden("nnformer")
    (run,) = content["runs"]
    assert difference(filled("nnformer", nnformer(released_index=False)).eval(), content, run) > 1e-3


def test_monai_merges_other_neighbours_than_it_did():
    layer = PatchMerging(1).double()
    x = network_input((1, 4, 4, 4, 1))
    assert not torch.allclose(layer(x), released_merging(layer, x))


def test_the_papers_reading_of_inception_has_other_tensors_than_the_released_code():
    paper = InceptionUNet(**{**RELEASED_INCEPTION, "pooled_projection": True})
    with pytest.raises(AssertionError):
        filled("inception_released", paper)


@pytest.mark.parametrize("name", NETWORKS)
def test_each_file_says_whose_numbers_it_has(name):
    content = golden(name)
    assert all(content[key] for key in ("original", "version", "torch"))
    values = [value for run in content["runs"] for output in run["outputs"] for value in output["values"]]
    assert len(set(values)) > 60
