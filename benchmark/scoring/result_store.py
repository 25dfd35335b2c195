"""Keeps the scores of single cases on disk, so that what was scored once is not scored again.

A score is found by what it was made from: the bytes of both files, the protocol, and this package's version. Files may
be moved or renamed, and a file that changed is scored again.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ...metrics.case import CaseScore, ClassCounts
from ...metrics.lesions import Lesions
from ...metrics.surface_distance import SurfaceAgreement
from ..files import whole_file
from .protocol import Protocol


@dataclass(frozen=True)
class ResultStore:
    """A folder with a file for every method and case."""

    folder: Path
    protocol: Protocol
    details: bool
    """Whether NSD and HD95 are measured."""
    version: str
    """Of this package."""

    def keys(self, reference: Path, predictions: Mapping[str, Path | None]) -> dict[str, str]:
        """By method, what the score of its prediction is found by; None is an empty prediction.

        Without an entry where a file cannot be read.
        """
        of_reference = _digest(reference)
        keys = {}
        for method, path in predictions.items():
            of_prediction = "missing" if path is None else _digest(path)
            if of_reference and of_prediction:
                parts = (of_reference, of_prediction, self.protocol.id, f"details={self.details}", self.version)
                keys[method] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return keys

    def load(self, method: str, case: str, key: str) -> CaseScore | None:
        """The score of that key, if it is here. What cannot be read is as good as not here."""
        try:
            with np.load(self._path(method, case), allow_pickle=False) as stored:
                return _unpacked(stored) if str(stored["key"]) == key else None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, method: str, case: str, key: str, score: CaseScore) -> None:
        """Keeps a score, in place of what was kept for the method and case before. Raises OSError."""
        with whole_file(self._path(method, case)) as path, path.open("wb") as file:
            np.savez(file, key=np.array(key), **_packed(score))

    def _path(self, method: str, case: str) -> Path:
        return self.folder / method / f"{case}.npz"


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _packed(score: CaseScore) -> dict[str, Any]:
    content = {
        "class_ids": np.array(list(score.classes)),
        "classes": np.array([astuple(counts) for counts in score.classes.values()]),
        "voxel_mm3": np.array(score.voxel_mm3),
        **{column.name: getattr(score.lesions, column.name) for column in fields(Lesions)},
    }
    if score.surfaces is not None:
        content["surfaces"] = np.array([astuple(surface) for surface in score.surfaces.values()])
    return content


def _unpacked(stored: Any) -> CaseScore:
    class_ids = stored["class_ids"].tolist()
    counts = [ClassCounts(*row) for row in stored["classes"].tolist()]
    surfaces = None
    if "surfaces" in stored:
        rows = [SurfaceAgreement(*row) for row in stored["surfaces"].tolist()]
        surfaces = dict(zip(class_ids, rows, strict=True))
    return CaseScore(
        dict(zip(class_ids, counts, strict=True)),
        Lesions(**{column.name: stored[column.name] for column in fields(Lesions)}),
        float(stored["voxel_mm3"]),
        surfaces,
    )
