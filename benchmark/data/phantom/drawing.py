"""Draws cases in one or several processes, with progress, and writes their volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.benchmark.core.worker_pool import worked_on

if TYPE_CHECKING:
    import numpy.typing as npt

    from .grids import Vector

_Drawing = TypeVar("_Drawing")


def draw_all(
    draw: Callable[[_Drawing], None], jobs: Sequence[_Drawing], *, processes: int | None, progress: bool
) -> None:
    """Calls `draw`, a function at the top of a module, for every job, in `processes` processes (None: one per core)."""
    with progress_bar("phantom", "case", shown=progress) as report:
        for done, _ in enumerate(worked_on(jobs, draw, lost=_lost, jobs=processes or cores()), start=1):
            report(done, len(jobs), "")


def write_volume(
    path: Path, array: npt.NDArray[Any], spacing_mm: Vector, origin_mm: Vector, *, axes: str = "LPS"
) -> None:
    """Writes an array (z, y, x) with the identity direction as a volume, compressed if `path` says so.

    `axes` are the directions in which the file stores its axes; every voxel keeps its place in the patient.
    """
    import SimpleITK

    volume = SimpleITK.GetImageFromArray(array)
    volume.SetSpacing(spacing_mm)
    volume.SetOrigin(origin_mm)
    if axes != "LPS":
        volume = SimpleITK.DICOMOrient(volume, axes)
    with whole_file(path) as temporary:
        SimpleITK.WriteImage(volume, str(temporary), useCompression=path.suffix == ".gz")


def _lost(job: object) -> None:
    what = "a process that draws was ended from outside, most often for lack of memory"
    raise BenchError(Problem(what, mend="Draw with fewer --jobs; what is finished is kept."))
