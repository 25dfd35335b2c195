from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.figures.explorer.case_pages import page_link
from mswal_bench.benchmark.figures.explorer.pages_folder import LISTING, write_pages

from .explorer_cases import make_case


def write(folder: Path, *kinds: str) -> int:
    cases = [make_case(folder.parent / kind, kind).files for kind in kinds]
    return write_pages(folder, cases, MSWAL_1, back="../index.html", back_text="Back")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_pages_of_an_earlier_call_are_taken_away_and_other_files_are_not(tmp_path: Path) -> None:
    out = tmp_path / "cases"
    write(out, "plain", "flipped")
    (out / "notes.txt").write_text("mine")
    size = write(out, "plain")
    assert {name for name in names(out) if "/" not in name} == {
        "case plain.html", "case plain.js", "notes.txt", LISTING,
    }  # fmt: skip
    assert size == sum((out / name).stat().st_size for name in names(out) - {"notes.txt", LISTING})
    write(out)
    assert names(out) == {"notes.txt", LISTING}


def test_a_listing_leads_to_no_file_outside_of_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "cases"
    write(out, "plain")
    (tmp_path / "mine.txt").write_text("mine")
    (out / LISTING).write_text(f'["../mine.txt", "{tmp_path}/mine.txt"]')
    write(out, "plain")
    assert (tmp_path / "mine.txt").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    out = tmp_path / "cases"
    out.write_text("a file")
    with pytest.raises(BenchError, match="cases"):
        write(out, "plain")


def test_links_quote_names(tmp_path: Path) -> None:
    assert page_link("cases/", "a b#1", "A & B", "cyst") == "cases/a%20b%231.html#method=A%20%26%20B&type=cyst"
    out = tmp_path / "cases"
    write(out, "plain")
    page = (out / "case plain.html").read_text()
    assert '<script src="case%20plain.js" defer>' in page
    assert "0.5 or more" in page
