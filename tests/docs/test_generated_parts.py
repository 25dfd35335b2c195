"""Every part that a page can ask for is made, and says what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mswal_bench

pytest.importorskip("sphinx", reason="the documentation's packages are not installed: the extra docs has them")

from mswal_bench.docs.generate import known_codes, stored_files
from mswal_bench.docs.generate.extension import PARTS
from mswal_bench.docs.generate.outside_findings import outside_findings

DOCS = Path(mswal_bench.__file__).parent / "docs"


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_made_and_used(name: str) -> None:
    assert PARTS[name]().strip()
    if not name.startswith("schema of "):
        asked = {found for page in DOCS.rglob("*.md") for found in _asked(page)}
        assert name in asked


def _asked(page: Path) -> list[str]:
    return re.findall(r"^`{3,}\{generated\} (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_fields_have_what_stands_below_them_in_the_source() -> None:
    table = stored_files.form_fields("cluster.yaml")
    assert "| `cpus` | whole number ≥ 1 or null; may be left out | Cores. |" in table
    assert "**Request**" in table


def test_a_column_that_is_not_described_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_files, "_COLUMNS", {"cases.csv": {"method": "the method"}})
    with pytest.raises(ValueError, match=r"cases\.csv has the columns method, case, class"):
        stored_files.columns("cases.csv")


def test_variables_name_their_option_and_commands() -> None:
    assert "| `MSWAL_BENCH_KEY` | `--key` | `evaluate`, `results sign` |" in known_codes.variables_of_options()


def test_statuses_are_the_programs() -> None:
    assert [line.split(" | ")[0] for line in known_codes.exit_statuses().splitlines()[3:]] == [
        f"| {status}" for status in (0, 1, 2, 75, 130)
    ]


def test_findings_in_one_sentence_each(tmp_path: Path) -> None:
    for each in outside_findings():
        assert 20 < len(each.sentence) < 250, each.script
    (tmp_path / "one.sh").write_text("#!/usr/bin/env bash\n# Version 0.3.0 does this.\n# It should not.\nset -eu\n")
    (one,) = outside_findings(tmp_path)
    assert (one.sentence, one.more) == ("Version 0.3.0 does this.", "It should not.")
    (tmp_path / "two.sh").write_text("#!/usr/bin/env bash\nset -eu\n")
    with pytest.raises(ValueError, match="does not begin with a comment"):
        outside_findings(tmp_path)
