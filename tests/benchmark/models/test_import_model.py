"""The zip of `nnUNetv2_export_model_to_zip` becomes a bundle, or is refused with a sentence."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.bundle import BundleError
from mswal_bench.benchmark.models.bundle_model import check_shapes, open_bundle
from mswal_bench.benchmark.models.import_model import ImportedModel, import_model
from mswal_bench.tests.baselines.nnunet.nnunet_models import (
    checkpoint,
    configuration,
    dataset,
    network,
    plans,
    write_model,
)
from mswal_bench.tests.benchmark.runs.smoke_runs import call

MODEL = "Dataset042_Lesions/nnUNetTrainer__nnUNetPlans__3d_fullres"


class Calls:
    """What is called when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


@pytest.fixture(scope="module")
def state() -> Any:
    return network().state_dict()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "model.zip"


def zipped(source: Path, folder: Path, inside: str = MODEL, **more: bytes) -> Path:
    """A model's folder as nnU-Net's export lays it out, with other files by name."""
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{inside}/{path.relative_to(folder)}".removeprefix("/"))
        for name, content in more.items():
            archive.writestr(name, content)
    return source


def made(source: Path, state: Any, documents: Any = None, **more: object) -> Path:
    """A zip with one fold, 0; `more` is of its checkpoint."""
    return zipped(source, write_model(source.parent / "folder", documents, fold_0=checkpoint(state, **more)))


def imported(source: Path, **options: Any) -> ImportedModel:
    return import_model(source, source.parent / "out.mswal", **options)


def refused(source: Path, **options: Any) -> list[tuple[str, str]]:
    """By code, what was found. Nothing is left behind."""
    before = {path.name for path in source.parent.iterdir()}
    with pytest.raises(BundleError) as caught:
        imported(source, **options)
    assert {path.name for path in source.parent.iterdir()} == before
    return [(finding.code, finding.found) for finding in caught.value.findings]


def test_a_model_becomes_a_bundle_that_can_predict(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state), fold_3=checkpoint(state))
    made = imported(zipped(source, folder))
    form = made.bundle.form
    assert (form.method, form.budget, form.run, form.folds, form.epochs) == (
        "nnunet-v2",
        Budget.PAPER,
        None,
        [0, 3],
        1000,
    )
    assert (form.data.name, form.data.cases, form.data.file_ending) == ("Dataset042_Lesions", 484, ".nii.gz")
    assert form.imported.source == "nnU-Net v2: nnUNetTrainer, 3d_fullres"
    assert set(form.imported.checkpoints) == {0, 3}
    assert made.bundle.documents["prediction"]["mirroring_axes"] == [0, 1, 2]
    assert made.left_out == ()
    model = open_bundle(made.bundle.path)
    check_shapes(model, tmp_path / "scratch")
    tensors = made.bundle.weights[3].tensors()
    assert all(torch.equal(tensors[name], state[name]) for name in tensors)


def test_a_new_folder_for_the_bundle_can_be_entered_as_any_other(source, state, tmp_path):
    made_of = made(source, state)
    import_model(made_of, tmp_path / "new" / "sub" / "out.mswal")
    (tmp_path / "usual").mkdir()
    modes = {(tmp_path / name).stat().st_mode for name in ("usual", "new", "new/sub")}
    assert len(modes) == 1


