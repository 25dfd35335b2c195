"""The program on grids a sixteenth of full size in each direction, and what it makes of reports."""

import subprocess
import sys

import pytest

from .prediction import PredictionBenchmarkError, Row, check, rows, section

ABOUT = {"cpu_s": 1.0, "before_mib": 100.0, "peak_mib": 110.0, "digest": "a", "voxels": 1000, "foreground": 10}


def report(**other):
    return [ABOUT | other]


def test_rows_hold_parts_of_others_and_verdicts():
    found = rows(
        {
            ("usual", "export", "ours"): report() * 3,
            ("usual", "export", "nnU-Net"): report(cpu_s=40, peak_mib=300),
            ("276 slices, five folds", "predict", "ours"): report(peak_mib=2000.0, image_bytes=1000 * 2**20),
            ("1,089 slices, five folds", "predict", "ours"): report(peak_mib=4500.0, image_bytes=3100 * 2**20),
        }
    )
    assert [row.cells() for row in found] == [
        ["export, usual: CPU of nnU-Net", "1/40", "≤ 1/30", "≤ 1/50", "must"],
        ["export, usual: memory of nnU-Net", "1/20", "≤ 1/25", "≤ 1/50", "missed"],
        ["predict, 1,089 slices, five folds: peak", "4.7 GB", "≤ 5.0 GB", "≤ 4.0 GB", "must"],
        ["the same above the image, of 276 slices", "1.40 x", "≤ 1.30 x", "≤ 1.00 x", "missed"],
    ]


@pytest.mark.parametrize(("value", "verdict"), [(0.25, "aim"), (0.5, "must"), (0.51, "missed")])
def test_a_value_equal_to_a_limit_reaches_it(value, verdict):
    assert Row("memory", "", value, 1 / 2, 1 / 4).cells()[-1] == verdict


def test_label_maps_that_differ_or_are_empty_end_it():
    same = {("a", "predict", "ours"): report(), ("a", "predict", "nnU-Net"): report()}
    # What nobody else did was not compared.
    assert check(same | {("b", "predict", "ours"): report(digest="b")}) == (1000, 10)
    with pytest.raises(PredictionBenchmarkError, match="a: two label maps are not the same"):
        check(same | {("a", "predict", "earlier"): report(digest="b")})
    with pytest.raises(PredictionBenchmarkError, match="no lesion"):
        check({("a", "export", "ours"): report(foreground=0)})


def test_a_section_says_what_was_compared():
    reports = {("usual", "export", "ours"): report(), ("usual", "export", "nnU-Net"): report(cpu_s=60.0)}
    text = section(reports, ["a machine"], "abc1234", (1000, 10))
    assert text.startswith("## Prediction and preparation\n\n- a machine\n\n| what | ours | must | aim | verdict |")
    assert "1,000 voxels were compared, 10 of them foreground" in text
    assert "| usual | export | nnU-Net | 1 | 60.00 |  | 100 | 110 |" in text


@pytest.mark.slow
def test_the_program_compares_and_writes_a_section(tmp_path):
    page = tmp_path / "page.md"
    program = [sys.executable, "-m", "mswal_bench.tests.speed.prediction", "--shrink", "8", "--cache", str(tmp_path)]
    data = ["--only", "dense", "--only", "276 slices", "--only", "503 slices", "--out", str(page)]
    subprocess.run([*program, *data], check=True)
    lines = page.read_text().splitlines()
    assert lines[0] == "# Benchmarks"
    for what in ("export, dense: CPU of nnU-Net", "predict, 276 slices: CPU of earlier", "prepare, 503 slices: memory"):
        assert any(line.startswith(f"| {what}") for line in lines)
    # The earlier revision's checkout is gone.
    assert not list(tmp_path.glob("mswal-earlier-*"))
