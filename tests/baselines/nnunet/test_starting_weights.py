"""What a network takes over from a trained one."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.method import Budget, Job, MethodError
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans
from mswal_bench.baselines.nnunet.starting_weights import fitting_weights, load_fitting, weights_that_fit
from mswal_bench.baselines.nnunet.trainer import BenchTrainer
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS

from .small_plans import write_plans

OUTPUTS = {f"decoder.seg_layers.{stage}.{part}" for stage in range(2) for part in ("weight", "bias")}


def network_of(workspace: Workspace) -> Any:
    plans = PlansManager(read_plans(workspace))
    return planned_network(plans, read_dataset_json(workspace), deep_supervision=True)


def trained(work: Path, **plan: Any) -> Path:
    """The checkpoint of a network whose weights are all 2."""
    weights = {
        name: torch.full_like(tensor, 2) for name, tensor in network_of(write_plans(work, **plan)).state_dict().items()
    }
    torch.save({"network_weights": weights}, work / "checkpoint.pth")
    return work / "checkpoint.pth"


def load(workspace: Workspace, start: Path) -> tuple[Any, Any]:
    """The network after loading, and the fit."""
    torch.manual_seed(0)
    network = network_of(workspace)
    plans, dataset_json = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
    return network, load_fitting(network, start, plans, dataset_json, deep_supervision=True)


def test_all_but_the_output_layer_begins_as_trained(tmp_path):
    start = trained(tmp_path / "mswal", classes=7)
    target = write_plans(tmp_path / "lits", classes=2)
    network, fit = load(target, start)
    torch.manual_seed(0)
    scratch = network_of(target)
    for name, tensor in network.named_parameters():
        if name in OUTPUTS:
            assert torch.equal(tensor, dict(scratch.named_parameters())[name])
        else:
            assert (tensor == 2).all(), name
    assert set(fit.output) == OUTPUTS
    # One kernel each of 8 and of 4 channels, for three classes.
    assert sum(fit.output.values()) == 3 * (8 + 1) + 3 * (4 + 1)
    assert sum(fit.loaded.values()) + sum(fit.output.values()) == sum(p.numel() for p in network.parameters())
    assert (fit.unlike, fit.unused) == ({}, ())


def test_the_output_layer_is_new_also_where_the_classes_are_as_many(tmp_path):
    start = trained(tmp_path / "mswal", classes=2)
    network, fit = load(write_plans(tmp_path / "lits", classes=2), start)
    assert set(fit.output) == OUTPUTS
    assert not (network.decoder.seg_layers[0].weight == 2).any()


def test_what_has_another_shape_is_new_and_named(tmp_path):
    start = trained(tmp_path / "mswal", features=(4, 8, 32))
    target = write_plans(tmp_path / "lits")
    network, fit = load(target, start)
    assert "encoder.stages.2.0.convs.0.conv.weight" in fit.unlike
    assert "encoder.stages.1.0.convs.0.conv.weight" in fit.loaded
    assert not (network.encoder.stages[2][0].convs[0].conv.weight == 2).any()
    assert "decoder.transpconvs.0.weight" in fit.unlike
    assert set(fit.loaded) | set(fit.unlike) | set(fit.output) == {name for name, _ in network.named_parameters()}


def test_what_finds_no_place_is_named(tmp_path):
    start = trained(tmp_path / "mswal")
    checkpoint = torch.load(start)
    checkpoint["network_weights"]["encoder.stages.3.weight"] = torch.zeros(3)
    torch.save(checkpoint, start)
    assert load(write_plans(tmp_path / "lits"), start)[1].unused == ("encoder.stages.3.weight",)


def test_running_means_are_taken_over(tmp_path):
    own, weights = torch.nn.BatchNorm3d(4), torch.nn.BatchNorm3d(4)
    weights.running_mean.fill_(3)
    fit, taken = weights_that_fit(own, torch.nn.BatchNorm3d(4), weights.state_dict())
    assert set(fit.loaded) == {"weight", "bias"}
    assert (taken["running_mean"] == 3).all()


def test_nothing_that_fits_is_refused(tmp_path):
    start = trained(tmp_path / "mswal", features=(5, 10, 20))
    target = write_plans(tmp_path / "lits")
    with pytest.raises(MethodError, match=r"Nothing in .*checkpoint\.pth fits the network"):
        fitting_weights(target, start, deep_supervision=True)


def test_random_numbers_go_on_as_without(tmp_path):
    start = trained(tmp_path / "mswal")
    target = write_plans(tmp_path / "lits", classes=2)
    load(target, start)
    after = torch.rand(3)
    torch.manual_seed(0)
    network_of(target)
    assert torch.equal(torch.rand(3), after)


def test_a_trainer_reaches_the_network_that_is_compiled(tmp_path, monkeypatch):
    start = trained(tmp_path / "mswal")
    target = write_plans(tmp_path / "lits", classes=2)
    # Without nnU-Net's constructor and `initialize`, which want a prepared data set.
    trainer: Any = BenchTrainer.__new__(BenchTrainer)
    monkeypatch.setattr(BenchTrainer, "initialize", lambda self: None)
    network = network_of(target)
    trainer.network, trainer.enable_deep_supervision = torch.compile(network), True
    trainer.plans_manager, trainer.dataset_json = PlansManager(read_plans(target)), read_dataset_json(target)
    trainer.begin_with(start)
    assert all((tensor == 2).all() for name, tensor in network.named_parameters() if name not in OUTPUTS)


def test_a_method_tells_what_fits(tmp_path):
    start = trained(tmp_path / "mswal")
    write_plans(tmp_path / "lits", classes=2)
    job = Job(tmp_path / "raw", tmp_path / "lits", (), Budget.SMOKE, "cpu", 0, start)
    assert set(METHODS["nnunet-v2"].fitting_weights(job).output) == OUTPUTS


ON_NNUNET: dict[str, Any] = {name: method for name, method in METHODS.items() if isinstance(method, NnUNetMethod)}


@pytest.mark.parametrize("name", [name for name, method in ON_NNUNET.items() if not method.planned_arguments])
def test_of_every_network_the_output_layers_are_found(name):
    method = ON_NNUNET[name]
    arguments = {**method.recipes[Budget.SMOKE].plan.arguments, **method.network_options}

    def network(classes: int) -> Any:
        deep = method.is_deeply_supervised
        return get_network_from_plans(method.network_class, arguments, [], 1, classes, deep_supervision=deep)

    own = network(3)
    fit, _ = weights_that_fit(own, network(4), network(8).state_dict())
    assert (fit.unlike, fit.unused) == ({}, ())
    assert fit.output
    assert all("out" in key for key in fit.output)