def test_other_configurations_and_files_are_left_out(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    (folder / "fold_0" / "progress.png").write_bytes(b"a picture")
    zipped(source, folder)
    zipped(
        source,
        folder,
        MODEL.replace("3d_fullres", "2d"),
        **{
            "Dataset042_Lesions/ensembles/a/postprocessing.pkl": b"cos\n",
            "Dataset042_Lesions/ensembles/a__b___0_1/plans.json": b"{}",
            f"Dataset042_Lesions/{MODEL}/crossval_results_folds_0/plans.json": b"{}",
        },
    )
    made = imported(source)
    assert made.left_out == ("2d",)
    assert any("2d" in each for each in made.bundle.form.card["differences"])


@pytest.mark.parametrize("inside", ["", "renamed", "a/b/nnUNetTrainer__nnUNetPlans__3d_fullres"])
def test_folders_packed_by_hand_are_found(source, state, tmp_path, inside):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    assert imported(zipped(source, folder, inside)).bundle.form.folds == [0]


def test_the_method_and_what_it_is_not(source, state):
    planned = plans() | {"experiment_planner_used": "OwnPlanner"}
    made_of = made(source, state, {"plans": planned}, trainer_name="nnUNetTrainerDA5")
    differences = imported(made_of).bundle.form.card["differences"]
    assert "nnUNetTrainerDA5" in differences[0]
    assert differences[1] == "It was planned by OwnPlanner, not by ExperimentPlanner."


def test_a_checkpoint_that_would_run_something_is_refused_and_runs_nothing(source, state, tmp_path):
    touched = tmp_path / "touched"
    (found,) = refused(made(source, state, logging=Calls(os.system, f"touch {touched}")))
    assert found[0] == "checkpoint-refused"
    assert "it was not read: it names posix.system" in found[1]
    assert not touched.exists()


@pytest.mark.parametrize("cut", [10, 5000, -30])
def test_a_torn_checkpoint_is_refused(source, state, tmp_path, cut):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    path = folder / "fold_0" / "checkpoint_final.pth"
    path.write_bytes(path.read_bytes()[:cut])
    (found,) = refused(zipped(source, folder))
    assert found[0] == "checkpoint-refused"
    assert "it is no checkpoint of torch, or a damaged one" in found[1]


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        ("data.pkl", "it is no checkpoint of torch, or a damaged one (it is larger than it could be)"),
        ("byteorder", "it is not packed as torch does it"),
    ],
)
def test_a_checkpoint_that_is_packed_is_refused(source, state, tmp_path, packed, reason):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state, more="0" * 1_000_000))
    path = folder / "fold_0" / "checkpoint_final.pth"
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            method = zipfile.ZIP_DEFLATED if name.endswith(packed) else zipfile.ZIP_STORED
            archive.writestr(name, data, compress_type=method)
    assert refused(zipped(source, folder)) == [("checkpoint-refused", reason)]


def test_a_checkpoint_larger_than_its_network_can_be_is_refused_before_it_is_unpacked(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    with (folder / "fold_0" / "checkpoint_final.pth").open("r+b") as file:
        file.truncate(65 << 20)
    (found,) = refused(zipped(source, folder))
    assert found == ("file-too-large", f"{65 << 20} bytes")


@pytest.mark.parametrize(
    ("more", "code", "found"),
    [
        ({"trainer_name": "nnUNetTrainerBN"}, "trainer-foreign", "nnUNetTrainerBN"),
        ({"trainer_name": "Own"}, "trainer-foreign", "Own"),
        ({"init_args": {"configuration": "2d"}}, "configuration-foreign", "2d"),
        ({"network_weights": {"a": torch.zeros(1)}}, "checkpoint-refused", "it is another network's: it lacks"),
    ],
)
def test_another_training_is_refused(source, state, more, code, found):
    ((told, what),) = refused(made(source, state, **more))
    assert told == code
    assert found in what


def test_a_trainer_that_the_user_vouches_for_is_taken(source, state):
    assert imported(made(source, state, trainer_name="Own"), trainer="Own").trainer == "Own"


def test_folds_that_were_not_trained_alike_are_refused(source, state, tmp_path):
    other = checkpoint(state, inference_allowed_mirroring_axes=None)
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state), fold_1=other)
    assert refused(zipped(source, folder)) == [("folds-differ", "other trainers or flips")]


def changed(**arguments: object) -> dict[str, Any]:
    planned = configuration()
    planned["architecture"]["arch_kwargs"] |= arguments
    return {"plans": plans(**{"3d_fullres": planned})}


def of_class(name: str) -> dict[str, Any]:
    planned = configuration()
    planned["architecture"]["network_class_name"] = name
    return {"plans": plans(**{"3d_fullres": planned})}


@pytest.mark.parametrize(
    ("documents", "code", "found"),
    [
        (of_class("os.system"), "plans-foreign", "the network 'system'"),
        (
            of_class("dynamic_network_architectures.architectures.primus.Primus"),
            "plans-foreign",
            "the network 'Primus'",
        ),
        (changed(nonlin="os.system"), "plans-foreign", "nonlin"),
        (changed(own=1), "plans-foreign", "own"),
        (changed(features_per_stage=[4]), "plans-foreign", "not an entry for each stage"),
        ({"plans": plans(**{"2d": configuration()})}, "configuration-foreign", "no '3d_fullres'"),
        ({"dataset": dataset(labels={"background": 0, "all": [1, 2]})}, "labels-foreign", "regions"),
        ({"dataset": dataset(file_ending=".tif")}, "plans-foreign", "file_ending"),
        ({"dataset": dataset(name="two\nlines")}, "plans-foreign", "name is 'two"),
    ],
)
def test_another_model_is_refused(source, state, documents, code, found):
    ((told, what), *_) = refused(made(source, state, documents))
    assert told == code
    assert found in what


