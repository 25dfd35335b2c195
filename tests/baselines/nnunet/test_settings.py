import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.settings import Plan, SmallNetwork, Training
from mswal_bench.baselines.registry import METHODS


def test_the_defaults_are_nnunets_own():
    trainer = pytest.importorskip("nnunetv2.training.nnUNetTrainer.nnUNetTrainer")
    import inspect

    source = inspect.getsource(trainer.nnUNetTrainer.__init__)
    training = Training()
    assert f"self.num_epochs = {training.epochs}\n" in source
    assert f"self.num_iterations_per_epoch = {training.iterations_per_epoch}\n" in source
    assert f"self.num_val_iterations_per_epoch = {training.validation_iterations}\n" in source
    assert "self.initial_lr = 1e-2\n" in source
    assert training.learning_rate == 1e-2
    assert "self.weight_decay = 3e-5\n" in source
    assert training.weight_decay == 3e-5
    assert f"self.oversample_foreground_percent = {training.foreground_patches}\n" in source


@pytest.mark.parametrize("name", METHODS)
def test_only_the_demo_removes_specks_and_says_so(name):
    method = METHODS[name]
    for each in (method, *method.variants().values()):
        shares = {budget: each.settings(budget)["speck_share"] for budget in Budget}
        assert shares == {Budget.PAPER: 0, Budget.SMOKE: 0, Budget.DEMO: 0.5}


@pytest.mark.parametrize("exponent", [0.9, 1.0])
def test_the_rate_decays_by_nnunets_polynomial(exponent):
    training = Training(epochs=10, learning_rate=1e-3, decay_exponent=exponent)
    for epoch in range(10):
        assert training.rate(epoch) == pytest.approx(1e-3 * (1 - epoch / 10) ** exponent)


def test_the_rate_warms_up_in_equal_steps_and_falls_as_a_cosine():
    training = Training(epochs=14, learning_rate=4, warmup_epochs=4, decay="cosine")
    assert [training.rate(epoch) for epoch in range(4)] == [1, 2, 3, 4]
    assert training.rate(4) == 4
    assert training.rate(9) == pytest.approx(2)
    falling = [training.rate(epoch) for epoch in range(4, 15)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(0)


def test_a_plan_sets_what_it_names_and_nothing_else():
    assert Plan().configuration() == {}
    assert Plan().network_arguments({"n_stages": 6}) == {}
    plan = Plan(patch=(96, 96, 96), batch_size=2, spacing=(1, 1, 1), arguments={"feature_size": 48})
    assert plan.configuration() == {"patch_size": [96, 96, 96], "batch_size": 2}
    assert plan.network_arguments({}) == {"feature_size": 48}


@pytest.mark.parametrize("blocks", ["n_conv_per_stage", "n_blocks_per_stage"])
def test_a_small_network_is_a_u_net_of_the_planned_kind(blocks):
    plan = SmallNetwork((16, 32, 32), (32, 32, 32), (4, 8, 16), (1, 2, 3), decoder_blocks=1, batch_size=2)
    assert plan.configuration() == {"patch_size": [16, 32, 32], "batch_size": 2, "batch_dice": True}
    arguments = plan.network_arguments({"n_stages": 6, blocks: [2] * 6})
    assert arguments["n_stages"] == 3
    assert arguments["features_per_stage"] == [4, 8, 16]
    assert arguments["strides"] == [[1, 1, 1], [2, 2, 2], [2, 2, 2]]
    assert arguments[blocks] == [1, 2, 3]
    assert {"n_conv_per_stage", "n_blocks_per_stage"} & set(arguments) == {blocks}
    assert arguments["n_conv_per_stage_decoder"] == [1, 1]


SMALL_NETWORKS = {
    f"{name}-{budget}": recipe.plan
    for name, method in METHODS.items()
    if isinstance(method, NnUNetMethod)
    for budget, recipe in method.recipes.items()
    if isinstance(recipe.plan, SmallNetwork)
}


@pytest.mark.parametrize("network", SMALL_NETWORKS.values(), ids=SMALL_NETWORKS)
def test_small_networks_fit_their_patches(network):
    assert len(network.blocks) == len(network.features)
    for side in (*network.patch, *network.window):
        assert side % 2 ** (len(network.features) - 1) == 0
