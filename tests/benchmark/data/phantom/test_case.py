from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.phantom.case import PhantomCase, make_case

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


def test_noise_is_as_strong_as_meant(tiny_cases: Cases) -> None:
    air = tiny_cases[0].image[:, :6, :6].astype(float)
    # Clipping at -1024 spares a sigma of 5 HU around -1000.
    assert air.mean() == pytest.approx(-1000, abs=1)
    assert air.std() == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize(("slot", "size"), [(0, "tiny"), (695, "tiny"), (1, "medium")])
def test_what_there_is_not_is_refused(slot: int, size: str) -> None:
    with pytest.raises(BenchError, match="no such phantom"):
        make_case(0, slot, size)
