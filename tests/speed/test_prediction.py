"""The program on grids a sixteenth or an eighth of full size in each direction."""

import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from . import prediction


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """Runs the program, and returns the page and what lies in its cache afterwards."""

    def run(*options):
        page = tmp_path / "page.md"
        page.write_text("# Benchmarks\n\n## Scoring\n\nkept\n")
        command = ["prediction", *options, "--cache", str(tmp_path / "cache"), "--out", str(page)]
        monkeypatch.setattr(sys, "argv", command)
        prediction.main()
        return page.read_text(), [path.name for path in (tmp_path / "cache").iterdir()]

    return run


def test_writes_its_section(bench, capfd, monkeypatch):
    # Most of a run is the start of a process.
    monkeypatch.setattr(prediction, "TURNS", {("usual", "export"): {"ours": 1, "nnU-Net": 1}})
    page, left = bench("--shrink", "16", "--only", "usual")
    assert "## Scoring\n\nkept\n\n## Prediction and preparation\n\n- `python -m mswal_bench.tests.speed" in page
    for what in ("export, usual | CPU time | 1/", "export, usual | peak memory | ", "usual | export | ours"):
        assert f"| {what}" in page
    # The earlier revision's checkout is gone.
    assert left == ["shrink-16"]
    assert "labels are nnU-Net's in all 17,408 voxels that were compared" in capfd.readouterr().err


@pytest.mark.slow
def test_all_kinds_of_work_agree(bench):
    names = ("dense", "276 slices", "276 slices, five folds", "1,089 slices, five folds", "503 slices")
    page, _ = bench("--shrink", "8", *(word for name in names for word in ("--only", name)))
    for what in (
        "export, dense | CPU time",
        "predict, 276 slices, beside the sliding window | CPU time",
        "predict, 1,089 slices, five folds | peak memory",
        "the same of two, all processes together | peak memory",
        "predict, 1,089 slices, five folds, above the image | peak memory",
        "prepare, 503 slices | peak memory",
        "276 slices, five folds | predict | nnU-Net | 1",
        "1,089 slices, five folds | predict two | ours | 1",
    ):
        assert f"| {what} |" in page


def test_a_contender_that_fails_ends_it(bench, monkeypatch):
    monkeypatch.setattr(prediction, "TURNS", {("usual", "no such work"): {"ours": 1}})
    with pytest.raises(SystemExit, match=r"(?s)bench: .*full_size.py.* failed:.*KeyError: 'no such work'"):
        bench("--shrink", "16")
