"""Checks out an earlier revision of this project, and lets either be imported."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


@contextmanager
def earlier_revision(revision: str, cache: Path) -> Iterator[tuple[Path, Path]]:
    """Two folders from which `mswal_bench` is imported, the first this tree's and the second that of `revision`.

    They are in a folder in `cache`, which is there until the context ends.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mswal-earlier-", dir=cache) as folder:
        there = Path(folder)
        checkout = there / "checkout"
        _git("worktree", "add", "--quiet", "--detach", str(checkout), revision)
        try:
            paths = there / "this tree", there / "earlier"
            for path, root in zip(paths, (CHECKOUT, checkout), strict=True):
                path.mkdir()
                (path / "mswal_bench").symlink_to(root)
            yield paths
        finally:
            _git("worktree", "remove", "--force", str(checkout))


def _git(*words: str) -> None:
    # What git has to say against it is for the user.
    subprocess.run(["git", "-C", str(CHECKOUT), *words], check=True)
