"""Records logits of the original networks, which the tests hold the ones of this repository to. Run by hand.

    python -m mswal_bench.tests.baselines.golden.make_golden NAME CHECKOUT VERSION

CHECKOUT is a folder with the original, VERSION its commit or version, which is written down. It rewrites
`tests/baselines/golden/NAME.json`: what the original is, the names and shapes of its tensors in their order, and its
outputs at a few hundred places, all in double precision. Weights and input are made by `formula.py`.

| NAME | CHECKOUT |
|---|---|
| `inception_released`, `inception_paper` | github.com/tiuxuxsh76075/MSWAL- |
| `mednext` | github.com/MIC-DKFZ/MedNeXt |
| `nnformer` | github.com/282857341/nnFormer |
| `swin_unetr` | monai, as `pip install --no-deps --target CHECKOUT monai==VERSION` puts it |
| `plain_unet`, `resenc_unet` | dynamic_network_architectures, in the same way |
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from mswal_bench.tests.baselines.golden.formula import formula_tensor, network_input, points, unique_tensors

_CLASSES = 8
_INSTANCE: dict[str, Any] = {
    "norm_op": nn.InstanceNorm3d,
    "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    "nonlin": nn.LeakyReLU,
    "nonlin_kwargs": {"inplace": True},
}
_BATCH: dict[str, Any] = {
    "norm_op": nn.BatchNorm3d,
    "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    "nonlin": nn.ReLU,
    "nonlin_kwargs": {"inplace": True},
}


@dataclass(frozen=True)
class Original:
    """How an original network is built from its checkout, and what goes through it."""

    origin: str
    build: Callable[[Path], nn.Module]
    input_shape: tuple[int, ...]
    modes: tuple[bool, ...] = (False,)
    """Whether it is in training mode, for each time that it is run."""


def _from_packages(checkout: Path, *packages: str) -> None:
    """Lets these packages be found in the checkout, and nowhere else, whatever is installed."""
    for package in packages:
        found = ModuleType(package)
        found.__path__ = [str(checkout / package)]
        sys.modules[package] = found


def _inception(features: Sequence[int], blocks: Sequence[int], decoder: Sequence[int], norm: dict[str, Any]) -> Any:
    def build(checkout: Path) -> nn.Module:
        _from_packages(checkout / "dynamic_network_architectures", "dynamic_network_architectures")
        module = importlib.import_module("dynamic_network_architectures.architectures.inception")
        network: nn.Module = module.InceptionNnunet(
            1,
            len(features),
            features,
            nn.Conv3d,
            [[1, 3, 3]] + [[3, 3, 3]] * (len(features) - 1),
            [[1, 1, 1], [1, 2, 2]] + [[2, 2, 2]] * (len(features) - 2),
            blocks,
            _CLASSES,
            decoder,
            conv_bias=True,
            deep_supervision=True,
            **norm,
        )
        return network

    return build


def _mednext(checkout: Path) -> nn.Module:
    # Its package's own __init__ asks for all of nnU-Net v1.
    _from_packages(checkout, "nnunet_mednext")
    module = importlib.import_module("nnunet_mednext.network_architecture.mednextv1.MedNextV1")
    network: nn.Module = module.MedNeXt(
        in_channels=1,
        n_channels=2,
        n_classes=_CLASSES,
        exp_r=[3, 4, 8, 8, 8, 8, 8, 4, 3],
        kernel_size=3,
        deep_supervision=True,
        do_res=True,
        do_res_up_down=True,
        block_counts=[3, 4, 8, 8, 8, 8, 8, 4, 3],
    )
    return network


def _nnformer(checkout: Path) -> nn.Module:
    # Of timm it takes three small things, and only those that do nothing in evaluation mode or are filled anyway.
    layers: Any = ModuleType("timm.models.layers")
    layers.DropPath = lambda probability: nn.Identity()
    layers.to_3tuple = lambda side: tuple(side) if isinstance(side, list | tuple) else (side,) * 3
    layers.trunc_normal_ = nn.init.trunc_normal_
    sys.modules["timm"] = ModuleType("timm")
    sys.modules["timm.models"] = ModuleType("timm.models")
    sys.modules["timm.models.layers"] = layers
    _from_packages(checkout, "nnformer")
    module = importlib.import_module("nnformer.network_architecture.nnFormer_synapse")
    network: nn.Module = module.nnFormer(
        crop_size=[32, 64, 64],
        embedding_dim=12,
        input_channels=1,
        num_classes=_CLASSES,
        depths=[2, 2, 2, 2],
        num_heads=[1, 2, 2, 4],
        patch_size=[2, 4, 4],
        window_size=[4, 4, 8, 4],
        deep_supervision=True,
    )
    return network


def _swin_unetr(checkout: Path) -> nn.Module:
    sys.path.insert(0, str(checkout))
    module = importlib.import_module("monai.networks.nets.swin_unetr")
    network: nn.Module = module.SwinUNETR(img_size=(64, 64, 64), in_channels=1, out_channels=_CLASSES, feature_size=12)
    return network


def _nnunet(name: str, encoder: str, blocks: Sequence[int]) -> Any:
    def build(checkout: Path) -> nn.Module:
        sys.path.insert(0, str(checkout))
        module = importlib.import_module("dynamic_network_architectures.architectures.unet")
        network: nn.Module = getattr(module, name)(
            input_channels=1,
            n_stages=4,
            features_per_stage=[4, 6, 8, 8],
            conv_op=nn.Conv3d,
            kernel_sizes=[[1, 3, 3]] + [[3, 3, 3]] * 3,
            strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2]],
            num_classes=_CLASSES,
            n_conv_per_stage_decoder=[1, 2, 1],
            conv_bias=True,
            deep_supervision=True,
            **{encoder: blocks},
            **_INSTANCE,
        )
        return network

    return build


ORIGINALS = {
    "inception_released": Original(
        "github.com/tiuxuxsh76075/MSWAL-, InceptionNnunet, with the norm and nonlinearity of nnU-Net's plans",
        _inception((4, 6, 8, 8), (2, 2, 1, 3), (2, 1, 3), _INSTANCE),
        (2, 1, 8, 32, 32),
    ),
    # Where channels change at every stage and decoder stages have one block, the paper's reading is the released
    # code with batch normalisation and ReLU.
    "inception_paper": Original(
        "github.com/tiuxuxsh76075/MSWAL-, InceptionNnunet, with batch normalisation and ReLU",
        _inception((4, 6, 8, 10), (2, 2, 1, 3), (1, 1, 1), _BATCH),
        (2, 1, 8, 32, 32),
        (False, True),
    ),
    "mednext": Original(
        "github.com/MIC-DKFZ/MedNeXt, MedNeXt L with kernel 3 and 2 channels", _mednext, (1, 1, 32, 32, 32)
    ),
    "nnformer": Original("github.com/282857341/nnFormer, nnFormer_synapse", _nnformer, (1, 1, 32, 64, 64)),
    "swin_unetr": Original("monai, SwinUNETR", _swin_unetr, (1, 1, 64, 64, 64)),
    "plain_unet": Original(
        "dynamic_network_architectures, PlainConvUNet",
        _nnunet("PlainConvUNet", "n_conv_per_stage", (2, 2, 1, 3)),
        (2, 1, 8, 32, 32),
    ),
    "resenc_unet": Original(
        "dynamic_network_architectures, ResidualEncoderUNet",
        _nnunet("ResidualEncoderUNet", "n_blocks_per_stage", (2, 2, 1, 3)),
        (2, 1, 8, 32, 32),
    ),
}


def golden(original: Original, checkout: Path, version: str) -> dict[str, Any]:
    """What the file holds."""
    network = original.build(checkout).double()
    source = Path(str(sys.modules[type(network).__module__].__file__)).resolve()
    if not source.is_relative_to(checkout):
        sys.exit(f"make_golden: the network comes from {source}, not from {checkout}")
    tensors = unique_tensors(network)
    runs = []
    for training in original.modes:
        with torch.no_grad():
            # Anew for each: training mode changes running statistics.
            for number, (name, tensor) in enumerate(tensors.items()):
                tensor.copy_(formula_tensor(number, name, tensor.shape))
            outputs = network.train(training)(network_input(original.input_shape))
        runs.append({"training": training, "outputs": points(outputs)})
    return {
        "original": original.origin,
        "version": version,
        "torch": torch.__version__,
        "input_shape": original.input_shape,
        "tensors": {name: list(tensor.shape) for name, tensor in tensors.items()},
        "runs": runs,
    }


def _main(name: str, checkout: str, version: str) -> None:
    content = golden(ORIGINALS[name], Path(checkout).resolve(), version)
    Path(__file__).with_name(f"{name}.json").write_text(json.dumps(content) + "\n", encoding="utf-8")
    for run in content["runs"]:
        for output in run["outputs"]:
            values = torch.tensor(output["values"])
            print(f"{name}: {output['shape']}, mean {values.mean():.3g}, standard deviation {values.std():.3g}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
