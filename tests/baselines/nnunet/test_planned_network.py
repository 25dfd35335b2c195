"""The number of parameters of a small U-Net, counted by hand."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.method import Budget, Job
from mswal_bench.baselines.nnunet.planned_network import planned_network, trainable_parameters
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS

from .small_plans import write_plans


def convolution(inputs: int, outputs: int, side: int) -> int:
    return side**3 * inputs * outputs + outputs


def block(inputs: int, outputs: int) -> int:
    """A convolution and the scale and shift of its normalisation."""
    return convolution(inputs, outputs, 3) + 2 * outputs


ENCODER = block(1, 4) + block(4, 8) + block(8, 16)
DECODER = convolution(16, 8, 2) + block(16, 8) + convolution(8, 4, 2) + block(8, 4)
OUTPUTS = convolution(8, 8, 1) + convolution(4, 8, 1)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder that holds plans of a U-Net of three stages, as planning leaves them."""
    write_plans(tmp_path)
    return tmp_path


@pytest.mark.parametrize("deep_supervision", [True, False])
def test_all_outputs_count_whichever_are_used(work, deep_supervision):
    found = trainable_parameters(Workspace(work / "nnunet"), deep_supervision=deep_supervision)
    assert found == ENCODER + DECODER + OUTPUTS


def test_a_method_counts_what_was_planned_for_it(work):
    job = Job(work / "raw", work, (), Budget.PAPER, "cpu", 0)
    assert METHODS["nnunet-v2"].parameters(job) == ENCODER + DECODER + OUTPUTS


def test_what_is_not_trained_does_not_count(work, monkeypatch):
    def frozen(*arguments, **options):
        network = planned_network(*arguments, **options)
        network.encoder.requires_grad_(False)
        return network

    monkeypatch.setattr("mswal_bench.baselines.nnunet.planned_network.planned_network", frozen)
    assert trainable_parameters(Workspace(work / "nnunet"), deep_supervision=True) == DECODER + OUTPUTS


def test_the_network_gives_the_outputs_that_are_asked_for(work):
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans

    workspace = Workspace(work / "nnunet")
    volume = torch.zeros(1, 1, 16, 16, 16)
    with torch.no_grad():
        for deep_supervision, shapes in {False: [(16,) * 3], True: [(16,) * 3, (8,) * 3]}.items():
            plans = PlansManager(read_plans(workspace))
            network = planned_network(plans, read_dataset_json(workspace), deep_supervision=deep_supervision)
            outputs = network(volume)
            outputs = outputs if deep_supervision else [outputs]
            assert [tuple(output.shape) for output in outputs] == [(1, 8, *shape) for shape in shapes]
