"""The fidelity cards against the recipes they speak of, and their parameter counts against the networks."""

import re
from dataclasses import asdict
from math import isclose
from pydoc import locate
from typing import Any

import pytest

from mswal_bench.baselines.fidelity import FidelityCard
from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.settings import Plan, Training
from mswal_bench.baselines.registry import METHODS

ALL = {each.name: each for method in METHODS.values() for each in (method, *method.variants().values())}
ON_NNUNET = {name: method for name, method in ALL.items() if isinstance(method, NnUNetMethod)}


def settings_of(card: FidelityCard):
    return (*card.mswal_paper, *card.own_paper, *card.chosen)


def looked_up(settings: Any, key: str):
    for part in key.split("."):
        settings = settings[part]
    return settings


def stands_in(found: object, text: str) -> bool:
    """Whether the text says this value of a recipe."""
    if isinstance(found, bool):
        return text.startswith("on" if found else "off")
    if isinstance(found, int | float):
        numbers = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?", text)
        return any(isclose(float(number.rstrip(",").replace(",", "")), found) for number in numbers)
    if isinstance(found, list | tuple):
        return any(between.join(f"{each:g}" for each in found) in text for between in (" x ", ", "))
    return str(found).rpartition(".")[2].casefold() in text.casefold()


@pytest.mark.parametrize("name", ALL)
def test_a_card_says_what_the_recipe_does(name):
    settings = ALL[name].settings(Budget.PAPER)
    for setting in settings_of(ALL[name].card):
        for key in setting.keys:
            found = looked_up(settings, key)
            assert stands_in(found, setting.value), f"{setting.name}: {key} is {found}, the card says {setting.value}"


@pytest.mark.parametrize("name", ON_NNUNET)
def test_what_a_recipe_changes_in_nnunet_is_on_its_card(name):
    settings = ON_NNUNET[name].settings(Budget.PAPER)
    changed = {f"training.{key}" for key, value in asdict(Training()).items() if settings["training"][key] != value}
    changed |= {f"plan.{key}" for key, value in asdict(Plan()).items() if settings["plan"][key] != value}
    changed -= {"plan.arguments"}
    changed |= {f"plan.arguments.{key}" for key in settings["plan"]["arguments"]}
    changed |= {f"network_options.{key}" for key in settings["network_options"]}
    changed |= {key for key, own in {"output_weights": None, "compiled": True}.items() if settings[key] != own}
    assert changed <= {key for setting in settings_of(ALL[name].card) for key in setting.keys}


@pytest.mark.parametrize("name", ALL)
def test_a_card_is_complete_and_readable(name):
    card = ALL[name].card
    assert 0 < len(card.summary) <= 80
    assert card.parameters_of
    assert card.parameters > 0
    assert card.mswal_paper
    names = [setting.name for setting in settings_of(card)]
    assert len(names) == len(set(names))
    for text in (
        *(text for each in settings_of(card) for text in (each.name, each.value, each.source)),
        *card.differences,
    ):
        assert text == text.strip()
        assert text


@pytest.mark.parametrize(
    ("found", "text", "expected"),
    [
        (1500, "1,500", True),
        (150, "1,500", False),
        (1e-4, "epsilon 1e-4, weight decay 3e-5", True),
        (1e-3, "epsilon 1e-4, weight decay 3e-5", False),
        (48, "feature size 48", True),
        (4, "48", False),
        ((64, 128, 128), "64 x 128 x 128", True),
        ((1.0, 1.0, 1.0), "1 x 1 x 1 mm", True),
        ((64, 128, 128), "128 x 128 x 128", False),
        ("torch.nn.ReLU", "BatchNorm3d, ReLU", True),
        ("sgd", "AdamW", False),
        (False, "off", True),
        (True, "off", False),
    ],
)
def test_how_values_are_found_in_texts(found, text, expected):
    assert stands_in(found, text) == expected


@pytest.mark.parametrize("name", ON_NNUNET)
def test_parameters(name):
    """At full configuration, for one input channel, seven lesion types and background."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("monai")
    pytest.importorskip("nnunetv2")
    from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet

    from .networks.inception_arguments import RESENC_L

    # What nnU-Net's planners set for six stages.
    plain = {key: value for key, value in RESENC_L.items() if not key.startswith("n_")}
    plain |= {"n_stages": 6, "n_conv_per_stage": [2] * 6, "n_conv_per_stage_decoder": [2] * 5}
    planned: Any = {
        "ExperimentPlanner": (PlainConvUNet, plain),
        "nnUNetPlannerResEncL": (ResidualEncoderUNet, RESENC_L),
    }
    method = ON_NNUNET[name]
    network_class, arguments = planned[method.planner]
    if not method.planned_arguments:
        arguments = {"input_channels": 1, "num_classes": 8}
    arguments = arguments | dict(method.recipes[Budget.PAPER].plan.arguments) | dict(method.network_options)
    for key in ("norm_op", "nonlin"):
        if isinstance(arguments.get(key), str):
            arguments[key] = locate(arguments[key])
    if method.network_class is not None:
        network_class = locate(method.network_class)
    # Shapes alone; monai's Swin UNETR reads values while it is built, which the meta device has not.
    with torch.device("cpu" if name == "swin-unetr" else "meta"):
        network = network_class(**arguments, deep_supervision=method.is_deeply_supervised)
    assert sum(parameter.numel() for parameter in network.parameters()) == method.card.parameters
