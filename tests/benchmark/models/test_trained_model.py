"""Which folders are trained models, and which are refused with what reason."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("psutil")

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.runs.run_method import run_method
from mswal_bench.tests.benchmark.prediction.predicting import predict, state_of, wrong
from mswal_bench.tests.benchmark.runs.quick_method import QuickMethod, network


def test_the_data_set_may_be_gone(raw, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "quick", QuickMethod())
    data = Path(shutil.copytree(raw, tmp_path / "data"))
    run_method(QuickMethod(), data, tmp_path / "work", selection="0", device="cpu", check=False)
    shutil.rmtree(data)
    assert len(predict(tmp_path / "work", raw / "imagesTs", out=tmp_path / "out").cases) == 2


def test_a_run_of_an_earlier_version_is_completed_by_calling_it_again(raw, work, tmp_path):
    state_of(work, lambda state: setattr(state, "trained_on", None))
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
    assert "the run does not say what its data were" in sentence
    assert run_method(QuickMethod(), raw, work, selection="0", device="cpu").finished_before
    assert len(predict(work, raw / "imagesTs", out=tmp_path / "out").cases) == 2


def test_a_method_that_is_not_the_one_that_was_trained_is_refused(raw, work, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(QuickMethod, "settings", lambda self, budget: {"changed": 1})
        (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
        assert "the settings of quick are not those that were trained" in sentence
    with monkeypatch.context() as patch:
        patch.delitem(METHODS, "quick")
        (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
        assert "there is no method 'quick'" in sentence
    package = {"package": "other", "package_version": "2.0"}
    state_of(work, lambda state: setattr(state, "identity", state.identity.model_copy(update=package)))
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
    assert "expected other 2.0, found mswal-bench's own" in sentence
    with monkeypatch.context() as patch:
        patch.delitem(METHODS, "quick")
        *_, last = wrong(work, raw / "imagesTs", out=tmp_path / "out")
        assert "Install the package that the method comes from: other 2.0." in last


def test_weights_that_are_gone_are_named(raw, work, tmp_path):
    network(work, 3).unlink()
    (sentence,) = wrong(work, raw / "imagesTs", out=tmp_path / "out")
    assert "the weights of fold 3 are gone" in sentence
    assert predict(work, raw / "imagesTs", out=tmp_path / "out", fold=0).folds == (0,)


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("nothing", "found no such file or folder"),
        ("raw.zip", "it is no model bundle (no-bundle)"),
        ("", "another folder"),
    ],
)
def test_what_is_no_run_is_refused(raw, tmp_path, model, found):
    (tmp_path / "raw.zip").write_text("")
    (sentence,) = wrong(tmp_path / model, raw / "imagesTs", out=tmp_path / "out")
    assert found in sentence
    is_file = (tmp_path / model).is_file()
    assert is_file or "is no trained model: expected the work folder of a run, with its run.json, or a" in sentence
