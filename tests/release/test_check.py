"""All checks of a small checkout, but for what takes minutes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from mswal_bench.tests.release import check


@pytest.mark.usefixtures("ready")
def test_a_line_for_each_check(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check.main(checkout)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pass  version 1.2.0 everywhere"
    assert "pass  mswal_bench-1.2.0.tar.gz and mswal_bench-1.2.0-py3-none-any.whl are built" in lines
    assert "----  documentation: left out by --quick" in lines
    assert lines[-1] == "version 1.2.0 can be released, as far as this was checked"
    assert {line[:4] for line in lines[:-1]} == {"pass", "----"}


@pytest.mark.usefixtures("ready")
def test_a_fault_ends_it_with_1_and_the_other_checks_go_on(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "pyproject.toml").write_text("[project]\nname = 'mswal-bench'\nversion = '1.2.0'\nwrong = 1\n")
    with pytest.raises(SystemExit, match="release-check: 2 of the checks failed"):
        check.main(checkout)
    told = capsys.readouterr().out
    assert "FAIL  everything is committed, and the tag is free\n      pyproject.toml is not committed" in told
    assert re.search(r"FAIL  source distribution and wheel are built\n      build_sdist failed: ", told)
    assert "pass  changelog" in told


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["release", "--quick"])
    monkeypatch.setattr(check, "version", lambda _: "1.2.0")


@pytest.mark.parametrize(("answer", "found"), [(0, True), (1, False)])
def test_an_engine_is_at_hand_where_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int, found: bool
) -> None:
    (tmp_path / "podman").write_text(f"#!/bin/sh\nexit {answer}\n")
    (tmp_path / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check.engine_at_hand() == (str(tmp_path / "podman") if found else None)


def test_what_a_command_says_where_it_fails(tmp_path: Path) -> None:
    assert check.command_faults_here(tmp_path, "-c", "print('fine')") == []
    assert check.command_faults_here(tmp_path, "-c", "import sys; sys.exit('a warning')") == ["a warning"]
