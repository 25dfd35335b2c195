"""Limits how much a submission may hold, so that none can exhaust the machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from mswal_bench.benchmark.submissions.manifest import Manifest

_MOST_VOXEL_BYTES = 8
# A form, a paper, a log: what lies beside predictions.
_BESIDE_BYTES = 64 << 20
_BESIDE_ENTRIES = 1000


@dataclass(frozen=True)
class Bounds:
    """Sizes are unpacked ones: of a `.nii.gz` within a `.tar.gz`, that of the `.nii.gz`."""

    entries: int = 10_000
    """Files, folders and headers."""
    file_bytes: int = 8 << 30
    total_bytes: int = 256 << 30

    @classmethod
    def of(cls, manifest: Manifest) -> Bounds:
        """Makes room for every case as unpacked 64-bit voxels, for four files a case, and for some that lie beside."""
        case_bytes = [prod(case.shape) * _MOST_VOXEL_BYTES for case in manifest.cases.values()]
        return cls(
            entries=4 * len(case_bytes) + _BESIDE_ENTRIES,
            file_bytes=max(case_bytes) + _BESIDE_BYTES,
            total_bytes=sum(case_bytes) + 4 * _BESIDE_BYTES,
        )
