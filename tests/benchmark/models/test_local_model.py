"""Models that lie on this machine, and models that are brought there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from huggingface_hub import constants

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.local_model import local_model
from mswal_bench.tests.benchmark.data.download.model_hub import ModelHub

from .small_bundle import write_small_bundle


def test_a_path_is_left_as_it_is(tmp_path: Path) -> None:
    assert local_model(tmp_path / "work") == tmp_path / "work"
    assert local_model("no/such/folder") == Path("no/such/folder")


def test_a_wrong_address_is_a_sentence() -> None:
    with pytest.raises(BenchError, match="is no address of a model"):
        local_model(Path("hf:inception"))


def test_predict_fetches_the_bundle_of_an_address_and_says_which_commit_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write_small_bundle(tmp_path / "small.mswal").read_bytes()
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "cache"))
    with ModelHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        commit = hub.publish("lab/small", {"small.mswal": content})
        # The bundle's method is none that is installed, so that nothing is predicted.
        refused = CliRunner().invoke(
            main, ["predict", "hf:lab/small", str(tmp_path / "scans"), "-o", str(tmp_path / "out")]
        )
    place = tmp_path / "cache" / "mswal-bench" / "models" / "lab--small" / commit / "small.mswal"
    assert place.read_bytes() == content
    assert f"hf:lab/small is hf:lab/small@{commit} now" in refused.stderr
    assert refused.exit_code == 1
    assert "error: there is no method 'small'" in refused.stderr
