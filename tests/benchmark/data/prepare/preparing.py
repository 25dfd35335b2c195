"""What is in a folder, and what `prepare_dataset` says is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.prepare.prepare_dataset import prepare_dataset

if TYPE_CHECKING:
    pass


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def problems(*arguments: Path, **options: object) -> list[str]:
    with pytest.raises(BenchError) as caught:
        prepare_dataset(*arguments, **options)  # type: ignore[arg-type]
    return [str(problem) for problem in caught.value.problems]
