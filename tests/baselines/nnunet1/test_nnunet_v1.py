"""nnU-Net v1 itself, trained for a few iterations on the tiny phantom."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

from mswal_bench.baselines.method import Budget, Job, MethodError
from mswal_bench.baselines.nnunet1.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop
from mswal_bench.splits import five_folds
from mswal_bench.tests.baselines.stopping import not_asked_to_stop
from mswal_bench.tests.benchmark.runs.smoke_runs import assert_gone, check_geometry, descendants

pytest.importorskip("nnunet")

pytestmark = pytest.mark.slow

METHOD = METHODS["nnunet-v1"]
SHARED_WITH_V2 = "nnUNet_preprocessed"
KERNELS = [[1, 1, 1]] + [[3, 3, 3]] * 2
"""Of the smoke test's network."""


def read(path):
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


@pytest.fixture(scope="module")
def prepared(small_phantom, tmp_path_factory) -> Job:
    """Prepared for folds in an order that is not nnU-Net's own."""
    root = tmp_path_factory.mktemp("v1")
    cases = [path.name.removesuffix(".nii.gz") for path in (small_phantom / "labelsTr").iterdir()]
    job = Job(small_phantom, root / "work", tuple(reversed(five_folds(cases))), Budget.SMOKE, "cpu", 0)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(SHARED_WITH_V2, str(root / "ours"))
        METHOD.prepare(job, lambda *_: None)
        assert os.environ[SHARED_WITH_V2] == str(root / "ours")
    assert not (root / "ours").exists()
    return job


@pytest.fixture(scope="module")
def trained(prepared, tmp_path_factory) -> Job:
    """The first fold trained, from a training that was killed; and a second fold, the first's with other weights."""
    job = replace(prepared, work=tmp_path_factory.mktemp("trained") / "work")
    shutil.copytree(prepared.work, job.work, symlinks=True)
    workspace = workspace_of(job)
    workers = kill_in_training(job)
    assert not workspace.final_checkpoint(0).exists()
    assert len(workers) >= 3
    assert_gone(workers)
    done = METHOD.epochs_done(job, 0)
    assert 1 <= done < METHOD.epochs(job.budget)
    first: list[int] = []
    METHOD.train(job, 0, lambda iteration, total, note: first.append(iteration))
    assert first[0] == done * 2
    assert METHOD.epochs_done(job, 0) == METHOD.epochs(job.budget)
    shutil.copytree(workspace.fold(0), workspace.fold(1))
    perturb(workspace.final_checkpoint(1))
    return job


def workspace_of(job: Job) -> Workspace:
    return Workspace(job.work / "nnunet")


def kill_in_training(job: Job) -> set[int]:
    """Kills the training where it has a first checkpoint, and gives the processes it had started."""
    latest = workspace_of(job).latest_checkpoint(0)
    # v1 waits until its progress is heard.
    code = f"""
import pickle, time
from pathlib import Path
from mswal_bench.baselines.registry import METHODS

def report(done, total, note):
    while Path({str(latest)!r}).exists():
        time.sleep(1)

METHODS["nnunet-v1"].train(pickle.loads({pickle.dumps(job)!r}), 0, report)
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 300
    while not latest.exists():
        assert parent.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    workers = descendants(parent.pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    return workers


def perturb(checkpoint: Path) -> None:
    import torch

    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    generator = torch.Generator().manual_seed(0)
    for name, weights in content["state_dict"].items():
        if name.startswith("seg_outputs"):
            weights.add_(torch.randn(weights.shape, generator=generator))
    torch.save(content, checkpoint)


def stopped_in(epoch: int, job: Job) -> None:
    """Asks the first fold's training to stop in that epoch, the first being 1."""

    def ask(done: int, total: int, note: str) -> None:
        if note.startswith(f"epoch {epoch}/"):
            ask_to_stop()

    with not_asked_to_stop():
        METHOD.train(job, 0, ask)


def test_statistics_are_re_estimated_and_a_kill_meanwhile_has_only_that_done_again(prepared, trained, tmp_path):
    import torch

    job = replace(prepared, work=tmp_path / "work")
    shutil.copytree(prepared.work, job.work, symlinks=True)

    class KilledError(Exception):
        pass

    def kill(done: int, total: int, note: str) -> None:
        if note == "batch normalisation, batch 2/2":
            raise KilledError

    with pytest.raises(KilledError):
        METHOD.train(job, 0, kill)
    assert METHOD.epochs_done(job, 0) == 3
    notes: list[str] = []
    METHOD.train(job, 0, lambda done, total, note: notes.append(note))
    assert notes[:3] == ["epoch 4/4", "batch normalisation, batch 1/2", "batch normalisation, batch 2/2"]
    assert METHOD.statistics_batches(job.work, 0) == 2
    ours, theirs = (torch.load(workspace_of(each).final_checkpoint(0), weights_only=False) for each in (job, trained))
    assert all(torch.equal(weights, theirs["state_dict"][name]) for name, weights in ours["state_dict"].items())
    for name, running in ours["batch_norm"]["running"].items():
        assert torch.equal(running, theirs["batch_norm"]["running"][name])
        assert not torch.equal(running, ours["state_dict"][name])


