from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mswal_bench.benchmark.scoring.score_formats import format_table
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.scores_json import summary_json

if TYPE_CHECKING:
    from mswal_bench.tests.benchmark.conftest import MakeTable

MARKDOWN = r"""
| Lesion            |   first DSC |   first F1 |   second\_one DSC |   second\_one F1 |   Average score DSC |   Average score F1 |
|:------------------|------------:|-----------:|------------------:|-----------------:|--------------------:|-------------------:|
| Gallstone         |   **85.00** | **100.00** |      <u>35.00</u> |     <u>50.00</u> |               60.00 |              75.00 |
| Kidney stone      |           – |          – |                 – |                – |                   – |                  – |
| Liver tumor       | <u>50.00</u> | <u>50.00</u> |         **60.00** |        **80.00** |               55.00 |              65.00 |
"""  # noqa: E501, RUF001
LATEX = r"""
\begin{tabular}{lrrrrrr}
\toprule
 & \multicolumn{2}{c}{first} & \multicolumn{2}{c}{second\_one} & \multicolumn{2}{c}{Average score} \\
\cmidrule(lr){2-3} \cmidrule(lr){4-5} \cmidrule(lr){6-7}
Lesion & DSC & F1 & DSC & F1 & DSC & F1 \\
\midrule
Gallstone & \textbf{85.00} & \textbf{100.00} & \underline{35.00} & \underline{50.00} & 60.00 & 75.00 \\
Kidney stone & -- & -- & -- & -- & -- & -- \\
"""


def _without_padding(text: str) -> str:
    return " ".join(text.replace("-", "").split())


def test_markdown(two_methods: Scores) -> None:
    text = format_table(two_methods, "markdown")
    assert text.startswith("| Lesion")
    assert _without_padding(MARKDOWN) in _without_padding(text)
    assert r"second\_one: no prediction for 1 of 2 cases" in text


def test_latex(two_methods: Scores) -> None:
    text = format_table(two_methods, "latex")
    assert LATEX in text
    assert r"\usepackage{booktabs}" in text
    assert text.count("{") == text.count("}")


def test_latex_escapes_names(make_table: MakeTable) -> None:
    text = format_table(make_table({r"a_b & 50% #1 \x ~^ $": [{"gallstone": (90, 1, 0, 0)}]}), "latex")
    assert r"a\_b \& 50\% \#1 \textbackslash{}x $\sim$\textasciicircum{} \$" in text


def test_csv(two_methods: Scores) -> None:
    rows = list(csv.DictReader(io.StringIO(format_table(two_methods, "csv"))))
    assert len(rows) == 2 * 8
    assert rows[0] == {
        "method": "first",
        "class": "gallstone",
        "dsc": repr(two_methods.methods["first"].classes["gallstone"].dsc),
        "f1": "1.0",
        "tp": "2",
        "fp": "0",
        "fn": "0",
        "f1_per_case": "1.0",
        "cases": "2",
        "left_out": "0",
        "comparable": "1",
    }
    assert (rows[1]["dsc"], rows[1]["f1"], rows[1]["cases"]) == ("", "", "0")
    assert rows[7]["class"] == "average"
    assert float(rows[7]["dsc"]) == two_methods.methods["first"].average.dsc


def test_json(two_methods: Scores) -> None:
    assert format_table(two_methods, "json") + "\n" == summary_json(two_methods.summary())


def test_terminal_marks_only_when_asked(two_methods: Scores) -> None:
    assert "\x1b[" not in format_table(two_methods, "table")
    assert "\x1b[1m85.00" in format_table(two_methods, "table", ansi=True)
