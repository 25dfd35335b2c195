"""Compares what the files of a checkout state of its version, and reads the changelog and the state of git."""

from __future__ import annotations

import re
import subprocess
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import yaml

_ONE_PLACE = ("docs/conf.py", "__init__.py", "setup.py", "benchmark/board/grand_challenge/Dockerfile")
"""Files that take the version from the installed package, or need none."""
_OWN_VERSION = re.compile(r"""\b(?:version|release)\b\s*=\s*["']?\d+\.\d+""", re.IGNORECASE)


def project(root: Path) -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def changelog_sections(root: Path) -> list[tuple[str, str]]:
    """Heading and text of each version, the newest first."""
    _, *parts = re.split(r"^## ", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(head, text.strip()) for head, _, text in (part.partition("\n") for part in parts)]


def version_faults(root: Path, installed: str) -> list[str]:
    """Says where another version than that of pyproject.toml stands. `installed` is that of the environment."""
    version, faults = project(root)["version"], []
    if installed != version:
        faults.append(f"version {installed} is installed, from which the docs have theirs: run pip install -e . again")
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    if citation.get("version") != version:
        faults.append(f"CITATION.cff has the version {citation.get('version')}: make it {version}")
    released = str(citation.get("date-released"))
    if released not in _dates(root, version):
        faults.append(f"CITATION.cff has the date {released}: make it that of {version} in CHANGELOG.md")
    for name in _ONE_PLACE:
        if found := _OWN_VERSION.search((root / name).read_text(encoding="utf-8")):
            faults.append(f"{name} has a version of its own ({found[0]}): take it from the installed package")
    return faults


def _dates(root: Path, version: str) -> list[str]:
    heads = [re.fullmatch(r"\[(.+)\] - (\d{4}-\d{2}-\d{2})", head) for head, _ in changelog_sections(root)]
    return [head[2] for head in heads if head is not None and head[1] == version]


def changelog_faults(root: Path, today: date) -> list[str]:
    """Says what the changelog lacks of a section for this version."""
    version = project(root)["version"]
    (first, unreleased), *sections = changelog_sections(root)
    faults = []
    if first != "[Unreleased]" or unreleased:
        faults.append(f"CHANGELOG.md does not begin with an empty [Unreleased]: put its lines below [{version}]")
    head, text = sections[0] if sections else ("nothing", "")
    dates = _dates(root, version)
    if not dates or not head.startswith(f"[{version}]"):
        faults.append(f"after [Unreleased] comes {head}: make it [{version}] - {today}")
        return faults
    if date.fromisoformat(dates[0]) > today:
        faults.append(f"[{version}] is dated {dates[0]}, which is to come: make it {today}")
    kinds = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    if not kinds:
        faults.append(f"[{version}] is empty: say what changed")
    faults += [
        f"{kind.split()[0]} of [{version}] is empty: fill it or take it out"
        for kind in kinds
        if not re.search(r"^- \S", kind, re.MULTILINE)
    ]
    return faults


def tree_faults(root: Path) -> list[str]:
    """Says what is not committed, and whether the version's tag is at another commit."""
    changed = _git(root, "status", "--porcelain").splitlines()
    faults = [f"{line[3:]} is not committed: commit or remove it" for line in changed[:10]]
    if len(changed) > 10:
        faults.append(f"and {len(changed) - 10} files more")
    tag = f"v{project(root)['version']}"
    tagged = _git(root, "tag", "--list", "--format=%(objectname) %(*objectname)", tag).split()
    if tagged and _git(root, "rev-parse", "HEAD").strip() not in tagged:
        faults.append(f"the tag {tag} is at another commit: raise the version in pyproject.toml")
    return faults


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout
