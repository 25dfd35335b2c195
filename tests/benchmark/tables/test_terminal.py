from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mswal_bench.benchmark.scoring.score_view import table_view
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.tables.terminal import terminal_table

if TYPE_CHECKING:
    from mswal_bench.tests.benchmark.conftest import MakeTable

GOLDEN = """\
                            first      second_one   Average score
Lesion                DSC      F1     DSC      F1     DSC      F1
─────────────────────────────────────────────────────────────────
Gallstone           85.00  100.00   35.00   50.00   60.00   75.00
Kidney stone            –       –       –       –       –       –
Liver tumor         50.00   50.00   60.00   80.00   55.00   65.00
Kidney tumor            –       –       –       –       –       –
Pancreatic cancer       –       –       –       –       –       –
Liver cyst              –       –       –       –       –       –
Kidney cyst         40.00   40.00   40.00   40.00   40.00   40.00
─────────────────────────────────────────────────────────────────
Avg.                58.33   63.33   45.00   56.67   51.67   60.00

Hardest first by DSC: kidney cyst, liver tumor, gallstone.
"""  # noqa: RUF001
LONG = [f"nnUNetTrainer__nnUNetResEncUNet{size}Plans__3d_fullres" for size in "ML"]


def test_golden(two_methods: Scores) -> None:
    assert terminal_table(table_view(two_methods), ansi=False, width=None).startswith(GOLDEN)


def test_marks_change_nothing_but_the_marks(two_methods: Scores) -> None:
    marked = terminal_table(table_view(two_methods), ansi=True, width=None)
    assert "  \x1b[1m85.00\x1b[0m  \x1b[1m100.00\x1b[0m   \x1b[4m35.00\x1b[0m" in marked
    assert re.sub(r"\x1b\[\dm", "", marked).startswith(GOLDEN)


def test_long_names_are_cut_and_told_below(make_table: MakeTable) -> None:
    text = terminal_table(
        table_view(make_table({name: [{"gallstone": (90, 1, 0, 0)}] for name in LONG})), ansi=False, width=None
    )
    lines = text.splitlines()
    assert max(len(line) for line in lines[:12]) < 100
    assert "[1] nnUNetTr…_fullres = " + LONG[0] in lines
    assert "[2] nnUNetTr…_fullres = " + LONG[1] in lines


def test_a_narrow_terminal_gets_the_methods_below_each_other(make_table: MakeTable) -> None:
    table = make_table({f"method {index}": [{"gallstone": (90, 1, 0, 0)}] for index in range(7)})
    lines = terminal_table(table_view(table), ansi=False, width=80).splitlines()
    drawn = lines[: lines.index("Hardest first by DSC: gallstone.")]
    assert max(len(line) for line in drawn) <= 80
    assert sum(line.startswith("Gallstone") for line in drawn) == 3
    assert all(f"method {index}" in "\n".join(drawn) for index in range(7))


def test_the_narrowest_terminal_still_gets_one_method_at_a_time(two_methods: Scores) -> None:
    text = terminal_table(table_view(two_methods), ansi=False, width=1)
    assert sum(line.startswith("Gallstone") for line in text.splitlines()) == 3
