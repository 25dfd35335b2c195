"""A checkout that is ready has no faults, and each fault is said with what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mswal_bench.tests.release.conftest import commit, git
from mswal_bench.tests.release.stated import changelog_faults, tree_faults, version_faults

RELEASED = date(2026, 3, 4)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_checkout_that_is_ready(checkout: Path) -> None:
    assert version_faults(checkout, "1.2.0") == []
    assert changelog_faults(checkout, RELEASED) == []
    assert tree_faults(checkout) == []


def test_another_version_is_found_wherever_it_stands(checkout: Path) -> None:
    _replace(checkout / "CITATION.cff", "\nversion: 1.2.0\ndate-released: 2026-03-04", "\nversion: 1.1.0")
    _replace(checkout / "docs" / "conf.py", 'installed_version("mswal-bench")', '"1.1.0"')
    dockerfile = checkout / "benchmark/board/grand_challenge/Dockerfile"
    _replace(dockerfile, "FROM python:3.11\n", "FROM python:3.11\nARG VERSION=1.1.0\n")
    assert version_faults(checkout, "1.1.0") == [
        "version 1.1.0 is installed, from which the docs have theirs: run pip install -e . again",
        "CITATION.cff has the version 1.1.0: make it 1.2.0",
        "CITATION.cff has the date None: make it that of 1.2.0 in CHANGELOG.md",
        'docs/conf.py has a version of its own (release = "1.1): take it from the installed package',
        "benchmark/board/grand_challenge/Dockerfile has a version of its own (VERSION=1.1):"
        " take it from the installed package",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("## [Unreleased]\n", "## [Unreleased]\n\n- Late.\n", "does not begin with an empty [Unreleased]"),
        (
            "## [1.2.0] - 2026-03-04",
            "## [1.2.1] - 2026-03-04",
            "after [Unreleased] comes [1.2.1] - 2026-03-04: make it",
        ),
        ("## [1.2.0] - 2026-03-04", "## [1.2.0]", "after [Unreleased] comes [1.2.0]: make it [1.2.0] - 2026-03-04"),
        ("2026-03-04", "2026-03-05", "[1.2.0] is dated 2026-03-05, which is to come: make it 2026-03-04"),
        ("### Added\n\n- More.\n\n", "", "[1.2.0] is empty: say what changed"),
        ("- More.\n", "", "Added of [1.2.0] is empty: fill it or take it out"),
    ],
)
def test_what_the_changelog_lacks(checkout: Path, old: str, new: str, fault: str) -> None:
    _replace(checkout / "CHANGELOG.md", old, new)
    (found,) = changelog_faults(checkout, RELEASED)
    assert fault in found


def test_what_is_not_committed(checkout: Path) -> None:
    (checkout / "LICENSE").write_text("Do not.\n")
    (checkout / "new.py").touch()
    assert tree_faults(checkout) == [
        "LICENSE is not committed: commit or remove it",
        "new.py is not committed: commit or remove it",
    ]


def test_a_tag_at_another_commit(checkout: Path) -> None:
    git(checkout, "tag", "v1.2.0")
    assert tree_faults(checkout) == []
    (checkout / "new.py").touch()
    commit(checkout)
    assert tree_faults(checkout) == ["the tag v1.2.0 is at another commit: raise the version in pyproject.toml"]
