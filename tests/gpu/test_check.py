"""The whole check in its smallest form, on the CPU."""

import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from . import check


@pytest.mark.slow
def test_one_method_on_a_cpu(monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Benchmarks\n\n## Scoring\n\nkept\n")
    options = ["--device", "cpu", "--small", "--method", "nnunet-v2", "--minutes", "60", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["gpu", *options, "--out", str(page)])
    check.main()
    text = page.read_text()
    assert "## Scoring\n\nkept\n\n## The check of a GPU, tried on a CPU\n" in text
    assert "6 of 6 parts are done and within their bounds, 0 failed." in text
    assert "killed after 6 of 10 iterations; its weights differ from the undisturbed training's by 0.0e+00" in text
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_a_machine_without_a_gpu_is_told_so(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    with pytest.raises(SystemExit, match=r"gpu-check: torch .*, sees no GPU"):
        check.main()
