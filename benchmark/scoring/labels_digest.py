"""Computes one digest of all labels that scores are of: scores against corrected labels are other scores."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import open_regular
from mswal_bench.benchmark.volumes.volume_header import files_of


def labels_digest(files: Mapping[str, Path]) -> str:
    """Returns SHA-256, as `sha256:...`, over case ids and the contents of their label maps, whatever the files' names.

    Raises BenchError for a file that cannot be read.
    """
    digest = hashlib.sha256()
    for case, path in sorted(files.items()):
        try:
            for one in files_of(path):
                with open_regular(one) as file:
                    digest.update(f"{case} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        except OSError as error:
            raise BenchError(Problem(f"cannot be read ({error.strerror or error})", str(path))) from error
    return "sha256:" + digest.hexdigest()
