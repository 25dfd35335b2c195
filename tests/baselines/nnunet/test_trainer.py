import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from batchgeneratorsv2.transforms.utils.deep_supervision_downsampling import DownsampleSegForDSTransform
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from torch import nn

from mswal_bench.baselines.method import Budget, MethodError
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.optimizers import Muon
from mswal_bench.baselines.nnunet.settings import Recipe, Training
from mswal_bench.baselines.nnunet.trainer import BenchTrainer
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS


@pytest.fixture
def trainer() -> Any:
    """A trainer of a one-layer network, without nnU-Net's constructor, which wants a prepared data set."""
    bare = BenchTrainer.__new__(BenchTrainer)
    bare.device = torch.device("cpu")
    bare.network = nn.Conv3d(1, 8, 1)
    bare.weight_decay = 3e-5
    bare.current_epoch = 0
    bare.grad_scaler = None
    return bare


def adopt(trainer: Any, output_weights: Sequence[float] | None = None, **settings: Any) -> list[tuple[int, int, str]]:
    reports: list[tuple[int, int, str]] = []
    trainer.adopt(Recipe(Training(**settings)), lambda *report: reports.append(report), output_weights=output_weights)
    return reports


@pytest.mark.parametrize("exponent", [0.9, 1.0])
def test_learning_rate_decays_as_set(trainer, exponent):
    adopt(trainer, epochs=10, learning_rate=1e-3, decay_exponent=exponent)
    optimizer, scheduler = trainer.configure_optimizers()
    assert isinstance(optimizer, torch.optim.SGD)
    for epoch in range(10):
        scheduler.step(epoch)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * (1 - epoch / 10) ** exponent)


def test_nnunets_optimizer_is_the_default_and_others_a_choice(trainer):
    adopt(trainer)
    optimizer, _ = trainer.configure_optimizers()
    assert isinstance(optimizer, torch.optim.SGD)
    assert (optimizer.defaults["momentum"], optimizer.defaults["nesterov"]) == (0.99, True)
    assert optimizer.defaults["weight_decay"] == 3e-5
    adopt(trainer, optimizer="muon", learning_rate=0.5, epochs=10)
    optimizer, scheduler = trainer.configure_optimizers()
    assert isinstance(optimizer, Muon)
    scheduler.step(5)
    assert {group["lr"] for group in optimizer.param_groups} == {0.5 * 0.5**0.9}, "of every group"


def test_a_loss_that_is_not_finite_stops_with_a_sentence(trainer):
    adopt(trainer, epochs=3)
    trainer.optimizer, _ = trainer.configure_optimizers()
    trainer.loss = lambda output, target: output.mean() * float("nan")
    with pytest.raises(MethodError, match="The loss became nan in epoch 1 of 3"):
        trainer.train_step({"data": torch.zeros(1, 1, 2, 2, 2), "target": torch.zeros(1, 1, 2, 2, 2)})


def test_progress_counts_iterations_over_all_epochs(trainer):
    reports = adopt(trainer, epochs=3, iterations_per_epoch=4)
    trainer.optimizer, _ = trainer.configure_optimizers()
    trainer.loss = lambda output, target: output.mean()
    trainer.current_epoch = 2
    trainer.train_step({"data": torch.zeros(1, 1, 2, 2, 2), "target": torch.zeros(1, 1, 2, 2, 2)})
    ((done, total, note),) = reports
    assert (done, total) == (9, 12)
    assert note.startswith("epoch 3/3, loss ")


@pytest.mark.parametrize("output_weights", [None, (1,)])
def test_background_weight_grows_to_one_by_one_factor(trainer, monkeypatch, output_weights):
    adopt(trainer, output_weights, background_weight=0.125, epochs=4)
    one_output = SimpleNamespace(ce=None)
    whole = SimpleNamespace(loss=one_output) if output_weights is None else one_output
    monkeypatch.setattr(BenchTrainer.__mro__[1], "_build_loss", lambda self: whole)
    trainer.label_manager = SimpleNamespace(num_segmentation_heads=3)
    trainer.loss = trainer._build_loss()
    monkeypatch.setattr(BenchTrainer.__mro__[1], "on_train_epoch_start", lambda self: None)
    weights = []
    for trainer.current_epoch in range(4):
        trainer.on_train_epoch_start()
        weights.append(one_output.ce.weight.tolist())
    assert weights == [[0.125, 1, 1], [0.25, 1, 1], [0.5, 1, 1], [1, 1, 1]]


def test_a_checkpoint_is_replaced_whole(trainer, tmp_path, monkeypatch):
    adopt(trainer)
    path = tmp_path / "checkpoint_latest.pth"
    path.write_bytes(b"the one before")

    def killed_while_writing(self: Any, filename: str) -> None:
        with open(filename, "wb") as file:  # noqa: PTH123
            file.write(b"half of")
        raise KeyboardInterrupt

    monkeypatch.setattr(BenchTrainer.__mro__[1], "save_checkpoint", killed_while_writing)
    with pytest.raises(KeyboardInterrupt):
        trainer.save_checkpoint(str(path))
    assert path.read_bytes() == b"the one before"


@pytest.fixture
def with_loss(trainer) -> Any:
    """The trainer, able to build nnU-Net's own loss for three stages of a U-Net."""
    trainer.is_ddp = False
    trainer.label_manager = SimpleNamespace(has_regions=False, ignore_label=None, num_segmentation_heads=8)
    strides = [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2]]
    trainer.configuration_manager = SimpleNamespace(batch_dice=False, pool_op_kernel_sizes=strides)
    return trainer


