from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mswal_bench.benchmark.volumes.geometry import Geometry, disagreements, skew

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
GEOMETRY = Geometry((512, 512, 100), (0.7, 0.7, 5.0), (-180.0, -170.5, 1200.25), IDENTITY)


def test_a_grid_agrees_with_itself_and_with_its_rounding() -> None:
    assert disagreements(GEOMETRY, GEOMETRY, "p") == []
    rounded = Geometry(
        GEOMETRY.shape,
        (float(np.float32(0.7)), float(np.float32(0.7)), 5.0),
        (-180.00001, -170.50001, 1200.2501),
        (1.0, 1e-5, 0.0, -1e-5, 1.0, 0.0, 0.0, 0.0, 1.0),
    )
    assert disagreements(GEOMETRY, rounded, "p") == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"shape": (512, 512, 99)}, "shape"),
        ({"spacing_mm": (0.7, 0.7, 5.002)}, "spacing"),
        ({"origin_mm": (-180.0, -170.5, 1200.27)}, "origin"),
        # A large offset of either sign.
        ({"origin_mm": (-180.0, -170.5, 2200.25)}, "origin"),
        ({"origin_mm": (-180.0, -170.5, -800.0)}, "origin"),
        ({"direction": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)}, "direction"),
        ({"direction": (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)}, "direction"),
    ],
)
def test_each_disagreement_is_named(change: dict[str, tuple[float, ...]], word: str) -> None:
    (problem,) = disagreements(GEOMETRY, replace(GEOMETRY, **change), "pred/case.nii.gz")  # type: ignore[arg-type]
    assert word in problem.what
    assert problem.where == "pred/case.nii.gz"
    assert problem.expected
    assert problem.found
    assert problem.mend


def test_all_disagreements_are_told() -> None:
    other = Geometry((1, 2, 3), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    assert len(disagreements(GEOMETRY, other, "p")) == 4


def test_positions_in_the_patient() -> None:
    turned = replace(GEOMETRY, origin_mm=(1.0, 2.0, 3.0), direction=(0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    # A step along the grid's x is one to the back, along its y one to the right.
    assert turned.to_patient_mm((10.0, 0.0, 5.0)) == (1.0, 12.0, 8.0)
    assert turned.to_patient_mm((0.0, 10.0, 0.0)) == (-9.0, 2.0, 3.0)


def test_skew() -> None:
    assert skew(np.eye(3)) == 0
    leaning = np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 1.0]])
    assert skew(leaning) == pytest.approx(0.6)
    assert np.isnan(skew(np.full((3, 3), np.nan)))