def test_a_training_that_was_stopped_or_killed_ends_with_the_weights_of_an_undisturbed_one(prepared, trained, tmp_path):
    import torch

    undisturbed = replace(prepared, work=tmp_path / "undisturbed")
    stopped = replace(prepared, work=tmp_path / "stopped")
    for job in (undisturbed, stopped):
        shutil.copytree(prepared.work, job.work, symlinks=True)
    # Asked in its last epoch, a training just ends well.
    stopped_in(4, undisturbed)
    with pytest.raises(StoppedError, match="did after epoch 2"):
        stopped_in(2, stopped)
    assert METHOD.epochs_done(stopped, 0) == 2
    half = torch.load(workspace_of(stopped).latest_checkpoint(0), map_location="cpu", weights_only=False)
    METHOD.train(stopped, 0, lambda *_: None)
    of = {
        name: torch.load(workspace_of(job).final_checkpoint(0), map_location="cpu", weights_only=False)
        for name, job in (("undisturbed", undisturbed), ("stopped", stopped), ("killed", trained))
    }
    expected = of["undisturbed"]["state_dict"]
    assert any(not torch.equal(half["state_dict"][name], weights) for name, weights in expected.items())
    for resumed in ("stopped", "killed"):
        assert of[resumed]["state_dict"].keys() == expected.keys()
        assert all(torch.equal(of[resumed]["state_dict"][name], weights) for name, weights in expected.items())
        training_losses, validation_losses, *_ = of[resumed]["plot_stuff"]
        assert (training_losses, validation_losses) == of["undisturbed"]["plot_stuff"][:2]
        assert len(training_losses) == len(validation_losses) == 4


def test_prepared_from_links_with_our_folds(prepared):
    workspace = workspace_of(prepared)
    assert all(path.is_symlink() for path in workspace.task.rglob("*.nii.gz"))
    splits = pickle.loads(workspace.splits.read_bytes())
    assert splits == [{"train": list(fold.train), "val": list(fold.validation)} for fold in prepared.folds]
    assert not list(workspace.cropped.glob("*"))


def test_counts_the_parameters_of_the_planned_network(prepared):
    import torch
    from nnunet.network_architecture.generic_UNet import Generic_UNet
    from torch import nn

    with torch.device("meta"):
        network = Generic_UNet(
            1, 4, 8, 2, 1, 2, nn.Conv3d, nn.BatchNorm3d, None, nn.Dropout3d, {"p": 0}, deep_supervision=True,
            weightInitializer=None, pool_op_kernel_sizes=[[2, 2, 2]] * 2, conv_kernel_sizes=KERNELS,
            convolutional_pooling=True, convolutional_upsampling=True,
        )  # fmt: skip
    assert METHOD.parameters(prepared) == sum(parameter.numel() for parameter in network.parameters())


def test_validates_what_our_fold_holds_out(trained):
    fold = workspace_of(trained).fold(0)
    (held_out,) = trained.folds[0].validation
    assert [path.name for path in (fold / "validation_raw").glob("*.nii.gz")] == [f"{held_out}.nii.gz"]
    assert json.loads((fold / "postprocessing.json").read_text())["num_samples"] == 1
    images = sorted((trained.raw / "imagesTr").glob(f"{held_out}_*"))
    check_geometry(fold / "validation_raw" / f"{held_out}.nii.gz", images[0])


def test_the_folds_softmax_is_averaged_and_what_is_there_is_kept(trained, tmp_path):
    images = {path.name.removesuffix("_0000.nii.gz"): path for path in (trained.raw / "imagesTs").iterdir()}
    one, other = sorted(images)
    (tmp_path / f"{other}.nii.gz").write_text("predicted before")
    unreadable = tmp_path / "unreadable.nii.gz"
    unreadable.write_text("no image")
    # As if the run had been killed while it validated.
    fold = workspace_of(trained).fold(0)
    (fold / "validated").unlink()
    (held_out,) = trained.folds[0].validation
    (fold / "validation_raw" / f".partial-{held_out}.nii.gz").write_text("half")
    (fold / "validation_raw" / f"{held_out}.nii.gz").unlink()

    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / f"{other}.nii.gz").rename(out / f"{other}.nii.gz")
    with pytest.raises(MethodError, match=r"^broken: nnU-Net v1 could not preprocess.*all others are predicted"):
        METHOD.predict(trained, [0, 1], {"broken": unreadable, **images}, out, lambda *_: None)

    assert (fold / "validated").exists()
    assert [path.name for path in (fold / "validation_raw").glob("*.nii.gz")] == [f"{held_out}.nii.gz"]
    assert (out / f"{other}.nii.gz").read_text() == "predicted before"
    assert sorted(path.name for path in out.iterdir()) == [f"{case}.nii.gz" for case in sorted(images)]
    check_geometry(out / f"{one}.nii.gz", images[one])
    # The phantom's spacing is the same throughout: v1 does not resample, and the mean can be formed here.
    softmax = [softmax_of(workspace_of(trained), fold, images[one]) for fold in (0, 1)]
    assert (read(out / f"{one}.nii.gz") == np.mean(softmax, 0).argmax(0)).all()
    for alone in softmax:
        assert (read(out / f"{one}.nii.gz") != alone.argmax(0)).any()


