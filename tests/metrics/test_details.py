from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from mswal_bench.metrics import CaseScore, score_case
from mswal_bench.metrics.details import class_details

SPACING_MM = (1.0, 1.0, 1.0)


def _case(
    reference: dict[tuple[int, int], int], prediction: dict[tuple[int, int], int], nsd_tolerance_mm: float | None = None
) -> CaseScore:
    """Bars of one row of 100 voxels."""
    sides = np.zeros((2, 1, 1, 100), np.uint8)
    for side, bars in zip(sides, (reference, prediction), strict=True):
        for (start, stop), class_id in bars.items():
            side[0, 0, start:stop] = class_id
    return score_case(sides[0], sides[1], SPACING_MM, (1, 2), nsd_tolerance_mm=nsd_tolerance_mm)


FOUND = _case({(0, 30): 1, (40, 45): 1}, {(0, 24): 1, (60, 65): 1, (70, 99): 1})
MISSED = _case({(0, 10): 1}, {})
NOTHING = _case({}, {})


def test_lesions_are_pooled() -> None:
    every = class_details([FOUND, MISSED, NOTHING], 1, 20.0).every_size
    assert (every.tp, every.fp, every.fn) == (1, 2, 2)
    assert (every.precision, every.recall, every.f1) == (1 / 3, 1 / 3, 1 / 3)


def test_lesions_by_size() -> None:
    details = class_details([FOUND, MISSED], 1, 20.0)
    assert (details.large.tp, details.large.fp, details.large.fn) == (1, 1, 0)
    assert (details.large.recall, details.large.f1) == (1, 2 / 3)
    assert (details.small.tp, details.small.fp, details.small.fn) == (0, 1, 2)
    assert (details.small.recall, details.small.f1, details.small.precision) == (0, 0, 0)


def test_the_limit_itself_is_large() -> None:
    # 3 x 4 voxels: their diagonal is 5 mm.
    labels = np.zeros((1, 6, 6), np.uint8)
    labels[0, 1:4, 1:5] = 1
    score = score_case(labels, labels, SPACING_MM, (1,))
    assert class_details([score], 1, 5.0).large.tp == 1
    assert class_details([score], 1, 5.0001).small.tp == 1


def test_a_match_is_where_its_reference_lesion_is() -> None:
    score = _case({(0, 19): 1}, {(0, 21): 1})
    details = class_details([score], 1, 20.0)
    assert (details.small.tp, details.large.tp, details.large.fp) == (1, 0, 0)


def test_dsc_of_matches() -> None:
    assert class_details([FOUND, MISSED], 1, 20.0).matched_dsc == 2 * 24 / (30 + 24)


def test_volume_errors() -> None:
    details = class_details([FOUND, MISSED, NOTHING], 1, 20.0)
    assert details.volume_error_mm3 == ((58 - 35) + (0 - 10)) / 2
    assert details.absolute_volume_error_mm3 == (23 + 10) / 2


def test_surfaces() -> None:
    cases = [
        _case({(0, 30): 1}, {(0, 24): 1}, nsd_tolerance_mm=2.0),
        _case({(0, 30): 1}, {(0, 30): 1}, nsd_tolerance_mm=2.0),
        _case({(0, 30): 1}, {}, nsd_tolerance_mm=2.0),
        _case({}, {}, nsd_tolerance_mm=2.0),
    ]
    details = class_details(cases, 1, 20.0)
    first = cases[0].surfaces
    assert first is not None
    assert 0 < first[1].nsd < 1
    assert details.nsd == pytest.approx((first[1].nsd + 1 + 0) / 3)
    assert (details.hd95_mm, details.hd95_cases) == ((first[1].hd95_mm + 0) / 2, 2)


@pytest.mark.parametrize("cases", [[], [NOTHING]])
def test_nothing_is_undefined(cases: list[CaseScore]) -> None:
    details = class_details(cases, 2, 20.0)
    ratios = [details.every_size.precision, details.small.recall, details.large.f1, details.matched_dsc, details.nsd]
    assert all(map(isnan, [*ratios, details.volume_error_mm3, details.absolute_volume_error_mm3, details.hd95_mm]))
    assert details.hd95_cases == 0
