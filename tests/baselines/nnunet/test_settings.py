import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.settings import Training
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
    assert f"self.oversample_foreground_percent = {training.foreground_patches}\n" in source


@pytest.mark.parametrize("name", ["nnunet-v2", "inception-nnunet"])
def test_only_the_demo_removes_specks_and_says_so(name):
    method = METHODS[name]
    for each in (method, *method.variants().values()):
        shares = {budget: each.settings(budget)["speck_share"] for budget in Budget}
        assert shares == {Budget.PAPER: 0, Budget.SMOKE: 0, Budget.DEMO: 0.5}


@pytest.mark.parametrize("name", ["nnunet-v2", "inception-nnunet"])
@pytest.mark.parametrize("budget", [Budget.DEMO, Budget.SMOKE])
def test_small_networks_fit_their_patches(name, budget):
    network = METHODS[name].recipes[budget].network
    assert len(network.blocks) == len(network.features)
    for side in (*network.patch, *network.window):
        assert side % 2 ** (len(network.features) - 1) == 0