def test_deep_supervision_is_nnunets_own_where_nothing_is_said(with_loss):
    adopt(with_loss)
    assert with_loss._get_deep_supervision_scales() == [[1, 1, 1], [1, 0.5, 0.5], [0.5, 0.25, 0.25]]
    assert with_loss._build_loss().weight_factors == pytest.approx((2 / 3, 1 / 3, 0))


def test_every_output_counts_by_its_weight(with_loss):
    adopt(with_loss, (1, 0.5, 0))
    assert with_loss._get_deep_supervision_scales() == [[1] * 3, [0.5] * 3, [0.25] * 3]
    assert with_loss._build_loss().weight_factors == pytest.approx((2 / 3, 1 / 3, 0))


def test_one_output_is_no_deep_supervision(with_loss):
    adopt(with_loss, (1,))
    assert with_loss._get_deep_supervision_scales() is None
    assert with_loss._build_loss().ce is not None
    # The network, a convolution, has no decoder to tell.
    with_loss.set_deep_supervision_enabled(with_loss.enable_deep_supervision)


@pytest.mark.parametrize("users", [None, "1", "0"])
def test_compiles_on_a_gpu_as_the_user_says_and_never_where_it_may_break(trainer, monkeypatch, tmp_path, users):
    monkeypatch.delenv("nnUNet_compile", raising=False)
    if users is not None:
        monkeypatch.setenv("nnUNet_compile", users)
    trainer.device = torch.device("cuda")
    with Workspace(tmp_path).entered("cpu", compiled=False):
        assert not trainer._do_i_compile()
    with Workspace(tmp_path).entered("cpu"):
        assert trainer._do_i_compile() == (users != "0")
    assert os.environ.get("nnUNet_compile") == users  # noqa: SIM112


ON_NNUNET: dict[str, Any] = {name: method for name, method in METHODS.items() if isinstance(method, NnUNetMethod)}
OWN_NETWORKS = [name for name, method in ON_NNUNET.items() if not method.planned_arguments]


def planned_network(name: str, budget: Budget, deep_supervision: bool) -> nn.Module:
    method = ON_NNUNET[name]
    arguments = {**method.recipes[budget].plan.arguments, **method.network_options}
    return get_network_from_plans(method.network_class, arguments, [], 1, 8, deep_supervision=deep_supervision)


@pytest.mark.parametrize("name", OWN_NETWORKS)
@pytest.mark.parametrize("budget", Budget)
def test_outputs_have_the_shapes_of_their_targets(with_loss, name, budget):
    method = ON_NNUNET[name]
    plan = method.recipes[budget].plan
    adopt(with_loss, method.output_weights)
    deep = with_loss.enable_deep_supervision
    scales = with_loss._get_deep_supervision_scales() or [[1, 1, 1]]
    network = planned_network(name, budget, deep).to("meta")
    # Shapes alone: the meta device computes nothing, so that the full size costs nothing.
    with torch.device("meta"), torch.no_grad():
        for training in (True, False):
            outputs = network.train(training)(torch.zeros(plan.batch_size, 1, *plan.patch))
            shapes = [tuple(output.shape[2:]) for output in (outputs if deep else [outputs])]
            assert shapes == [
                tuple(round(side * share) for side, share in zip(plan.patch, scale, strict=True)) for scale in scales
            ]
        if deep:
            network.decoder.deep_supervision = False
        window = plan.window or plan.patch
        assert network(torch.zeros(1, 1, *window)).shape == (1, 8, *window)


def test_mednexts_five_outputs_all_count(with_loss):
    adopt(with_loss, ON_NNUNET["mednext"].output_weights)
    factors = with_loss._build_loss().weight_factors
    # 1, 1/2, 1/4, 1/8, 1/16, divided by their sum.
    assert factors == pytest.approx([16 / 31, 8 / 31, 4 / 31, 2 / 31, 1 / 31])


@pytest.mark.parametrize("name", OWN_NETWORKS)
def test_a_network_trains_validates_and_gives_its_weights_to_prediction(with_loss, name):
    trainer, method = with_loss, ON_NNUNET[name]
    recipe = method.recipes[Budget.SMOKE]
    plan = recipe.plan
    torch.manual_seed(0)
    trainer.adopt(recipe, lambda *report: None, output_weights=method.output_weights)
    trainer.label_manager.has_ignore_label = False
    trainer.network = planned_network(name, Budget.SMOKE, trainer.enable_deep_supervision)
    trainer.optimizer, trainer.lr_scheduler = trainer.configure_optimizers()
    trainer.loss = trainer._build_loss()
    batch = {"data": torch.randn(plan.batch_size, 1, *plan.patch)}
    target = torch.randint(0, 8, batch["data"].shape, dtype=torch.int16)
    scales = trainer._get_deep_supervision_scales()
    if scales:
        downsampled = [DownsampleSegForDSTransform(scales)._apply_to_segmentation(case) for case in target]
        batch["target"] = [torch.stack(targets) for targets in zip(*downsampled, strict=True)]
    else:
        batch["target"] = target
    trainer.lr_scheduler.step(0)
    trainer.network.train()
    assert 0 < trainer.train_step(batch)["loss"] < 10
    assert [key for key, parameter in trainer.network.named_parameters() if parameter.grad is None] == []
    trainer.network.eval()
    with torch.no_grad():
        assert 0 < trainer.validation_step(batch)["loss"] < 10
    prediction = planned_network(name, Budget.SMOKE, False)
    prediction.load_state_dict(trainer.network.state_dict(), strict=True)
