"""Keeps the scores of single cases on disk, so that what was scored once is not scored again.

A score is found by what it was made from: the bytes of both files, the protocol, and the code that scores. Files and
folders may be renamed, one store may serve any number of references and methods, and any file of it may be deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.regular_files import open_regular
from mswal_bench.benchmark.core.whole_files import not_written, whole_file
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.volume_header import files_of
from mswal_bench.metrics.case import CaseScore, ClassCounts
from mswal_bench.metrics.lesions import Lesions
from mswal_bench.metrics.surface_distance import SurfaceAgreement

SCORED_BY = (
    "benchmark/scoring/score_files.py",
    "benchmark/volumes/geometry.py",
    "benchmark/volumes/gridded_labels.py",
    "benchmark/volumes/label_maps.py",
    "benchmark/volumes/metaimage_header.py",
    "benchmark/volumes/nifti_ambiguity.py",
    "benchmark/volumes/nifti_fields.py",
    "benchmark/volumes/nifti_geometry.py",
    "benchmark/volumes/nifti_header.py",
    "benchmark/volumes/nrrd_header.py",
    "benchmark/volumes/orientation.py",
    "benchmark/volumes/simpleitk_header.py",
    "benchmark/volumes/stored_volume.py",
    "benchmark/volumes/volume_header.py",
    "metrics/boxes.py",
    "metrics/case.py",
    "metrics/components.py",
    "metrics/diameter.py",
    "metrics/foreground.py",
    "metrics/lesions.py",
    "metrics/matching.py",
    "metrics/overlap.py",
    "metrics/surface.py",
    "metrics/surface_distance.py",
    "metrics/surface_search.py",
)
"""The modules that a score comes from, beside the protocol: it does not outlive a change of any."""
COMPUTED_WITH = ("connected-components-3d", "numpy", "scipy", "simpleitk")
"""The packages that find lesions, count and measure: nor a change of their versions."""


class StoreError(Exception):
    """The store cannot be written. Its arguments are the problem's sentence and the file."""


@dataclass(frozen=True)
class ResultStore:
    """A folder with a file for every score."""

    folder: Path
    protocol: Protocol

    def keys(self, reference: Path, predictions: Mapping[str, Path | None]) -> dict[str, str]:
        """By method, what the score of its prediction is found by; None is an empty prediction.

        Without an entry where a file cannot be read.
        """
        of_reference = _digest(reference)
        keys = {}
        for method, path in predictions.items():
            of_prediction = "missing" if path is None else _digest(path)
            if of_reference and of_prediction:
                parts = (of_reference, of_prediction, repr(self.protocol), digest_of_the_code())
                keys[method] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return keys

    def load(self, key: str, *, surfaces: bool) -> CaseScore | None:
        """The score of that key, if it is here whole: with `surfaces` if it has NSD and HD95, else with or without."""
        try:
            with open_regular(self._path(key)) as file, np.load(file, allow_pickle=False) as stored:
                score = _unpacked(stored)
        except Exception:  # Of a damaged file, numpy and zipfile raise almost anything; it is as good as not there.
            return None
        return score if score.surfaces is not None or not surfaces else None

    def save(self, key: str, score: CaseScore) -> None:
        """Keeps a score. Raises StoreError."""
        try:
            with whole_file(self._path(key)) as path, path.open("wb") as file:
                np.savez(file, **_packed(score))
        except OSError as error:
            problem = not_written(error, self._path(key))
            raise StoreError(problem.what, problem.where) from error

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def _digest(path: Path) -> str | None:
    try:
        digests = []
        for one in files_of(path):
            # Nothing that is no file, such as a pipe, which would never end.
            if not one.is_file():
                return None
            with one.open("rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    except (OSError, BenchError):
        return None
    return " ".join(digests)


@cache
def digest_of_the_code() -> str:
    """Returns the digest of `SCORED_BY` and `COMPUTED_WITH` as they are here."""
    digest = hashlib.sha256()
    package = resources.files(__name__.partition(".")[0])
    for module in SCORED_BY:
        digest.update(package.joinpath(*module.split("/")).read_bytes())
    for name in COMPUTED_WITH:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()


def _packed(score: CaseScore) -> dict[str, Any]:
    surfaces = [] if score.surfaces is None else [astuple(surface) for surface in score.surfaces.values()]
    return {
        "class_ids": np.array(list(score.classes), np.int64),
        "classes": np.array([astuple(counts) for counts in score.classes.values()], np.int64),
        "voxel_mm3": np.array(score.voxel_mm3),
        "surfaces": np.array(surfaces, np.float64),
        **{column.name: getattr(score.lesions, column.name) for column in fields(Lesions)},
    }


def _unpacked(stored: Any) -> CaseScore:
    class_ids = stored["class_ids"].tolist()
    counts = [ClassCounts(*row) for row in stored["classes"].tolist()]
    surfaces = [SurfaceAgreement(*row) for row in stored["surfaces"].tolist()]
    return CaseScore(
        dict(zip(class_ids, counts, strict=True)),
        Lesions(**{column.name: stored[column.name] for column in fields(Lesions)}),
        float(stored["voxel_mm3"]),
        dict(zip(class_ids, surfaces, strict=True)) if surfaces else None,
    )
