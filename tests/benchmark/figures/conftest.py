"""A small case with a planted match, a false negative and a false positive, as arrays (z, y, x)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.figures.compared_case import ComparedCase, compare
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.metrics.foreground import foreground_of

SHAPE = (10, 12, 16)
GEOMETRY = Geometry((16, 12, 10), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
FOUND = (slice(2, 5), slice(2, 6), slice(2, 6))
"""A liver cyst that both methods have, the first a voxel aside."""
MISSED = (slice(3, 6), slice(8, 11), slice(8, 11))
"""A kidney cyst that the first method does not have."""
HALF = (slice(7, 9), slice(1, 5), slice(10, 14))
"""A liver tumor of which the first method has a quarter: a false negative and a false positive at once."""
INVENTED = (slice(2, 4), slice(1, 3), slice(12, 15))
"""A kidney stone of the first method's."""

Compare = Callable[..., ComparedCase]


def planted() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    reference = np.zeros(SHAPE, np.uint8)
    reference[FOUND], reference[MISSED], reference[HALF] = 6, 7, 3
    first = np.zeros(SHAPE, np.uint8)
    first[2:5, 2:6, 3:7] = 6
    first[7:9, 1:5, 10:11] = 3
    first[INVENTED] = 2
    return reference, {"first": first, "second": reference.copy()}


@pytest.fixture
def compare_arrays() -> Compare:
    """`compare` of arrays, on a grid that lies along the patient's axes."""

    def of_arrays(reference: np.ndarray, predictions: dict[str, np.ndarray]) -> ComparedCase:
        foregrounds = {title: foreground_of(array) for title, array in predictions.items()}
        return compare("C", GEOMETRY, foreground_of(reference), foregrounds, MSWAL_1)

    return of_arrays


@pytest.fixture
def planted_case(compare_arrays: Compare) -> ComparedCase:
    return compare_arrays(*planted())
