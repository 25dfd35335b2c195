from __future__ import annotations

from .comparisons import Comparison
from .measurement import Measurement
from .page import replace_section, section, table

SIDE = {"lesions": 35, "voxels": 337780, "bytes": 104142}
PAIR = {"shape": [276, 512, 512], "spacing_mm": [1.25, 0.75, 0.75], "reference": SIDE, "prediction": SIDE}


def test_a_section_takes_the_place_of_its_like() -> None:
    page = "# Benchmarks\n\nText.\n\n## Scoring\n\nold\n\n### part\n\nold too\n\n## Training\n\nkept\n"
    assert replace_section(page, "## Scoring\n\nnew\n") == (
        "# Benchmarks\n\nText.\n\n## Scoring\n\nnew\n\n## Training\n\nkept\n"
    )


def test_a_last_section_is_replaced_to_the_end() -> None:
    page = "# Benchmarks\n\n## Training\n\nkept\n\n## Scoring\n\nold\n"
    assert replace_section(page, "## Scoring\n\nnew\n") == "# Benchmarks\n\n## Training\n\nkept\n\n## Scoring\n\nnew\n"


def test_a_new_section_comes_last() -> None:
    assert replace_section("# Benchmarks\n\n## Training\n\nkept\n", "## Scoring\n\nnew\n").endswith(
        "kept\n\n## Scoring\n\nnew\n"
    )


def test_an_empty_page_gets_a_title() -> None:
    page = replace_section("", "## Scoring\n\nnew\n")
    assert page.startswith("# Benchmarks\n")
    assert page.endswith("\n\n## Scoring\n\nnew\n")
    assert replace_section(page, "## Scoring\n\nnew\n") == page


def test_table() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_rows_hold_medians_and_ratios_by_kind() -> None:
    measured = {
        ("typical", "ours"): Measurement([0.1, 0.3, 0.2], [9.0, 9.0, 9.0], 42.4),
        ("typical", "peer"): Measurement([8.0], [8.1], 900.0),
    }
    comparisons = (
        Comparison("a peer", "faster", "typical", "peer"),
        Comparison("one pair", "part", "typical", "peer"),
        Comparison("peak memory", "memory", "typical"),
    )
    text = section(comparisons, measured, {"typical": PAIR}, ["`make bench`"])
    assert "| a peer | typical | 0.200 (0.100 to 0.300) | 8.00 | 40x |" in text
    assert "| one pair | typical | 0.200 (0.100 to 0.300) | 8.00 | 0.03x |" in text
    assert "| peak memory | typical | 42 |" in text
    assert "| typical | peer | 1 | 8.00 | 8.10 | 900 |" in text
    assert "| typical | 512 x 512 x 276 | 0.75 x 0.75 x 1.25 | 35 / 35 | 337,780 / 337,780 | 102 / 102 |" in text
    assert text.startswith("## Scoring\n\n- `make bench`\n\n### Beside other scorers\n")
    assert "Two jobs" not in text
    assert sum(line.startswith("## ") for line in text.splitlines()) == 1


def test_two_jobs_are_compared_by_wall_time() -> None:
    measured = {
        ("many", "1 job"): Measurement([20.0], [20.0]),
        ("many", "2 jobs"): Measurement([21.0], [10.0]),
    }
    comparison = Comparison("484 pairs", "speed-up", "many", "1 job", "2 jobs")
    text = section((comparison,), measured, {"many": PAIR}, [])
    assert "| 484 pairs | many | 10.0 (10.0 to 10.0) | 20.0 | 2.00x |" in text
