"""Label maps of another model or image are never taken for those that are asked for."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import SimpleITK

pytest.importorskip("psutil")

from mswal_bench.benchmark.prediction import given_images
from mswal_bench.benchmark.prediction import predict_images as predicting_images

from .predicting import predict, state_of, wrong


def test_label_maps_of_another_model_or_image_are_not_taken_for_its_own(raw, work, tmp_path, ct, monkeypatch):
    out = tmp_path / "out"
    one, other = sorted((raw / "imagesTs").iterdir())
    predict(work, one, out=out, fold=0)
    (sentence,) = wrong(work, one, out=out)
    assert "the folder has label maps of another model, or of other folds: expected Quick, trained on MSWAL" in sentence
    assert "seed 0, folds 0, 3, sha256:" in sentence

    SimpleITK.WriteImage(ct, str(tmp_path / "PHANTOM_0485.nii.gz"))
    (sentence,) = wrong(work, tmp_path / "PHANTOM_0485.nii.gz", out=out, fold=0)
    assert "the label map of PHANTOM_0485 is there, of another image" in sentence

    # Of the same shape, and so of the same size: two scans of one protocol that are not packed.
    for patient, volume in (("1", ct), ("2", ct + 1)):
        (tmp_path / patient).mkdir()
        SimpleITK.WriteImage(volume, str(tmp_path / patient / "ct.nii"))
    predict(work, tmp_path / "1" / "ct.nii", out=tmp_path / "plain")
    (sentence,) = wrong(work, tmp_path / "2" / "ct.nii", out=tmp_path / "plain")
    assert "the label map of ct is there, of another image" in sentence
    # The same one, from another place.
    (tmp_path / "3").mkdir()
    shutil.copy(tmp_path / "1" / "ct.nii", tmp_path / "3" / "ct.nii")
    assert predict(work, tmp_path / "3" / "ct.nii", out=tmp_path / "plain").cases == ("ct",)
    with monkeypatch.context() as patch:
        patch.setattr(given_images, "file_digest", lambda path: Path("/nowhere/ct.nii").read_bytes())
        (sentence,) = wrong(work, tmp_path / "3" / "ct.nii", out=tmp_path / "plain")
    assert "3/ct.nii: cannot be read (No such file or directory)" in sentence

    shutil.copy(one, out / "PHANTOM_0486.nii.gz")
    (sentence,) = wrong(work, other, out=out, fold=0)
    assert "nothing says what predicted them: found PHANTOM_0486.nii.gz" in sentence

    (out / "predictions.json").write_text("{}")
    (sentence,) = wrong(work, one, out=out, fold=0)
    assert "predictions.json: does not say what predicted the label maps" in sentence


def test_label_maps_of_the_same_training_done_anew_are_not_taken_for_its_own(raw, work, tmp_path):
    predict(work, raw / "imagesTs", out=tmp_path / "out")
    again = Path(shutil.copytree(work, tmp_path / "again"))
    assert predict(again, raw / "imagesTs", out=tmp_path / "out").cases == ("PHANTOM_0485", "PHANTOM_0486")

    def trained_later(state: Any) -> None:
        for sessions in state.training.values():
            later = sessions[-1].started_at + timedelta(seconds=1)
            sessions[-1] = sessions[-1].model_copy(update={"started_at": later})

    state_of(again, trained_later)
    (sentence,) = wrong(again, raw / "imagesTs", out=tmp_path / "out")
    assert "label maps of another model" in sentence


def test_a_model_that_came_in_meanwhile_is_noticed(raw, work, tmp_path, monkeypatch):
    real = predicting_images.read_images

    def meanwhile(*given: Any, **more: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(predicting_images, "read_images", real)
            predict(work, raw / "imagesTs", out=tmp_path / "out", fold=3)
        return real(*given, **more)

    monkeypatch.setattr(predicting_images, "read_images", meanwhile)
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out", fold=0)
    assert "label maps of another model, or of other folds" in sentence
