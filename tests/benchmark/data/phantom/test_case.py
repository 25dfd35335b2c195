from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.phantom.canvas import Canvas
from mswal_bench.benchmark.data.phantom.case import PhantomCase, make_case, scanned
from mswal_bench.benchmark.data.phantom.grids import Float, Grid

Cases = tuple[PhantomCase, ...]


def digest(case: PhantomCase) -> str:
    return hashlib.sha256(case.image.tobytes() + case.label.tobytes()).hexdigest()


def test_types_and_range(tiny_cases: Cases) -> None:
    for case in tiny_cases:
        assert case.image.dtype == np.dtype(np.int16)
        assert case.label.dtype == np.dtype(np.uint8)
        assert case.image.shape == case.label.shape == (60, 60, 84)
        assert case.image.min() >= -1024
        assert case.label.max() <= 7
        assert all(case.origin_mm)


def test_the_same_seed_slot_and_size_give_the_same_voxels(tiny_cases: Cases) -> None:
    again = make_case(0, 3, "tiny")
    assert digest(again) == digest(tiny_cases[2])
    assert digest(make_case(1, 3, "tiny")) != digest(again)
    assert digest(make_case(0, 4, "tiny")) != digest(again)


def test_another_process_gives_the_same_voxels(tiny_cases: Cases) -> None:
    code = (
        "import hashlib; from mswal_bench.benchmark.data.phantom.case import make_case; c = make_case(0, 5, 'tiny');"
        "print(hashlib.sha256(c.image.tobytes() + c.label.tobytes()).hexdigest())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == digest(tiny_cases[4])


def test_air_is_air(tiny_cases: Cases) -> None:
    air = tiny_cases[0].image[:, :6, :6].astype(float)
    # Clipping at -1024 spares a sigma of 4 HU around -1000.
    assert air.mean() == pytest.approx(-1000, abs=1)
    assert air.std() == pytest.approx(4.1, rel=0.1)


def scanned_noise(size: str, spacing_mm: tuple[float, float, float], shape: tuple[int, int, int]) -> Float:
    """Returns what the scanner makes of water, in HU above water."""
    canvas = Canvas(Grid(shape, spacing_mm, (0.0, 0.0, 0.0)))
    canvas.hu[:] = 0
    return scanned(canvas, size, np.random.default_rng(0)).astype(np.float32)


@pytest.mark.parametrize(
    ("size", "thickness_mm", "slices", "pixels"), [("small", 1.5, 2, 4), ("small", 1.0, 3, 4), ("tiny", 2.0, 2, 5)]
)
def test_a_coarse_grid_has_the_noise_that_averaging_leaves(
    size: str, thickness_mm: float, slices: int, pixels: int
) -> None:
    voxel_mm = slices * thickness_mm
    fine = scanned_noise("full", (voxel_mm / pixels, voxel_mm / pixels, thickness_mm), (60, 240, 240))
    assert fine.std() == pytest.approx(12, rel=0.02)
    averaged = fine.reshape(60 // slices, slices, 240 // pixels, pixels, 240 // pixels, pixels).mean(axis=(1, 3, 5))
    coarse = scanned_noise(size, (voxel_mm,) * 3, (40, 60, 60))
    assert coarse.std() == pytest.approx(averaged.std(), rel=0.12)
    # In the middle of the volume too, where no edge reflects the kernel.
    assert coarse[5:-5, 5:-5, 5:-5].std() == pytest.approx(coarse.std(), rel=0.05)


@pytest.mark.parametrize(("slot", "size"), [(0, "tiny"), (695, "tiny"), (1, "medium")])
def test_what_there_is_not_is_refused(slot: int, size: str) -> None:
    with pytest.raises(BenchError, match="no such phantom"):
        make_case(0, slot, size)
