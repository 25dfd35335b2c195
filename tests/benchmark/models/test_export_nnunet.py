"""nnU-Net's own commands take what is exported for them, and predict the same label maps in every voxel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models import export_nnunet as exporting
from mswal_bench.benchmark.models.bundle_form import About
from mswal_bench.benchmark.models.export_nnunet import export_nnunet
from mswal_bench.benchmark.models.import_model import import_model
from mswal_bench.benchmark.prediction.predict_images import predict_images
from mswal_bench.benchmark.runs.run_method import run_method
from mswal_bench.tests.baselines.nnunet.nnunet_models import checkpoint, network, write_model
from mswal_bench.tests.benchmark.runs.quick_method import QuickMethod
from mswal_bench.tests.benchmark.runs.smoke_runs import call

DATASET = "Dataset042_Lesions"
MODEL = "nnUNetTrainer__nnUNetPlans__3d_fullres"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """Of a small network with random weights, folds 1 and 4."""
    folder = tmp_path_factory.mktemp("bundle")
    of_nnunet = write_model(
        folder / "in" / MODEL, fold_1=checkpoint(network().state_dict()), fold_4=checkpoint(network().state_dict())
    )
    source = shutil.make_archive(str(folder / "model"), "zip", folder / "in")
    assert of_nnunet.is_dir()
    import_model(Path(source), folder / "own.mswal")
    return folder / "own.mswal"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_bundle_becomes_a_folder_from_which_nnunet_builds_the_network(bundle, tmp_path):
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    out = tmp_path / "new" / "folder"
    written = export_nnunet(bundle, out)
    assert written.differences == ()
    assert written.command == f"nnUNetv2_predict_from_modelfolder -m {out} -f 1 4 -i IMAGES -o LABEL_MAPS"
    assert files(out).keys() == {
        "plans.json", "dataset.json", "dataset_fingerprint.json", "README.txt", "fold_1/checkpoint_final.pth",
        "fold_4/checkpoint_final.pth",
    }  # fmt: skip
    predictor = nnUNetPredictor(device=torch.device("cpu"))
    predictor.initialize_from_trained_model_folder(str(out), (1, 4))
    assert predictor.allowed_mirroring_axes == (0, 1, 2)
    assert list(predictor.configuration_manager.patch_size) == [32, 32, 32]
    assert len(predictor.list_of_parameters) == 2
    assert predictor.dataset_json["numTraining"] == 484


def test_one_fold_alone(bundle, tmp_path):
    export_nnunet(bundle, tmp_path / "out", folds=[4])
    assert [path.name for path in (tmp_path / "out").glob("fold_*")] == ["fold_4"]


def test_what_is_there_already_is_left_as_it_is(bundle, tmp_path):
    (tmp_path / "empty").mkdir()
    export_nnunet(bundle, tmp_path / "empty")
    for place in (tmp_path / "empty", bundle):
        before = files(place.parent)
        with pytest.raises(BenchError, match="is there already"):
            export_nnunet(bundle, place)
        assert files(place.parent) == before


def test_the_whole_folder_or_nothing(bundle, tmp_path, monkeypatch):
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_sync", full)
    with pytest.raises(BenchError, match="cannot be written"):
        export_nnunet(bundle, tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_method_that_nnunet_cannot_build(raw, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "quick", QuickMethod())
    run_method(QuickMethod(), raw, tmp_path / "work", selection="0", device="cpu", check=False)
    with pytest.raises(BenchError, match="nnU-Net cannot build the network of quick by itself") as caught:
        export_nnunet(tmp_path / "work", tmp_path / "out")
    assert "without --format" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_what_is_said_anew_of_a_bundle_leaves_the_rest(bundle, tmp_path):
    source = shutil.make_archive(str(tmp_path / "model"), "zip", bundle.parent / "in")
    own = tmp_path / "own.mswal"
    import_model(Path(source), own, about=About(authors=["A. Body"], licence="cc-by-nc-4.0"))
    call("model", "export", own, "--format", "nnunet", "-o", tmp_path / "out", "--contact", "me@example.org")
    text = (tmp_path / "out" / "README.txt").read_text()
    assert "Authors: A. Body\nLicence of the weights: cc-by-nc-4.0\nContact: me@example.org" in text


def test_the_command_line(bundle, tmp_path):
    said = call("model", "export", bundle, "--format", "nnunet", "-o", tmp_path / "out", "--licence", "cc0-1.0")
    assert f"folder: {tmp_path / 'out'}" in said
    assert "Licence of the weights: cc0-1.0" in (tmp_path / "out" / "README.txt").read_text()
    said = call("model", "export", bundle, "--format", "nnunet", "-o", tmp_path / "b", "--half", exit_code=2)
    assert "nnU-Net's checkpoints hold float32" in said
    assert "is no trained model" in call("model", "export", tmp_path, "--format", "nnunet", "-o", "a", exit_code=1)


def command(name: str, *arguments: object, **environment: object) -> None:
    """One of nnU-Net's, in a process of its own."""
    own = {name: str(value) for name, value in environment.items()}
    path = Path(sys.executable).parent / name
    called = [str(each) for each in (sys.executable, path, *arguments)]
    done = subprocess.run(called, env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def same(folder: Path, reference: Path) -> int:
    """How many label maps there are; each is equal to that of the run in every voxel, and not empty."""
    expected = sorted(reference.glob("*.nii.gz"))
    for path in expected:
        one, other = (
            SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(each / path.name))) for each in (folder, reference)
        )
        assert one.any()
        np.testing.assert_array_equal(one, other)
    return len(expected)


@pytest.mark.slow
def test_nnunets_own_commands_and_back(finished, raw, tmp_path):
    """A run, its folder for nnU-Net, nnU-Net's prediction, nnU-Net's zip, the bundle of it, and its prediction."""
    model = tmp_path / "results" / DATASET / MODEL
    written = export_nnunet(finished, model)
    assert any("64 x 64 x 64" in each for each in written.differences)
    images = Path(shutil.copytree(raw / "imagesTs", tmp_path / "images"))
    options = ("-f", 0, "-i", images, "-o", tmp_path / "by-nnunet", "-device", "cpu", "-npp", 1, "-nps", 1)
    command("nnUNetv2_predict_from_modelfolder", "-m", model, *options)
    assert same(tmp_path / "by-nnunet", finished / "fold-0" / "nnunet-v2") == 2
    # What nnU-Net's export wants to be there beside what predicts.
    (model / "fold_0" / "validation").mkdir()
    (model / "fold_0" / "validation" / "summary.json").write_text("{}")
    (model / "fold_0" / "progress.png").touch()
    folders = {f"nnUNet_{name}": tmp_path / name for name in ("results", "raw", "preprocessed")}
    source = tmp_path / "model.zip"
    command("nnUNetv2_export_model_to_zip", "-d", DATASET, "-o", source, "-c", "3d_fullres", "-f", 0, **folders)
    made = import_model(source, tmp_path / "back.mswal")
    assert "is whole" in call("model", "verify", made.bundle.path)
    predict_images(made.bundle.path, [images], tmp_path / "by-bundle", device="cpu")
    assert same(tmp_path / "by-bundle", finished / "fold-0" / "nnunet-v2") == 2
