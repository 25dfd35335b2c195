"""A trained method is exported, checked, and predicts elsewhere as its run did."""

import json
import shutil
import zipfile

import numpy as np
import pytest
import SimpleITK

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.nnunet.checkpoints import final_checkpoint
from mswal_bench.baselines.nnunet.fold_networks import FoldNetworks
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.bundle import read_bundle
from mswal_bench.benchmark.models.bundle_form import statistics_text
from mswal_bench.benchmark.models.export_model import export_model
from mswal_bench.benchmark.models.model_claims import model_claims
from mswal_bench.tests.benchmark.prediction.predicting import predict, wrong
from mswal_bench.tests.benchmark.runs.smoke_runs import call


@pytest.mark.slow
def test_a_bundle_predicts_as_the_run_did_and_says_nothing_of_its_cases(finished, raw, tmp_path):
    work = shutil.copytree(finished, tmp_path / "work")
    bundle = export_model(work, tmp_path / "a.mswal")
    again = export_model(work, tmp_path / "again" / "a.mswal")
    assert again.path.read_bytes() == bundle.path.read_bytes()
    assert "is whole" in call("model", "verify", bundle.path)
    assert "nnU-Net v2" in call("model", "show", bundle.path)
    with zipfile.ZipFile(bundle.path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist() if name != "fold_0.safetensors")
    assert b"PHANTOM_" not in content
    assert str(tmp_path).encode() not in content
    shutil.rmtree(work)
    elsewhere = bundle.path.rename(tmp_path / "moved.mswal")
    predictions = predict(elsewhere, raw / "imagesTs", out=tmp_path / "out")
    for case in predictions.cases:
        ours, theirs = (
            SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / f"{case}.nii.gz")))
            for folder in (tmp_path / "out", finished / "fold-0" / "nnunet-v2")
        )
        assert np.array_equal(ours, theirs)
        assert ours.any()


@pytest.mark.slow
def test_it_carries_the_statistics_that_predict_and_says_which(finished, raw, tmp_path):
    work = shutil.copytree(finished, tmp_path / "work")
    new = export_model(work, tmp_path / "new.mswal")
    checkpoint = final_checkpoint(Workspace.of(work), 0)
    content = torch.load(checkpoint, weights_only=False)
    running = content.pop("batch_norm")["running"]
    # As a version that re-estimated nothing left it.
    torch.save({**content, "network_weights": {**content["network_weights"], **running}}, checkpoint)
    old = export_model(work, tmp_path / "old.mswal")
    told = {"new": "re-estimated over 2 batches of training patches", "old": "running, as training left them"}
    for name, bundle, batches in (("new", new, 2), ("old", old, 0)):
        assert bundle.form.statistics_batches == {0: batches}
        assert f"statistics {told[name]}" in " ".join(call("model", "show", bundle.path).split())
        assert f"- Statistics of batch normalisation: {told[name]}\n" in bundle.card
        predict(bundle.path, raw / "imagesTs", out=tmp_path / name)
        assert json.loads((tmp_path / name / "predictions.json").read_text())["statistics_batches"] == {"0": batches}
    in_old, in_new = (bundle.weights[0].tensors() for bundle in (old, new))
    # A bundle has a tensor of several names once.
    stored = running.keys() & in_old.keys()
    assert stored
    for name in stored:
        assert torch.equal(in_old[name], running[name])
        assert torch.equal(in_new[name], content["network_weights"][name])
        assert not torch.equal(in_old[name], in_new[name])
    predict(work, raw / "imagesTs", out=tmp_path / "by-run")
    assert json.loads((tmp_path / "by-run" / "predictions.json").read_text())["statistics_batches"] == {"0": 0}


def test_folds_that_predict_with_different_statistics_are_told_apart():
    assert statistics_text({0: 100, 3: 100}) == "re-estimated over 100 batches of training patches"
    assert statistics_text({0: 0, 1: 0, 2: 100}) == (
        "of folds 0 and 1 running, as training left them; of fold 2 re-estimated over 100 batches of training patches"
    )


@pytest.mark.slow
def test_half_precision_takes_half_of_the_bytes_and_predicts(finished, raw, tmp_path):
    work = shutil.copytree(finished, tmp_path / "work")
    whole, half = (export_model(work, tmp_path / f"{half}.mswal", half=half) for half in (False, True))
    sizes = [bundle.weights[0].size_bytes for bundle in (whole, half)]
    assert 0.45 < sizes[1] / sizes[0] < 0.7
    kinds = {name: each.kind for name, each in half.weights[0].header().items()}
    assert {"F16", "F32"} <= set(kinds.values())
    assert len(predict(half.path, raw / "imagesTs", out=tmp_path / "out").cases) == 2


@pytest.mark.slow
def test_a_changed_byte_of_the_weights_is_found(finished, tmp_path):
    bundle = export_model(shutil.copytree(finished, tmp_path / "work"), tmp_path / "a.mswal")
    place = bundle.weights[0]
    content = bytearray(bundle.path.read_bytes())
    content[place.offset + place.size_bytes - 3] ^= 1
    bundle.path.write_bytes(content)
    with pytest.raises(BenchError, match=r"checksum-differs|digest-differs"):
        read_bundle(bundle.path)


@pytest.mark.slow
def test_label_maps_of_other_weights_are_not_taken_for_its_own(finished, raw, tmp_path):
    work = shutil.copytree(finished, tmp_path / "work")
    one = export_model(work, tmp_path / "one.mswal")
    checkpoint = final_checkpoint(Workspace.of(work), 0)
    content = torch.load(checkpoint, weights_only=False)
    next(iter(content["network_weights"].values())).add_(1)
    torch.save(content, checkpoint)
    # Of the same method, data, budget and seed.
    other = export_model(work, tmp_path / "other.mswal")
    assert other.form.run == one.form.run
    predict(one.path, raw / "imagesTs", out=tmp_path / "out")
    (sentence,) = wrong(other.path, raw / "imagesTs", out=tmp_path / "out")
    assert "the folder has label maps of another model" in sentence


@pytest.mark.slow
def test_what_a_bundles_method_printed_is_kept_when_it_fails(finished, raw, tmp_path, monkeypatch):
    bundle = export_model(shutil.copytree(finished, tmp_path / "work"), tmp_path / "a.mswal")

    def fail(networks, window):
        print("a word of the library's")
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(FoldNetworks, "logits", fail)
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="no kernel image") as caught:
        predict(bundle.path, raw / "imagesTs", out=out)
    assert f"in the log.txt below {out}" in "".join(caught.value.__notes__)
    assert "a word of the library's" in (out / "log.txt").read_text()


@pytest.mark.slow
def test_a_form_is_not_filled_in_from_a_run_and_the_bundle_of_another(finished, tmp_path):
    bundle = export_model(shutil.copytree(finished, tmp_path / "work"), tmp_path / "a.mswal")
    run = bundle.form.run
    claims = model_claims(bundle.path)
    assert model_claims(bundle.path, run=run) == claims
    # It was scored on one, and may predict for another.
    assert bundle.form.scores
    assert "track" not in claims
    assert claims["ensemble"] == {"models": 1, "description": "fold 0"}
    with pytest.raises(BenchError, match=r"the bundle is not of the run: expected nnunet-v2 .*seed 7") as caught:
        model_claims(bundle.path, run=run.model_copy(update={"seed": 7}))
    assert "seed 0" in str(caught.value)
