"""Preparing and exporting in processes of their own: the same label maps, and failures told as without them."""

import os
import signal
import threading
import weakref
from multiprocessing import active_children

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import SimpleITK
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import FailedCasesError
from mswal_bench.baselines.nnunet import export_stage, prediction_memory, predictor
from mswal_bench.baselines.nnunet.fold_networks import FoldNetworks
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans
from mswal_bench.baselines.stage_process import LostProcessError

from . import killed_predictions
from .small_plans import predict_plainly, save_weights, write_predictable_plans

pytestmark = pytest.mark.slow

PLENTY = 1 << 40


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with two networks of random weights."""
    workspace = write_predictable_plans(tmp_path_factory.mktemp("stages"))
    network = planned_network(PlansManager(read_plans(workspace)), read_dataset_json(workspace), deep_supervision=True)
    for fold in range(2):
        torch.manual_seed(fold)
        weights = {name: torch.randn_like(weight) / 3 for name, weight in network.state_dict().items()}
        save_weights(workspace, weights, fold)
    return workspace


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    found, folder = {}, tmp_path_factory.mktemp("images")
    for number, shape in enumerate([(20, 18, 16), (40, 33, 36), (3, 50, 20)]):
        array = np.random.default_rng(number).normal(0, 300, shape).astype(np.float32)
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing((0.8, 0.9, 1.7))
        found[f"case_{number}"] = folder / f"case_{number}_0000.mha"
        SimpleITK.WriteImage(image, str(found[f"case_{number}"]))
    return found


@pytest.fixture(scope="module")
def expected(trained, images, tmp_path_factory):
    """The label maps as they are written in turn."""
    folder = tmp_path_factory.mktemp("expected")
    predict(trained, images, folder)
    return label_maps(folder)


@pytest.fixture
def in_stages(monkeypatch):
    """What is small has processes of its own too, whatever the machine."""
    monkeypatch.setattr(prediction_memory, "WORTH_VOXELS", 0)
    monkeypatch.setattr(prediction_memory, "cores", lambda: 2)


def predict(workspace, images, out, **options):
    return predict_plainly(workspace, images, out, [0, 1], memory_bytes=PLENTY, **options)


def label_maps(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_stages_write_the_same_label_maps(trained, images, expected, tmp_path, in_stages):
    children = []
    reports = []

    def report(*told):
        reports.append(told)
        children.append({process.name for process in active_children()})

    waited_s = predict(trained, images, tmp_path / "stages", report=report)
    assert waited_s > 0
    assert children[0] == {"prepares images", "writes label maps"}
    assert not active_children()
    assert reports == [(0, 3, "case_0"), (1, 3, "case_1"), (2, 3, "case_2"), (3, 3, "")]

    assert label_maps(tmp_path / "stages") == expected
    assert list(expected) == [f"{case}.nii.gz" for case in images]
    assert SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "stages" / "case_1.nii.gz"))).max() > 0


def test_small_images_are_not_worth_processes(trained, images, expected, tmp_path):
    children = []
    predict(trained, images, tmp_path / "out", report=lambda *told: children.extend(active_children()))
    assert children == []
    assert label_maps(tmp_path / "out") == expected


def test_a_lost_case_and_an_unreadable_one_cost_themselves_alone(trained, images, expected, tmp_path, in_stages):
    lost, unreadable = tmp_path / "lost_0000.mha", tmp_path / "unreadable_0000.mha"
    array = np.zeros((40, 40, 40), np.float32)
    array[-1, -1, -1] = np.nan
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(lost))
    unreadable.write_text("no volume")
    (first, image), *others = images.items()
    with pytest.raises(FailedCasesError) as caught:
        predict(trained, {first: image, "lost": lost, "unreadable": unreadable, **dict(others)}, tmp_path / "out")
    assert list(caught.value.cases) == ["lost", "unreadable"]
    assert "NaN or infinite" in caught.value.cases["lost"]
    assert caught.value.cases["unreadable"].startswith("its image cannot be read")
    assert label_maps(tmp_path / "out") == expected


@pytest.mark.parametrize("stage", ["prepares images", "writes label maps"])
def test_a_killed_stage_is_told_and_nothing_is_left(trained, images, expected, tmp_path, in_stages, monkeypatch, stage):
    def report(done, total, case):
        if done == 1:
            (process,) = [process for process in active_children() if process.name == stage]
            os.kill(process.pid, signal.SIGKILL)
            process.join()

    with pytest.raises(LostProcessError, match=f"the process that {stage} was ended from outside .SIGKILL") as caught:
        predict(trained, images, tmp_path / "out", report=report)
    assert "A worker process ended early" in str(as_method_error(caught.value))
    assert not active_children()
    # What was finished is whole; the rest is done again.
    monkeypatch.setattr(prediction_memory, "cores", lambda: 1)
    predict(trained, images, tmp_path / "out")
    assert label_maps(tmp_path / "out") == expected


def test_an_error_of_writing_is_raised_here(trained, images, tmp_path, in_stages):
    out = tmp_path / "out"

    def report(done, total, case):
        if done == 0:
            out.rmdir()

    with pytest.raises(RuntimeError, match="failed to write image"):
        predict(trained, images, out, report=report)
    assert not active_children()


def test_an_error_of_writing_is_raised_as_it_was_with_many_planes_waiting(trained, tmp_path, in_stages, monkeypatch):
    """The process has failed when the queue is full: what it said must not be taken for its death."""
    monkeypatch.setattr(export_stage, "PLANES_QUEUED", 1)
    image = SimpleITK.GetImageFromArray(np.random.default_rng(0).normal(0, 300, (200, 40, 40)).astype(np.float32))
    found = {}
    for case in "ab":
        found[case] = tmp_path / f"{case}_0000.mha"
        SimpleITK.WriteImage(image, str(found[case]))
    out = tmp_path / "out"

    def report(done, total, case):
        if done == 0:
            out.rmdir()

    with pytest.raises(RuntimeError, match="failed to write image"):
        predict(trained, found, out, report=report)


def test_what_was_handed_over_is_written_when_a_later_image_fails(trained, images, expected, tmp_path, in_stages):
    def report(done, total, case):
        if done == 2:
            raise RuntimeError("CUDA out of memory")

    with pytest.raises(RuntimeError, match="CUDA out of memory"):
        predict(trained, images, tmp_path / "out", report=report)
    found = label_maps(tmp_path / "out")
    assert list(found) == ["case_0.nii.gz", "case_1.nii.gz"]
    assert found.items() <= expected.items()


@pytest.mark.parametrize("cores", [1, 2])
def test_an_image_is_let_go_before_the_next_comes(trained, images, tmp_path, in_stages, monkeypatch, cores):
    monkeypatch.setattr(prediction_memory, "cores", lambda: cores)
    held = []
    window = predictor.SlidingWindow

    def noted(of, image):
        assert [reference for reference in held if reference() is not None] == []
        held.append(weakref.ref(image))
        return window(of, image)

    monkeypatch.setattr(predictor, "SlidingWindow", noted)
    predict(trained, images, tmp_path / "out")
    assert len(held) == 3


def test_an_error_of_the_network_ends_the_stages(trained, images, tmp_path, in_stages, monkeypatch):
    def fail(networks, window):
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(FoldNetworks, "logits", fail)
    with pytest.raises(RuntimeError, match="no kernel image"):
        predict(trained, images, tmp_path / "out")
    assert not active_children()
    for thread in threading.enumerate():
        if thread.name == "planes":
            thread.join(30)
            assert not thread.is_alive()
    assert not list((tmp_path / "out").iterdir())


def test_kills_at_random_moments_lose_nothing(tmp_path):
    killed_predictions.write_data(tmp_path)
    assert len(list(killed_predictions.kills(tmp_path, 2))) == 2
