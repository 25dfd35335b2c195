"""Makes a small checkout in git that is ready to be released."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

_PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "mswal-bench"
version = "1.2.0"
license = "Apache-2.0"
license-files = ["LICENSE"]
dependencies = ["numpy>=2.0"]
[tool.setuptools]
include-package-data = false
packages = ["mswal_bench", "mswal_bench.metrics"]
[tool.setuptools.package-dir]
mswal_bench = "."
[tool.setuptools.package-data]
mswal_bench = ["py.typed", "constraints.txt"]
"mswal_bench.metrics" = ["vendor/*"]
"""
_LIBRARY = {"name": "a-viewer", "files": {"LICENSE.txt": f"sha256:{hashlib.sha256(b'take it').hexdigest()}"}}
_FILES = {
    "pyproject.toml": _PROJECT,
    "setup.py": "from setuptools import setup\n\nsetup(script_name='setup.py')\n",
    "LICENSE": "Do as you like.\n",
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.0\ndate-released: 2026-03-04\n",
    "CHANGELOG.md": (
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-03-04\n\n### Added\n\n- More.\n\n"
        "## [1.1.0] - 2026-01-02\n\n### Fixed\n\n- One.\n"
    ),
    "docs/conf.py": 'version = release = installed_version("mswal-bench")\n',
    "constraints.txt": "numpy==2.4.6\n",
    "__init__.py": "",
    "py.typed": "",
    "metrics/__init__.py": "",
    "metrics/vendor/VENDORED.json": json.dumps([_LIBRARY]),
    "metrics/vendor/LICENSE.txt": "take it",
    "benchmark/board/grand_challenge/Dockerfile": (
        "FROM python:3.11\nCOPY pyproject.toml setup.py LICENSE constraints.txt __init__.py py.typed ./\n"
        "COPY metrics metrics\nRUN python -m pip install -c constraints.txt .\n"
    ),
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name, text in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(root, "init", "--quiet")
    commit(root)
    return root


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "All")


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
