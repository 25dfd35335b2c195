from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.nnunet import trainer
from mswal_bench.baselines.nnunet.checkpoints import LATEST, load_checkpoint


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    path = tmp_path / LATEST
    torch.save({"current_epoch": 7, "network_weights": {"0.weight": torch.arange(8.0)}}, path)
    return path


@pytest.mark.parametrize("mapped", [False, True])
def test_a_checkpoint_comes_back(checkpoint, mapped):
    content = load_checkpoint(checkpoint, mapped=mapped)
    assert content["current_epoch"] == 7
    assert (content["network_weights"]["0.weight"] == torch.arange(8.0)).all()


def test_the_epochs_done_are_read_without_the_weights(checkpoint, monkeypatch):
    load, asked = torch.load, []
    monkeypatch.setattr(torch, "load", lambda *files, **how: asked.append(how) or load(*files, **how))
    monkeypatch.setattr(trainer, "final_checkpoint", lambda workspace, fold: checkpoint.with_name("final"))
    assert trainer.epochs_done(None, 0, 1000) == 7
    assert [how["mmap"] for how in asked] == [True]
