"""Pages are run in folders of their own, and a difference is found, told and put right."""

from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.docs.run_pages.outputs import check_page, main, pages_with_commands


def page(folder: Path, text: str, name: str = "page.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_page_that_says_what_is_printed(tmp_path: Path) -> None:
    text = (
        "```console\n$ echo one > file; cat file\none\n$ pwd\n/home/you\n$ false  # exits with 1\n```\n"
        "<!-- $ echo two > file -->\n```console\n$ cat file\ntwo\n$ echo $COLUMNS\n100\n```\n"
        "```pycon\n>>> from pathlib import Path\n>>> Path('file').read_text()\n'two\\n'\n>>> 1 / 0\n"
        "ZeroDivisionError: division by zero\n```\n"
    )
    assert check_page(page(tmp_path, text)) == []
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_a_difference_is_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = page(tmp_path, "```console\n$ echo new\nold\n```\n")
    assert main([str(path)]) == 1
    out = capsys.readouterr().out
    assert f"{path}, line 2: echo new\n" in out
    assert "\n-old\n+new\n" in out
    assert path.read_text() == "```console\n$ echo new\nold\n```\n"
    assert main([str(path), "--write"]) == 0
    assert path.read_text() == "```console\n$ echo new\nnew\n```\n"
    assert main([str(path)]) == 0


def test_what_is_the_same_is_not_written_anew(tmp_path: Path) -> None:
    text = "```console\n$ echo took 3 s\ntook 12 s\n$ seq 9\n1\n...\n9\n```\n"
    path = page(tmp_path, text)
    assert main([str(path), "--write"]) == 0
    assert path.read_text() == text


@pytest.mark.parametrize("write", [False, True])
def test_a_status_that_the_page_does_not_tell_ends_it(tmp_path: Path, write: bool) -> None:
    path = page(tmp_path, "```console\n$ echo no >&2; exit 3\n$ echo never\n```\n")
    found = check_page(path, write=write)
    assert found == [f"{path}, line 2: echo no >&2; exit 3: exits with 3, and the page says 0", "no"]
    assert "never" in path.read_text()


def test_a_failing_part_of_a_pipe_counts(tmp_path: Path) -> None:
    assert "exits with 1" in check_page(page(tmp_path, "```console\n$ false | cat\n```\n"))[0]


def test_the_commands_are_those_of_this_installation(tmp_path: Path) -> None:
    text = "```console\n$ mswal-bench rank --help | head -1\nUsage: mswal-bench rank [OPTIONS] SOURCE\n```\n"
    assert check_page(page(tmp_path, text)) == []


def test_pages_without_commands_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "docs" / "how-to").mkdir(parents=True)
    page(tmp_path, "```console\n$ true\n```\n", "README.md")
    page(tmp_path / "docs", "No command.\n", "index.md")
    with_command = page(tmp_path / "docs" / "how-to", "```pycon\n>>> 1\n1\n```\n")
    assert pages_with_commands(tmp_path) == [tmp_path / "README.md", with_command]


def test_progress_of_a_slow_machine_is_no_output(tmp_path: Path) -> None:
    text = "```console\n$ echo train: 3 of 10 cases, 00:30 elapsed, about 01:10 left; echo done\ndone\n```\n"
    assert check_page(page(tmp_path, text)) == []
