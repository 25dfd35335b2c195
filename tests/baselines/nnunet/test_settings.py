import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.settings import Plan, Training
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
    plan = Plan(patch=(96, 96, 96), batch_size=2, spacing=(1, 1, 1), arguments={"feature_size": 48})
    assert plan.configuration() == {"patch_size": [96, 96, 96], "batch_size": 2}
