"""What the tests of several folders share: tiny label maps on disk, and the real ones beside the repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from filelock import FileLock
from hypothesis import settings
from numpy.typing import NDArray

from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom

from .slurm_cluster import PROGRAMS, SlurmCluster, found

# The same examples on every machine and in every call; a slow machine is no failure.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")

SaveLabels = Callable[..., Path]
MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def save_labels() -> SaveLabels:
    """Writes an array (z, y, x) as a volume: `save_labels(path, array, spacing=..., origin=..., direction=...)`."""

    def save(
        path: Path,
        array: NDArray[Any],
        spacing: tuple[float, ...] = (1.0, 1.0, 2.0),
        origin: tuple[float, ...] = (10.0, -20.0, 30.0),
        direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array))
        image.SetSpacing(spacing)
        image.SetOrigin(origin)
        image.SetDirection(direction)
        SimpleITK.WriteImage(image, str(path), useCompression=path.suffix != ".nii")
        return path

    return save


@pytest.fixture(scope="session")
def kits_raters() -> Path:
    """Label maps of 12 patients by three raters, in folders `rater1` to `rater3`."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "kits_raters"
    if not path.is_dir():
        pytest.skip("the raters' label maps (../shared/data/kits_raters) are not beside the repository")
    return path


@pytest.fixture(scope="session")
def example_ct() -> Path:
    """A real CT, 122 x 101 x 112 voxels of 3 mm, without labels."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "ct" / "example_ct.nii.gz"
    if not path.exists():
        pytest.skip("the example CT (../shared/data/ct) is not beside the repository")
    return path


@pytest.fixture(scope="session", autouse=True)
def one_core() -> Iterator[None]:
    """What is not told how many processes to start gets one core, the share of a test process: it starts none."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("MSWAL_BENCH_CORES", "1")
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes a folder once for all test processes: `made_once(name, make)`, where `make` gets a path that is not there.

    Such a folder is not to be written to.
    """
    base = tmp_path_factory.getbasetemp()
    # Of a test process the base is a folder of its own, in one of all.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, finished = shared / name, shared / f"{name}.finished"
        with FileLock(f"{folder}.lock"):
            if not finished.exists():
                # Of another process, whose making failed.
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                finished.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def phantom_mswal(made_once: MadeOnce) -> Path:
    """All 484 + 210 patients of the phantom at `tiny` size. Not to be written to."""
    return made_once(
        "phantom_mswal", lambda out: write_phantom(out, train=484, test=210, size="tiny", seed=0, progress=False)
    )


@pytest.fixture(scope="session")
def small_phantom(made_once: MadeOnce) -> Path:
    """Five training and two test cases, the least that five folds can be cut from. Not to be written to."""
    return made_once(
        "small_phantom", lambda out: write_phantom(out, train=5, test=2, size="tiny", seed=0, progress=False)
    )


@pytest.fixture(scope="session")
def slurm() -> Iterator[SlurmCluster]:
    """A SLURM of two nodes for all tests of this process; call its `clear` after what breaks a node or leaves a job."""
    absent = [program for program in PROGRAMS if found(program) is None]
    if absent:
        missing = f"{', '.join(absent)} not on this machine (Debian: slurmctld, slurmd, slurm-client, munge)"
        if os.environ.get("REQUIRE_SLURM"):
            pytest.fail(missing)
        pytest.skip(missing)
    with SlurmCluster() as cluster:
        yield cluster