def test_seven_lesions_of_another_data_set_are_refused_as_everywhere(source, state):
    labels = {"background": 0} | {f"lesion {number}": number for number in range(1, 8)}
    with pytest.raises(BenchError, match="has seven labels that are not MSWAL's"):
        imported(made(source, state, {"dataset": dataset(labels=labels)}))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (f"{MODEL}/../../../escaped.json", "path-traversal"),
        ("/etc/escaped", "absolute-name"),
        (f"{MODEL}/more.zip", "nested-archive"),
        (f"{MODEL}/PLANS.json", "similar-names"),
    ],
)
def test_names_that_no_file_may_have(source, state, tmp_path, name, code):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    codes = {each for each, _ in refused(zipped(source, folder, **{name: b"{}"}))}
    assert code in codes


def without(source: Path, ending: str) -> Path:
    """The zip without the files of a name that ends so."""
    with zipfile.ZipFile(source) as archive:
        content = {name: archive.read(name) for name in archive.namelist() if not name.endswith(ending)}
    with zipfile.ZipFile(source, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return source


def test_what_is_missing_is_named(source, state, tmp_path):
    whole = made(source, state).read_bytes()
    for ending, code, found in (
        ("dataset.json", "member-missing", ""),
        ("fingerprint.json", "member-missing", ""),
        (".pth", "checkpoint-missing", ""),
        ("plans.json", "no-nnunet-model", "no plans.json"),
    ):
        source.write_bytes(whole)
        assert refused(without(source, ending)) == [(code, found)]
    source.write_bytes(whole)
    assert refused(source, checkpoint="checkpoint_best.pth") == [("checkpoint-missing", "checkpoint_final.pth")]


def test_the_checkpoint_that_is_named_is_taken(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    (folder / "fold_0" / "checkpoint_final.pth").rename(folder / "fold_0" / "checkpoint_best.pth")
    assert imported(zipped(source, folder), checkpoint="checkpoint_best.pth").bundle.form.folds == [0]


@pytest.mark.parametrize("fold", ["fold_all", "fold_5"])
def test_folds_that_no_bundle_has(source, state, tmp_path, fold):
    folder = write_model(tmp_path / "folder", **{"fold_0": checkpoint(state), fold: checkpoint(state)})
    assert refused(zipped(source, folder)) == [("fold-foreign", fold)]


def test_one_of_two_is_not_chosen(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    zipped(source, folder)
    ((code, _),) = refused(zipped(source, folder, MODEL.replace("042", "043")))
    assert code == "several-models"


def test_a_model_of_another_configuration_alone(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    assert refused(zipped(source, folder, MODEL.replace("3d_fullres", "2d"))) == [("configuration-foreign", "2d")]


def test_what_is_no_zip_of_nnunets(source, tmp_path):
    source.write_bytes(b"none")
    assert refused(source) == [("no-nnunet-model", "no zip")]
    source.unlink()
    zipped(source, tmp_path / "none", **{"Task001/plans.pkl": b"cos\n"})
    assert refused(source) == [("no-nnunet-model", "plans.pkl, which nnU-Net v1 writes")]
    source.unlink()
    assert refused(source)[0][0] == "package-missing"


def test_json_that_is_none(source, state, tmp_path):
    folder = write_model(tmp_path / "folder", fold_0=checkpoint(state))
    (folder / "plans.json").write_text('{"a": NaN}')
    assert refused(zipped(source, folder)) == [("not-json", "ValueError")]


def test_the_command_line(source, state, tmp_path):
    made(source, state)
    out = tmp_path / "out.mswal"
    said = call("model", "import", source, "-o", out, "--licence", "cc0-1.0", "--author", "A. Body")
    assert "imported as nnunet-v2: fold 0, trained by nnUNetTrainer" in said
    assert "It says nothing of --contact" in said
    shown = call("model", "show", out)
    assert "cc0-1.0" in shown
    assert "budget" not in shown
    assert "Imported from nnU-Net v2" in call("model", "show", out, "--card")
    assert "is whole" in call("model", "verify", out)
    assert "(checkpoint-missing)" in call("model", "import", source, "-o", out, "--checkpoint", "a.pth", exit_code=1)
    assert "is no name of a model bundle" in call("model", "import", source, "-o", tmp_path / "out.zip", exit_code=1)
