"""The fidelity cards against the recipes they speak of, and their parameter counts against the networks."""

from dataclasses import asdict, replace
from pydoc import locate
from typing import Any

import pytest

from mswal_bench.baselines.fidelity import FidelityCard, Setting, card_faults, stands_in
from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.settings import Plan, Training
from mswal_bench.baselines.registry import METHODS

ALL = {each.name: each for method in METHODS.values() for each in (method, *method.variants().values())}
ON_NNUNET = {name: method for name, method in ALL.items() if isinstance(method, NnUNetMethod)}


def settings_of(card: FidelityCard):
    return (*card.mswal_paper, *card.own_paper, *card.chosen)


@pytest.mark.parametrize("name", ALL)
def test_a_card_is_readable_and_says_what_the_recipe_does(name):
    assert card_faults(ALL[name].card, ALL[name].settings(Budget.PAPER)) == []
    assert ALL[name].card.mswal_paper


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


SETTINGS = {"training": {"epochs": 1500, "rate": 0.01}, "nonlin": "torch.nn.ReLU"}
NO_TUPLE: Any = "training.rate"
WHOLE = FidelityCard("a card", (), (Setting("epochs", "1,500", "its paper", ("training.epochs",)),), (), (), 7, "all")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"summary": "x" * 81}, "its summary has 81 characters: expected at most 80"),
        ({"summary": "two\nlines"}, r"its summary is 'two\nlines': expected a line of text"),
        ({"parameters_of": ""}, "its parameters_of is missing: expected a line of text"),
        ({"parameters": 0}, "its parameters are 0: expected a whole number above 0"),
        ({"parameters": 1e6}, "its parameters are 1000000.0: expected a whole number above 0"),
        ({"gpu_hours": 8.5}, None),
        ({"gpu_hours": 0}, "its gpu_hours are 0: expected a number above 0, or None"),
        ({"gpu_hours": float("nan")}, "its gpu_hours are nan: expected a number above 0, or None"),
        ({"gpu_hours": "35 h"}, "its gpu_hours are '35 h': expected a number above 0, or None"),
        ({"chosen": Setting("rate", "0.01", "by trial")}, "its chosen is no tuple of Setting"),
        ({"mswal_paper": ("rate",)}, "its mswal_paper is no tuple of Setting"),
        ({"chosen": WHOLE.own_paper}, "it has two settings of the name 'epochs'"),
        ({"differences": "(a text)"}, "its differences are no tuple of sentences"),
        ({"differences": ("one", "")}, "its difference 2 is missing: expected a line of text"),
    ],
)
def test_what_is_wrong_with_a_card(changed, fault):
    assert card_faults(replace(WHOLE, **changed), SETTINGS) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        (Setting("rate", "0.01", "by trial", ("training.rate",)), None),
        (Setting("rate", "0.1", "", ("training.rate",)), "the source of its setting 'rate' is missing"),
        (Setting("rate", "0.1", "by trial", ("training.rate",)), "sets training.rate to 0.01"),
        (Setting("rate", "0.1", "by trial", ("rate",)), "its setting 'rate' is of 'rate', which the method's settings"),
        (Setting("rate", "0.1", "by trial", ("nonlin.rate",)), "is of 'nonlin.rate', which the method's settings do"),
        (Setting("rate", "0.1", "by trial", NO_TUPLE), "the keys of its setting 'rate' are 'training.rate'"),
    ],
)
def test_what_is_wrong_with_a_setting(setting, fault):
    faults = card_faults(replace(WHOLE, chosen=(setting,)), SETTINGS)
    assert (fault in "; ".join(faults)) if fault else not faults


def test_what_is_no_card():
    assert card_faults(None, {}) == ["it is missing: expected a FidelityCard"]
    assert card_faults({}, {}) == ["it is of the type dict: expected a FidelityCard"]


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
        (("a", "b"), "a, b", True),
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
