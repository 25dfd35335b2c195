from importlib import import_module

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.settings import Plan
from mswal_bench.baselines.nnunet.short_budgets import DEMO, SMOKE, small_u_net
from mswal_bench.baselines.registry import METHODS


@pytest.mark.parametrize("encoder", ["n_conv_per_stage", "n_blocks_per_stage"])
def test_a_small_u_net_is_one_of_the_planned_kind(encoder):
    plan = small_u_net(Plan(patch=(16, 32, 32), batch_size=2), encoder, (4, 8, 16), (1, 2, 3))
    assert plan.configuration() == {"patch_size": [16, 32, 32], "batch_size": 2, "batch_dice": True}
    assert plan.arguments["n_stages"] == 3
    assert plan.arguments["features_per_stage"] == [4, 8, 16]
    assert plan.arguments["strides"] == [[1, 1, 1], [2, 2, 2], [2, 2, 2]]
    assert plan.arguments[encoder] == [1, 2, 3]
    assert {"n_conv_per_stage", "n_blocks_per_stage"} & set(plan.arguments) == {encoder}
    assert plan.arguments["n_conv_per_stage_decoder"] == [1, 1]


SHORT = {
    f"{name}-{budget}": (budget, recipe)
    for name, method in METHODS.items()
    if isinstance(method, NnUNetMethod)
    for budget, recipe in method.recipes.items()
    if budget is not Budget.PAPER
}


@pytest.mark.parametrize(("budget", "recipe"), SHORT.values(), ids=SHORT)
def test_every_method_has_what_it_must_replace(budget, recipe):
    shared = {Budget.DEMO: DEMO, Budget.SMOKE: SMOKE}[budget]
    assert recipe.plan.arguments
    assert recipe.training.epochs <= 30
    assert recipe.training.iterations_per_epoch <= 200
    assert recipe.training.validation_iterations == shared.training.validation_iterations
    assert recipe.training.background_weight == shared.training.background_weight
    assert recipe.training.foreground_patches == shared.training.foreground_patches
    assert not recipe.training.augmentation


U_NETS = {name: recipe.plan for name, (_, recipe) in SHORT.items() if "n_stages" in recipe.plan.arguments}


@pytest.mark.parametrize("plan", U_NETS.values(), ids=U_NETS)
def test_small_u_nets_fit_their_patches(plan):
    arguments = plan.arguments
    for per_stage in set(arguments) & {"n_conv_per_stage", "n_blocks_per_stage", "features_per_stage"}:
        assert len(arguments[per_stage]) == arguments["n_stages"]
    for side in (*plan.patch, *plan.window):
        assert side % 2 ** (arguments["n_stages"] - 1) == 0


# Of the sides; those of U-Nets are tested above.
DIVISORS = {"mednext": 16, "nnformer": 8, "swin-unetr": 32}


@pytest.mark.parametrize("name", DIVISORS)
def test_other_demo_networks_fit_their_patches_and_windows(name):
    plan = METHODS[name].recipes[Budget.DEMO].plan
    assert [side % DIVISORS[name] for side in (*plan.patch, *(plan.window or ()))] in ([0] * 3, [0] * 6)
    torch = pytest.importorskip("torch")
    module, _, network_class = METHODS[name].network_class.rpartition(".")
    supervised = METHODS[name].is_deeply_supervised
    network = getattr(import_module(module), network_class)(1, 8, deep_supervision=supervised, **plan.arguments)
    logits = network(torch.zeros(plan.batch_size, 1, *plan.patch))
    full = logits[0] if supervised else logits
    assert full.shape == (plan.batch_size, 8, *plan.patch)