def softmax_of(workspace: Workspace, fold: int, image: Path):
    """The softmax of one fold's network, with v1's network and sliding window, called by hand."""
    import torch
    from nnunet.network_architecture.generic_UNet import Generic_UNet
    from nnunet.preprocessing.preprocessing import GenericPreprocessor
    from nnunet.utilities.nd_softmax import softmax_helper
    from torch import nn

    plans = pickle.loads(workspace.plans.read_bytes())
    network = Generic_UNet(
        1, 4, 8, 2, 1, 2, nn.Conv3d, nn.BatchNorm3d, {"eps": 1e-5, "affine": True}, nn.Dropout3d,
        {"p": 0, "inplace": True}, nn.LeakyReLU, {"negative_slope": 1e-2, "inplace": True}, False, False, lambda x: x,
        None, [[2, 2, 2]] * 2, KERNELS, False, True, True,
    )  # fmt: skip
    checkpoint = torch.load(workspace.final_checkpoint(fold), map_location="cpu", weights_only=False)
    network.load_state_dict(checkpoint["state_dict"])
    network.eval()
    network.inference_apply_nonlin = softmax_helper
    intensities = plans["dataset_properties"]["intensityproperties"]
    preprocessor = GenericPreprocessor(
        plans["normalization_schemes"], plans["use_mask_for_norm"], plans["transpose_forward"], intensities
    )
    data, _, _ = preprocessor.preprocess_test_case([str(image)], plans["plans_per_stage"][0]["current_spacing"])
    return network.predict_3D(
        data, False, (), True, 0.5, np.array([64, 64, 64]), None, True, verbose=False, mixed_precision=False
    )[1]


def test_five_folds_get_the_consolidated_postprocessing(trained, save_labels, tmp_path):
    job = replace(trained, work=tmp_path / "work")
    shutil.copytree(trained.work, job.work, symlinks=True)
    workspace = workspace_of(job)
    # A link to a file without an ending, as downloads from a hub are kept.
    shutil.copy(sorted((job.raw / "imagesTs").iterdir())[0], tmp_path / "blob")
    image = tmp_path / "case_0000.nii.gz"
    image.symlink_to("blob")
    METHOD.predict(job, [0], {"case": image}, tmp_path / "alone", lambda *_: None)
    alone = read(tmp_path / "alone" / "case.nii.gz")
    pieces = {class_id: ndimage.label(alone == class_id)[1] for class_id in range(1, 8)}
    scattered = max(pieces, key=lambda class_id: pieces[class_id])
    assert pieces[scattered] > 1
    assert not (workspace.model / "postprocessing.json").exists()

    for fold in range(1, 5):
        shutil.copytree(workspace.fold(0), workspace.fold(fold), dirs_exist_ok=True)
    validated_with_a_speck(workspace, job, scattered, save_labels)
    METHOD.predict(job, range(5), {"case": image}, tmp_path / "five", lambda *_: None)

    found = json.loads((workspace.model / "postprocessing.json").read_text())
    assert found["for_which_classes"] == [scattered]
    components, count = ndimage.label(alone == scattered)
    sizes = np.bincount(components.ravel())[1:]
    kept = np.isin(components, np.arange(1, count + 1)[sizes == sizes.max()])
    expected = np.where((alone == scattered) & ~kept, 0, alone)
    assert (read(tmp_path / "five" / "case.nii.gz") == expected).all()


def validated_with_a_speck(workspace: Workspace, job: Job, class_id: int, save_labels) -> None:
    """Validation cases in which removing all but the largest component helps `class_id` and harms another class."""
    reference = np.zeros((12, 12, 12), np.uint8)
    reference[1:5, 1:5, 1:5] = class_id
    another = class_id % 7 + 1
    reference[7:10, 1:3, 1:3] = reference[7:10, 7:10, 7:10] = another
    predicted = reference.copy()
    predicted[10, 10, 1] = class_id
    for number, fold in enumerate(job.folds):
        folder = workspace.fold(number) / "validation_raw"
        for path in folder.glob("*.nii.gz"):
            path.unlink()
        for case in fold.validation:
            save_labels(folder / f"{case}.nii.gz", predicted)
            save_labels(workspace.model / "gt_niftis" / f"{case}.nii.gz", reference)
